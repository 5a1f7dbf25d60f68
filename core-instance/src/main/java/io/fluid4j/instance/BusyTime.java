/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long at least one request, or work behind one, was in flight: what the memory of an instance is paid for, once for
 * the instance and not for each request. For any thread; only the first and the last one of a busy time take the lock.
 */
final class BusyTime {

    private static final long IDLE = Long.MIN_VALUE;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final Object lock = new Object();

    // Guarded by 'lock'.
    private long sinceNanos = IDLE;
    private long untilNanos = IDLE;
    private long totalNanos;

    void begins(long nowNanos) {
        if (inFlight.getAndIncrement() == 0) {
            look(nowNanos);
        }
    }

    void ends(long nowNanos) {
        if (inFlight.decrementAndGet() == 0) {
            look(nowNanos);
        }
    }

    /** Whoever passes zero looks again inside: the last one to look sees how it stands, in whatever order they come. */
    private void look(long nowNanos) {
        synchronized (lock) {
            boolean busy = inFlight.get() > 0;
            if (busy && sinceNanos == IDLE) {
                // Who read the clock and was held up may come after a busy time that covers it: that is paid for.
                boolean covered = untilNanos != IDLE && nowNanos - untilNanos < 0;
                sinceNanos = covered ? untilNanos : nowNanos;
            } else if (!busy && sinceNanos != IDLE) {
                long nanos = Math.max(0, nowNanos - sinceNanos);
                totalNanos += nanos;
                untilNanos = sinceNanos + nanos;
                sinceNanos = IDLE;
            }
        }
    }

    /** All of it so far, in nanoseconds. */
    long nanos(long nowNanos) {
        synchronized (lock) {
            return totalNanos + (sinceNanos == IDLE ? 0 : Math.max(0, nowNanos - sinceNanos));
        }
    }
}
