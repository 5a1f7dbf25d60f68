/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.admission;

/**
 * Makes a {@link ConcurrencyLimit}. Found by {@link java.util.ServiceLoader}; used instead of the built-in one when
 * {@code fluid.max-concurrency} is 0 and exactly one provider is present. Has a public constructor without arguments
 * that does nothing.
 *
 * @since 0.1.0
 */
public interface ConcurrencyLimitProvider {
    /**
     * The algorithm's name, for logs.
     *
     * @return lower-case words joined by dashes; never throws
     */
    String name();

    /**
     * Makes a limit. Called once for each start of an instance.
     *
     * @param processors processors this process may use, at least 1
     * @return the limit
     */
    ConcurrencyLimit create(int processors);
}
