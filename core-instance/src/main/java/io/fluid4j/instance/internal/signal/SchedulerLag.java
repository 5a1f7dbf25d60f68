/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;

/**
 * How much too late a timer fires, in milliseconds: the worst of the last half second. Sees starvation of processors and
 * pauses of the JVM alike, on every operating system. {@link #fired} and {@link #read} belong to the same thread.
 */
public final class SchedulerLag implements BuiltInSignal.Source {

    private static final long MEMORY_NANOS = 500_000_000L;
    private static final double NANOS_PER_MILLI = 1_000_000.0;

    private final long intervalNanos;
    private boolean armed;
    private long armedNanos;
    private long worstNanos;
    private long worstAtNanos;

    /**
     * A probe for a timer with a fixed delay.
     *
     * @param intervalNanos the delay
     */
    public SchedulerLag(long intervalNanos) {
        this.intervalNanos = intervalNanos;
    }

    /**
     * The timer has fired.
     *
     * @param nowNanos monotonic time
     */
    public void fired(long nowNanos) {
        if (!armed) {
            return;
        }
        long lag = Math.max(0, nowNanos - armedNanos - intervalNanos);
        if (lag >= worstNanos || nowNanos - worstAtNanos > MEMORY_NANOS) {
            worstNanos = lag;
            worstAtNanos = nowNanos;
        }
    }

    /**
     * The timer is set for its next time.
     *
     * @param nowNanos monotonic time
     */
    public void armed(long nowNanos) {
        armed = true;
        armedNanos = nowNanos;
    }

    @Override
    public Reading read(long nowNanos) {
        return Reading.of(worstNanos / NANOS_PER_MILLI);
    }
}
