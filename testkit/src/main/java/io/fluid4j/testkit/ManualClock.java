/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Time that moves only when a test says so: nanoseconds for durations ({@link #nanoTime()}, {@link #ticker()}) and a
 * {@link Clock} for instants, both moved together. Safe for any thread.
 */
public final class ManualClock extends Clock {

    /** Where the instants begin: an arbitrary moment, so that no test relies on 1970. */
    public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static final long FIRST_NANOS =
            Long.MAX_VALUE - Duration.ofSeconds(10).toNanos();

    private final AtomicLong nanos;
    private final ZoneId zone;

    /** A clock at {@link #START}, with a {@link #nanoTime()} that is about to overflow: only differences have a meaning. */
    public ManualClock() {
        this(new AtomicLong(FIRST_NANOS), ZoneOffset.UTC);
    }

    private ManualClock(AtomicLong nanos, ZoneId zone) {
        this.nanos = nanos;
        this.zone = zone;
    }

    /** Nanoseconds from an arbitrary beginning, to be compared by difference, like {@link System#nanoTime()}. */
    public long nanoTime() {
        return nanos.get();
    }

    /** {@link #nanoTime()} as a function. */
    public LongSupplier ticker() {
        return this::nanoTime;
    }

    /** Moves time forward. */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance by " + by + " (expected: 0 or more)");
        }
        nanos.addAndGet(by.toNanos());
    }

    /** Nanoseconds since this clock was made. */
    public long elapsedNanos() {
        return nanos.get() - FIRST_NANOS;
    }

    @Override
    public Instant instant() {
        return START.plusNanos(elapsedNanos());
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
        return new ManualClock(nanos, other);
    }
}
