/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import java.util.concurrent.atomic.LongAdder;

/**
 * How an instance has answered lately, beside the others of its function: what a selector sees as
 * {@link io.fluid4j.spi.selection.Candidate#handicap()}.
 *
 * <p>Counted is the time to the start of each response, as the mean of its logarithm: one answer that takes a thousand
 * times as long among a hundred others, because it is a long poll, moves that by 7 %, while a dependency that has become
 * slow moves all of them. Failed answers do not count there: failing fast must not look quick. Only the difference to
 * the best of the function counts, so an application that is slow or fails everywhere changes nothing.
 *
 * <p>Whoever is worse gets less and is seen less, so what is known fades ({@link #HALF_LIFE_NANOS}): it is tried again
 * after a while. When one that was avoided for its failures fails again, it is avoided again at once.
 *
 * <p>Counting is for any thread; looking is under the instance's lock.
 */
public final class Standing {

    /** What is known and not confirmed counts half after so long. */
    static final long HALF_LIFE_NANOS = 2_000_000_000L;
    /** So many answers outweigh what was known before. */
    static final double INERTIA = 4;
    /** Being slower by less than this is chance. */
    static final double MIN_RATIO = 1.5;
    /** The most that counts. */
    static final double MAX_HANDICAP = 20;
    /** Failing more often than the best by less than this is chance. */
    static final double MIN_FAILING = 0.05;

    /** Binary digits behind the point of the logarithms in the sum. */
    private static final int FIXED_POINT = 10;

    private final LongAdder good = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder logs = new LongAdder();

    private long goodSeen;
    private long failedSeen;
    private long logsSeen;
    private long newestNanos;
    /** Of the time to respond, to base 2; others look at it, too. */
    private volatile double log = Double.NaN;
    /** Share of the answers; others look at it, too. */
    private volatile double failing;

    private volatile double handicap = 1;
    /** What it comes back to with its next failure. */
    private volatile double relapse = 1;

    /** Nothing is known. */
    public Standing() {}

    /** A response has started, in the given time. */
    public void answered(long nanos) {
        logs.add(log2(Math.max(nanos, 1 << FIXED_POINT)));
        good.increment();
    }

    /** To base 2, with straight lines between the powers: no more than 6 % off, and quick. */
    private static long log2(long value) {
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(value);
        long mantissa = (value >>> (exponent - FIXED_POINT)) - (1L << FIXED_POINT);
        return ((long) exponent << FIXED_POINT) + mantissa;
    }

    /** A request has failed there: the application's own failure, none in time, or the instance was lost. */
    public void failed() {
        failed.increment();
        double again = relapse;
        if (again > handicap) {
            handicap = again;
        }
    }

    /** 1 and above; what was known at the last look. */
    public double handicap() {
        return handicap;
    }

    /** Takes what was counted since the last look. To be called before {@link #compare}, a few times a second. */
    public void look(long nowNanos) {
        long goodNow = good.sum();
        long failedNow = failed.sum();
        long logsNow = logs.sum();
        long goodNew = goodNow - goodSeen;
        long allNew = goodNew + failedNow - failedSeen;
        double before = INERTIA * confidence(nowNanos);
        if (goodNew > 0) {
            double newest = (double) (logsNow - logsSeen) / (1 << FIXED_POINT) / goodNew;
            log = Double.isNaN(log) ? newest : (log * before + newest * goodNew) / (before + goodNew);
        }
        if (allNew > 0) {
            double newest = 1 - (double) goodNew / allNew;
            failing = (failing * before + newest * allNew) / (before + allNew);
            newestNanos = nowNanos;
        }
        goodSeen = goodNow;
        failedSeen = failedNow;
        logsSeen = logsNow;
    }

    /** Says what that means beside the others, this one among them. */
    public void compare(Iterable<Standing> all, long nowNanos) {
        double quickest = log;
        double surest = failing;
        for (Standing one : all) {
            // NaN, nothing known, is neither.
            if (one.log < quickest) {
                quickest = one.log;
            }
            if (one.failing < surest) {
                surest = one.failing;
            }
        }
        double slower = Double.isNaN(log) ? 1 : Math.max(1, StrictMath.pow(2, log - quickest) / MIN_RATIO);
        double excess = failing - surest;
        double worse = excess < MIN_FAILING ? 1 : 1 / StrictMath.pow(1 - excess * (1 - 1 / Math.sqrt(MAX_HANDICAP)), 2);
        double full = Math.min(MAX_HANDICAP, slower * worse);
        relapse = Math.min(MAX_HANDICAP, worse);
        handicap = 1 + (full - 1) * confidence(nowNanos);
    }

    private double confidence(long nowNanos) {
        return StrictMath.pow(0.5, (double) (nowNanos - newestNanos) / HALF_LIFE_NANOS);
    }
}
