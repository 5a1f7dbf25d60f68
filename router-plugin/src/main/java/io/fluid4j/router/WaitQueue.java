/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one function that wait for an instance, first come first served. Bounded in number and, by what has been
 * served lately, in time: who could not be served in time is told so at once.
 */
final class WaitQueue {

    /** Weight of the newest second in the average service rate. */
    private static final double NEWEST = 0.5;

    private static final long RATE_PERIOD_NANOS = 200_000_000L;

    private final Object lock = new Object();
    private final ArrayDeque<RouterExchange> queue = new ArrayDeque<>();
    private final AtomicInteger size = new AtomicInteger();
    private final NanoClock clock;

    private int taken;
    private long periodStart;
    private double perSecond;

    WaitQueue(NanoClock clock) {
        this.clock = clock;
        this.periodStart = clock.nanos();
    }

    int size() {
        return size.get();
    }

    /**
     * Adds a request unless it would wait longer than it may.
     *
     * @param most the most requests in the queue
     * @param maxWaitNanos the longest wait
     * @return false when it is of no use to wait
     */
    boolean offer(RouterExchange exchange, int most, long maxWaitNanos) {
        synchronized (lock) {
            int length = queue.size();
            if (length >= most || maxWaitNanos <= 0) {
                return false;
            }
            if (perSecond > 0 && length / perSecond * 1e9 > maxWaitNanos) {
                return false;
            }
            queue.addLast(exchange);
            size.set(length + 1);
            return true;
        }
    }

    /** The one that has waited longest; null when nobody waits. */
    @Nullable
    RouterExchange poll() {
        if (size.get() == 0) {
            return null;
        }
        synchronized (lock) {
            RouterExchange first = queue.pollFirst();
            size.set(queue.size());
            return first;
        }
    }

    /** Puts somebody back who was polled in vain, at the front. */
    void putBack(RouterExchange exchange) {
        synchronized (lock) {
            queue.addFirst(exchange);
            size.set(queue.size());
        }
    }

    /** Takes out a request that has ended; true when it was waiting. */
    boolean remove(RouterExchange exchange) {
        if (size.get() == 0) {
            return false;
        }
        synchronized (lock) {
            boolean removed = queue.remove(exchange);
            size.set(queue.size());
            return removed;
        }
    }

    /** Somebody who waited is being served: the rate of that tells how long others will wait. */
    void onServed() {
        synchronized (lock) {
            taken++;
            long now = clock.nanos();
            long elapsed = now - periodStart;
            if (elapsed >= RATE_PERIOD_NANOS) {
                double newest = taken * 1e9 / elapsed;
                perSecond = perSecond == 0 ? newest : perSecond * (1 - NEWEST) + newest * NEWEST;
                taken = 0;
                periodStart = now;
            }
        }
    }
}
