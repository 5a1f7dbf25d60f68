/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.health;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * What one look at a {@link HealthSignal} gave. An unavailable reading counts neither as healthy nor as unhealthy.
 *
 * @param value the value in the signal's own unit, never negative; 0 when unavailable
 * @param unavailable why there is no value, fit for an operator's eyes; null when there is one
 * @since 0.1.0
 */
public record Reading(double value, @Nullable String unavailable) {

    /** Checks that the value is a number that is not negative. */
    public Reading {
        if (!(value >= 0.0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("value " + value + " (expected: a finite number >= 0)");
        }
    }

    /**
     * A value.
     *
     * @param value in the signal's unit; a negative or undefined number, as differences of counters may give, becomes 0
     * @return the reading
     */
    public static Reading of(double value) {
        return new Reading(value > 0.0 && !Double.isInfinite(value) ? value : 0.0, null);
    }

    /**
     * No value.
     *
     * @param reason why, such as {@code no CPU quota is set}
     * @return the reading
     */
    public static Reading unavailable(String reason) {
        return new Reading(0.0, requireNonNull(reason, "reason"));
    }

    /**
     * Whether there is a value.
     *
     * @return true when {@link #value} counts
     */
    public boolean available() {
        return unavailable == null;
    }
}
