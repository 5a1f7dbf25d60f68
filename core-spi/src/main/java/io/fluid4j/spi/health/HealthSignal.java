/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.health;

/**
 * One number an instance watches, such as the share of time its processors were throttled. Higher is always worse: a
 * signal whose nature is the opposite (time left, connections free) reports the inverse.
 *
 * <p>The instance compares the number with a threshold and applies the hysteresis itself; an implementation only reads.
 * All methods are called by one thread, so an implementation needs no locks of its own, and may keep the last sample in
 * plain fields to form a difference.
 *
 * @since 0.1.0
 */
public interface HealthSignal extends AutoCloseable {
    /**
     * The signal's name: what nacks, logs, metrics and HEALTH frames call it.
     *
     * @return lower-case words joined by dashes, at most 64 characters; always the same
     */
    String name();

    /**
     * The value from which on the instance takes no requests. Asked for at each sample, so it may follow a changed
     * configuration.
     *
     * @return in the signal's unit, greater than 0
     */
    double threshold();

    /**
     * Reads the signal now. Must be cheap (microseconds, not milliseconds) and must not block on anything outside this
     * machine. An exception counts as {@link Reading#unavailable(String)} with the exception's message.
     *
     * @param nowNanos the monotonic time of this sample, in nanoseconds; only differences mean anything
     * @return the value, or why there is none
     */
    Reading read(long nowNanos);

    /** Gives back what the signal holds (listeners, threads). Called once, after the last {@link #read}. */
    @Override
    default void close() {}
}
