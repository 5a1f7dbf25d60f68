/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.concurrent.atomic.DoubleAdder;
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
 * by the time requests are in flight. What an interval has left is known at its end, so it is charged in the next one, at the
 * rate that would have paid for it, and no more than that to any request: what is owed at the end of each interval is the
 * rest less all that has been charged since the beginning. Thus an error of one interval is put right in the next one, and
 * never adds up. What ran while nobody was in flight, or before the first interval, is charged to nobody: it is
 * <em>other</em>. So is what is more than all processors could have done in the time that somebody was in flight.
 *
 * <p>Thread-safe. A request costs three additions to striped counters.
 */
final class CpuAccounts {

    /** The kernel counts a process in steps: what was done in one interval may be seen in the next. */
    private static final long CLOCK_STEP_NANOS = 10_000_000;

    /**
     * What a request in flight all the time would have been charged up to a moment, how fast that grows, and by how much at
     * most. Immutable.
     */
    private record Shared(long atNanos, double perRequestNanos, double rate, double mostNanos) {
        double at(long nowNanos) {
            return perRequestNanos + Math.min(mostNanos, rate * Math.max(0, nowNanos - atNanos));
        }
    }

    private final LongAdder direct = new LongAdder();
    private final LongAdder assigned = new LongAdder();

    /** Requests admitted less requests ended. */
    private final LongAdder inFlight = new LongAdder();

    /** Begin of all requests less the end of those that have ended, since {@link #originNanos}: the integral of requests
     * in flight over time is requests in flight × now − this. */
    private final LongAdder beginsLessEnds = new LongAdder();

    /** Marks of the requests in flight: what they have been charged is requests in flight × {@link Shared#at} − this. */
    private final DoubleAdder marks = new DoubleAdder();

    private final BusyTime busy = new BusyTime();
    private final long originNanos;
    private final int processors;
    private volatile Shared shared;

    // Of the ticking thread alone.
    private long lastTickNanos;
    private long lastRestNanos;
    private long lastBusyNanos;
    private double lastFlownNanos;
    private long chargeableNanos;
    private long nobodysNanos;

    CpuAccounts(long nowNanos) {
        this(nowNanos, Runtime.getRuntime().availableProcessors());
    }

    /** For a machine of so many processors. */
    CpuAccounts(long nowNanos, int processors) {
        originNanos = nowNanos;
        this.processors = processors;
        lastTickNanos = nowNanos;
        shared = new Shared(nowNanos, 0.0, 0.0, 0.0);
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
        double mark = shared.at(nowNanos);
        marks.add(mark);
        return mark;
    }

    /** A request ends. Gives its share of what was not measured, in nanoseconds. */
    long ended(long nowNanos, double mark) {
        beginsLessEnds.add(originNanos - nowNanos);
        inFlight.decrement();
        marks.add(-mark);
        busy.ends(nowNanos);
        long share = share(nowNanos, mark);
        assigned.add(share);
        return share;
    }

    /** The share so far of a request in flight, in nanoseconds. */
    long share(long nowNanos, double mark) {
        return Math.max(0, (long) (shared.at(nowNanos) - mark));
    }

    /** What has run by now is nobody's: a process has worked before its first request. The ticking thread. */
    void begins(long processNanos, long overheadNanos, long runningNanos) {
        lastRestNanos = processNanos - overheadNanos - direct.sum() - runningNanos;
        nobodysNanos = lastRestNanos;
    }

    /**
     * Ends an interval. One thread.
     *
     * @param nowNanos monotonic time
     * @param processNanos processor time of the process since its begin
     * @param overheadNanos what of that is known to be overhead
     * @param runningNanos what slices have used that go on: {@link #direct} hears of them at their end
     */
    void tick(long nowNanos, long processNanos, long overheadNanos, long runningNanos) {
        long rest = processNanos - overheadNanos - direct.sum() - runningNanos;
        double flown = (double) inFlight.sum() * (nowNanos - originNanos) - beginsLessEnds.sum();
        Shared before = shared;
        double charged = before.at(nowNanos);
        nobodysNanos += nobodysOf(rest - lastRestNanos, nowNanos);
        double owed = Math.max(0, rest - nobodysNanos - assigned.sum() - (inFlight.sum() * charged - marks.sum()));
        // Who will pay: as many as in the last interval, or as there are now, and at least one. Fewer would be asked
        // for too
        // much when others join them; what more cannot pay now they pay in the interval after.
        double payers =
                Math.max(flown - lastFlownNanos, (double) Math.max(1, inFlight.sum()) * (nowNanos - lastTickNanos));
        shared = new Shared(nowNanos, charged, payers <= 0 ? 0 : owed / payers, owed);
        lastTickNanos = nowNanos;
        lastRestNanos = rest;
        lastFlownNanos = flown;
    }

    /** What of the rest of an interval no request can have used. */
    private long nobodysOf(long grownNanos, long nowNanos) {
        long busyNow = busy.nanos(nowNanos);
        chargeableNanos = Math.min(chargeableNanos, CLOCK_STEP_NANOS) + processors * (busyNow - lastBusyNanos);
        lastBusyNanos = busyNow;
        long theirs = Math.min(grownNanos, chargeableNanos);
        chargeableNanos -= theirs;
        return grownNanos - theirs;
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
