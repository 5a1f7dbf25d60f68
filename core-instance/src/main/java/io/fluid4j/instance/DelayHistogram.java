/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Durations of a short span of time, in buckets of equal width inside each power of two, so that a bucket is within an
 * eighth of its samples. Any thread adds; one at a time reads and clears, and what is added meanwhile may be lost.
 */
final class DelayHistogram {

    private static final int BUCKETS_PER_OCTAVE = 8;
    private static final int BUCKETS = 40 * BUCKETS_PER_OCTAVE;

    /** Delays below 2^13 ns (8 µs) share the first bucket. */
    private static final int FIRST_OCTAVE = 13;

    private final AtomicIntegerArray counts = new AtomicIntegerArray(BUCKETS);

    void add(long nanos) {
        counts.incrementAndGet(bucket(nanos));
    }

    int count() {
        int sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += counts.get(i);
        }
        return sum;
    }

    /** The delay that a quarter of the samples stayed below, as the middle of its bucket; 0 without samples. */
    long quarterNanos() {
        int samples = count();
        if (samples == 0) {
            return 0;
        }
        int rank = (samples + 3) / 4;
        int seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += counts.get(i);
            if (seen >= rank) {
                return middleNanos(i);
            }
        }
        return middleNanos(BUCKETS - 1);
    }

    void clear() {
        for (int i = 0; i < BUCKETS; i++) {
            if (counts.get(i) != 0) {
                counts.set(i, 0);
            }
        }
    }

    static int bucket(long nanos) {
        long value = Math.max(nanos, 1L << FIRST_OCTAVE);
        int octave = 63 - Long.numberOfLeadingZeros(value);
        int within = (int) (((value - (1L << octave)) * BUCKETS_PER_OCTAVE) >>> octave);
        return Math.min(BUCKETS - 1, (octave - FIRST_OCTAVE) * BUCKETS_PER_OCTAVE + within);
    }

    static long middleNanos(int bucket) {
        int octave = FIRST_OCTAVE + bucket / BUCKETS_PER_OCTAVE;
        long width = (1L << octave) / BUCKETS_PER_OCTAVE;
        return (1L << octave) + (bucket % BUCKETS_PER_OCTAVE) * width + width / 2;
    }
}
