/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one function that wait for an instance: clients take turns, and each one's requests are first come first
 * served. So who sends more than there is room for waits behind its own requests, and nobody else does. Bounded in number and in time, by what
 * was served lately: who could not be served in time is told so at once.
 *
 * <p>There are two kinds of waiting. While nobody is served at all, because every instance is paused or just starting,
 * the end of that is all that counts, and a request may wait as long as the configuration allows. While instances take
 * requests as fast as they can, a longer queue makes every request slower and not one more is served: then the queue is
 * kept so short that {@link #STANDING_WAIT_NANOS} of work is in it, unless further instances are on their way. A burst is
 * not such a queue: it may wait as long as the configuration allows, and only a queue that has not been empty for {@link
 * #BURST_NANOS} counts as standing. For any thread.
 *
 * @param <T> what waits
 */
final class WaitQueue<T> {

    /** How much work may queue up before instances that are fully used: enough to bridge a burst, no more. */
    static final long STANDING_WAIT_NANOS = 100_000_000L;
    /** A queue that is empty again after so long was a burst. */
    static final long BURST_NANOS = 500_000_000L;
    /** Without anybody served for so long, the rate of before says nothing any more. */
    static final long RATE_KEPT_NANOS = 500_000_000L;
    /** Weight of the newest period in the average rate. */
    private static final double NEWEST = 0.5;

    private static final long RATE_PERIOD_NANOS = 100_000_000L;

    private final Object lock = new Object();
    /** By client; the first one's turn is next. */
    private final Map<Object, ArrayDeque<T>> turns = new LinkedHashMap<>();
    /** Those who were polled in vain: before all others. */
    private final ArrayDeque<T> back = new ArrayDeque<>();

    private final AtomicInteger size = new AtomicInteger();
    private final NanoClock clock;
    private final Function<? super T, ?> client;

    /** When the first one came of those that have been in the queue without a break. */
    private long standingSince;

    private int served;
    private long periodStart;
    private long lastServed;
    private double perSecond;

    /** @param client whose request it is */
    WaitQueue(NanoClock clock, Function<? super T, ?> client) {
        this.clock = clock;
        this.client = client;
        this.periodStart = clock.nanos();
        this.lastServed = periodStart - RATE_KEPT_NANOS;
    }

    int size() {
        return size.get();
    }

    /**
     * Adds a request unless it would wait longer than it may. Who has less than its share of the queue waits as if the
     * others had no more than that, and finds room when they have filled the queue.
     *
     * @param waiter the request
     * @param most the most requests in the queue, or twice as many when some have far more of them than others
     * @param maxWaitNanos the longest wait
     * @param growing whether there will soon be more instances to serve the queue
     * @return false when it is of no use to wait
     */
    boolean offer(T waiter, int most, long maxWaitNanos, boolean growing) {
        synchronized (lock) {
            int length = size.get();
            ArrayDeque<T> own = turns.get(client.apply(waiter));
            int clients = turns.size() + (own == null ? 1 : 0);
            long turn = Math.min(length + 1L, (1L + (own == null ? 0 : own.size())) * clients);
            if (turn > most || length >= 2L * most || maxWaitNanos <= 0) {
                return false;
            }
            long now = clock.nanos();
            if (!growing && perSecond > 0 && now - lastServed < RATE_KEPT_NANOS) {
                double expectedNanos = turn / perSecond * 1e9;
                boolean standing = now - standingSince > BURST_NANOS;
                long longest = standing ? Math.min(maxWaitNanos, STANDING_WAIT_NANOS) : maxWaitNanos;
                if (expectedNanos > longest && length > 0) {
                    return false;
                }
            }
            if (length == 0) {
                standingSince = now;
            }
            turns.computeIfAbsent(client.apply(waiter), one -> new ArrayDeque<>())
                    .addLast(waiter);
            size.set(length + 1);
            return true;
        }
    }

    /** The one that has waited longest of the client whose turn it is; null when nobody waits. */
    @Nullable
    T poll() {
        if (size.get() == 0) {
            return null;
        }
        synchronized (lock) {
            T first = back.isEmpty() ? nextTurn() : back.pollFirst();
            if (first != null) {
                size.decrementAndGet();
            }
            return first;
        }
    }

    private @Nullable T nextTurn() {
        Iterator<Map.Entry<Object, ArrayDeque<T>>> next = turns.entrySet().iterator();
        if (!next.hasNext()) {
            return null;
        }
        Map.Entry<Object, ArrayDeque<T>> turn = next.next();
        Object whose = turn.getKey();
        ArrayDeque<T> own = turn.getValue();
        next.remove();
        T first = own.pollFirst();
        if (!own.isEmpty()) {
            turns.put(whose, own);
        }
        return first;
    }

    /** Puts somebody back who was polled in vain, at the front. */
    void putBack(T waiter) {
        synchronized (lock) {
            back.addFirst(waiter);
            size.incrementAndGet();
        }
    }

    /** Takes out a request that has ended; true when it was waiting. */
    boolean remove(T waiter) {
        if (size.get() == 0) {
            return false;
        }
        synchronized (lock) {
            boolean removed = back.remove(waiter) || removeTurn(waiter);
            if (removed) {
                size.decrementAndGet();
            }
            return removed;
        }
    }

    private boolean removeTurn(T waiter) {
        Object whose = client.apply(waiter);
        ArrayDeque<T> own = turns.get(whose);
        if (own == null || !own.remove(waiter)) {
            return false;
        }
        if (own.isEmpty()) {
            turns.remove(whose);
        }
        return true;
    }

    /** Somebody who waited is being served: the rate of that tells how long others will wait. */
    void onServed() {
        synchronized (lock) {
            long now = clock.nanos();
            if (now - lastServed >= RATE_KEPT_NANOS) {
                periodStart = now;
                served = 0;
                perSecond = 0;
            }
            lastServed = now;
            served++;
            long elapsed = now - periodStart;
            if (elapsed >= RATE_PERIOD_NANOS) {
                double newest = served * 1e9 / elapsed;
                perSecond = perSecond == 0 ? newest : perSecond * (1 - NEWEST) + newest * NEWEST;
                served = 0;
                periodStart = now;
            }
        }
    }
}
