/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

/**
 * A budget of units that refills with time (P-9.4). Belongs to one thread.
 */
final class TokenBucket {

    private final long capacity;
    private final long unitsPerSecond;
    /** Units times 10^9, so that nothing is lost by rounding. */
    private long nanoUnits;

    private long lastNanos;

    TokenBucket(int capacity, int unitsPerSecond, long nowNanos) {
        this.capacity = capacity * 1_000_000_000L;
        this.unitsPerSecond = unitsPerSecond;
        this.nanoUnits = this.capacity;
        this.lastNanos = nowNanos;
    }

    /** Takes one unit; false when there is none. */
    boolean take(long nowNanos) {
        // More than ten minutes would fill every bucket anyway, and could overflow.
        long elapsed = Math.min(nowNanos - lastNanos, 600_000_000_000L);
        if (elapsed > 0) {
            nanoUnits = Math.min(capacity, nanoUnits + elapsed * unitsPerSecond);
            lastNanos = nowNanos;
        }
        if (nanoUnits < 1_000_000_000L) {
            return false;
        }
        nanoUnits -= 1_000_000_000L;
        return true;
    }
}
