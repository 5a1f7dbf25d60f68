/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long a dialler waits: the double of the last time up to a longest one, times a random factor between one half and
 * one, so that a thousand instances do not come back in step. Belongs to one thread at a time.
 */
final class BackOff {

    private final long shortestMillis;
    private final long longestMillis;
    private final DoubleSupplier random;
    private long nextMillis;

    /**
     * A back-off that was not used yet.
     *
     * @param random values from 0 to below 1
     */
    BackOff(Duration shortest, Duration longest, DoubleSupplier random) {
        this.shortestMillis = shortest.toMillis();
        this.longestMillis = longest.toMillis();
        this.random = random;
        this.nextMillis = shortestMillis;
    }

    /** How long to wait now. */
    long nextMillis() {
        long base = nextMillis;
        nextMillis = Math.min(longestMillis, base * 2);
        return Math.max(1, (long) (base * (0.5 + random.getAsDouble() / 2)));
    }

    /** A session has lived. */
    void reset() {
        nextMillis = shortestMillis;
    }
}
