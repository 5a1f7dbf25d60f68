/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.concurrent.atomic.LongAdder;

/**
 * Divides the processor time of the process among its requests, so that the parts add up to the whole by construction:
 *
 * <pre>
 *   process = direct (measured in slices) + overhead (measured: gc, jit, tunnel) + rest
 *   rest    = shared (assigned to requests) + other
 * </pre>
 *
 * <p>The rest is what ran on threads whose work cannot be seen: virtual threads, pools of the application. It is shared out
 * by the time requests were in flight: in each interval a request gets the part of the rest that its own time in flight has
 * in the time of all. The rate of an interval is known at its end, so the time since is charged at the rate of the one
 * before; what that leaves over, or takes too much, stays in <em>other</em>.
 *
 * <p>Thread-safe. A request costs two additions to striped counters.
 */
final class CpuAccounts {

    /** What the rest amounted to up to a moment, and how fast it grew. Immutable. */
    private record Shared(long atNanos, double perRequestNanos, double rate) {
        double at(long nowNanos) {
            return perRequestNanos + rate * Math.max(0, nowNanos - atNanos);
        }
    }

    private final LongAdder direct = new LongAdder();
    private final LongAdder assigned = new LongAdder();

    /** Requests admitted less requests ended. */
    private final LongAdder inFlight = new LongAdder();

    /** Begin of all requests less the end of those that have ended, since {@link #originNanos}: the integral of requests
     * in flight over time is requests in flight × now − this. */
    private final LongAdder beginsLessEnds = new LongAdder();

    private final BusyTime busy = new BusyTime();
    private final long originNanos;
    private volatile Shared shared;

    // Of the ticking thread alone.
    private long lastRestNanos;
    private double lastFlownNanos;

    CpuAccounts(long nowNanos) {
        originNanos = nowNanos;
        shared = new Shared(nowNanos, 0.0, 0.0);
    }

    /** Adds time measured in a slice. */
    void direct(long nanos) {
        direct.add(nanos);
    }

    /** A request begins. Gives the mark that {@link #share} and {@link #ended} want to see again. */
    double admitted(long nowNanos) {
        beginsLessEnds.add(nowNanos - originNanos);
        inFlight.increment();
        busy.begins(nowNanos);
        return shared.at(nowNanos);
    }

    /** A request ends. Gives its share of what was not measured, in nanoseconds. */
    long ended(long nowNanos, double mark) {
        beginsLessEnds.add(originNanos - nowNanos);
        inFlight.decrement();
        busy.ends(nowNanos);
        long share = share(nowNanos, mark);
        assigned.add(share);
        return share;
    }

    /** The share so far of a request in flight, in nanoseconds. */
    long share(long nowNanos, double mark) {
        return Math.max(0, (long) (shared.at(nowNanos) - mark));
    }

    /**
     * Ends an interval. One thread.
     *
     * @param nowNanos monotonic time
     * @param processNanos processor time of the process since its begin
     * @param overheadNanos what of that is known to be overhead
     */
    void tick(long nowNanos, long processNanos, long overheadNanos) {
        long rest = Math.max(0, processNanos - overheadNanos - direct.sum());
        double flown = (double) inFlight.sum() * (nowNanos - originNanos) - beginsLessEnds.sum();
        double restGrown = rest - lastRestNanos;
        double flownGrown = flown - lastFlownNanos;
        Shared before = shared;
        // Below a millisecond of flight there was nobody to speak of: what ran then is nobody's.
        double rate = restGrown > 0 && flownGrown > 1_000_000 ? restGrown / flownGrown : 0.0;
        shared = new Shared(nowNanos, before.at(nowNanos), rate);
        lastRestNanos = rest;
        lastFlownNanos = flown;
    }

    /** How long at least one request was in flight, nanoseconds. */
    long busyNanos(long nowNanos) {
        return busy.nanos(nowNanos);
    }

    long directNanos() {
        return direct.sum();
    }

    /** What ended requests were given of the rest. */
    long assignedNanos() {
        return assigned.sum();
    }
}
