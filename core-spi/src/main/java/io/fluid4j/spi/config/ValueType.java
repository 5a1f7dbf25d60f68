/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

/**
 * How the text of a value becomes a typed value, and what may be written. Implementations are stateless.
 *
 * @param <T> the type of the value; its {@code equals} must compare by content
 */
public interface ValueType<T> {

    /**
     * What a user would call it.
     *
     * @return a short name such as {@code duration} or {@code size}
     */
    String name();

    /**
     * What is allowed, as it is written in documentation and error messages.
     *
     * @return a text such as {@code 50ms to 60s}
     */
    String range();

    /**
     * The unit of the value, or how it is written.
     *
     * @return a text such as {@code ms, s, m, h, d}; empty when the value has none
     */
    default String unit() {
        return "";
    }

    /**
     * Reads a value.
     *
     * @param text what was written, without surrounding white space
     * @return the value
     * @throws IllegalArgumentException when the text is not allowed; the message is not shown
     */
    T parse(String text);

    /**
     * Writes a value so that {@link #parse} reads it again.
     *
     * @param value a value
     * @return its text
     */
    String format(T value);
}
