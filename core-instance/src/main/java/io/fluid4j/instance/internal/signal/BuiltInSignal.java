/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.Reading;

/** A signal made of a name, a threshold that is configured, and a way to read it. */
final class BuiltInSignal implements HealthSignal {

    /** How the value is read. */
    @FunctionalInterface
    interface Source {
        Reading read(long nowNanos) throws Exception;

        /** Gives back what reading needs. */
        default void close() {}
    }

    private final String name;
    private final double threshold;
    private final Source source;

    BuiltInSignal(String name, double threshold, Source source) {
        this.name = name;
        this.threshold = threshold;
        this.source = source;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double threshold() {
        return threshold;
    }

    @Override
    public Reading read(long nowNanos) {
        try {
            return source.read(nowNanos);
        } catch (Exception e) {
            String message = e.getMessage();
            return Reading.unavailable(e.getClass().getSimpleName() + (message == null ? "" : ": " + message));
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
