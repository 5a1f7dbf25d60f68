/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

/**
 * How much counters that only grow have grown of late. Keeps one sample per slot of time in a ring, so that a window of any
 * length costs the same. Not thread-safe.
 */
final class SlidingWindow {

    private static final int SLOTS = 16;

    private final long slotNanos;
    private final long[] times = new long[SLOTS + 1];
    private final double[][] samples;
    private int size;
    private int newest = -1;

    /**
     * A window.
     *
     * @param counters how many counters are sampled together
     * @param lengthNanos how far it looks back
     */
    SlidingWindow(int counters, long lengthNanos) {
        slotNanos = Math.max(1, lengthNanos / SLOTS);
        samples = new double[SLOTS + 1][counters];
    }

    /**
     * Takes note of the counters. Samples inside one slot replace one another, but for the first.
     *
     * @param nowNanos monotonic time
     * @param counters their values
     */
    void add(long nowNanos, double... counters) {
        boolean sameSlot = size > 1 && nowNanos - times[before(newest)] < slotNanos;
        if (!sameSlot) {
            newest = (newest + 1) % times.length;
            size = Math.min(size + 1, times.length);
        }
        times[newest] = nowNanos;
        System.arraycopy(counters, 0, samples[newest], 0, counters.length);
    }

    /** How far apart the oldest and the newest sample are, in nanoseconds; 0 while there is only one. */
    long spanNanos() {
        return size < 2 ? 0 : times[newest] - times[oldest()];
    }

    /** By how much a counter has grown over the span. */
    double growth(int counter) {
        return size < 2 ? 0 : samples[newest][counter] - samples[oldest()][counter];
    }

    private int oldest() {
        return Math.floorMod(newest - size + 1, times.length);
    }

    private int before(int index) {
        return Math.floorMod(index - 1, times.length);
    }
}
