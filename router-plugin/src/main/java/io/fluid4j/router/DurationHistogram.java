/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.concurrent.atomic.LongAdder;

/**
 * A histogram of durations with fixed buckets, as Prometheus wants it: counts add up over time and over routers, which
 * quantiles of a reservoir do not. For any thread; to record is two additions.
 */
final class DurationHistogram {

    /** Upper bounds in seconds: those of OpenTelemetry for requests, and some for long streams. */
    private static final double[] BOUNDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300
    };

    private static final long[] BOUNDS_NANOS = nanos();

    private final LongAdder[] counts = new LongAdder[BOUNDS.length + 1];
    private final LongAdder sumNanos = new LongAdder();

    DurationHistogram() {
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void record(long nanos) {
        int bucket = 0;
        while (bucket < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[bucket]) {
            bucket++;
        }
        counts[bucket].increment();
        sumNanos.add(nanos);
    }

    /** Upper bounds in seconds; one more bucket has none. */
    static double[] bounds() {
        return BOUNDS.clone();
    }

    /** How many fell into each bucket, the last one being without bound. */
    long[] counts() {
        long[] copy = new long[counts.length];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts[i].sum();
        }
        return copy;
    }

    double sumSeconds() {
        return sumNanos.sum() / 1e9;
    }

    private static long[] nanos() {
        long[] nanos = new long[BOUNDS.length];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = Math.round(BOUNDS[i] * 1e9);
        }
        return nanos;
    }
}
