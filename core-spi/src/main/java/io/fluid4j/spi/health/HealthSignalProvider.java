/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.health;

import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link HealthSignal}. Found by {@link java.util.ServiceLoader} beside the instance's own jar when the instance
 * starts. Has a public constructor without arguments that does nothing.
 *
 * @since 0.1.0
 */
public interface HealthSignalProvider {
    /**
     * The name of the signal it makes. When two providers give the same name the one whose class name comes first is
     * used, and a built-in signal before both.
     *
     * @return lower-case words joined by dashes, at most 64 characters; never throws
     */
    String name();

    /**
     * Makes the signal. Called once for each start of an instance.
     *
     * @param context what the signal may need to know
     * @return the signal, or null when it is switched off
     * @throws Exception when it cannot work here; the instance reports it as unavailable, with the message
     */
    @Nullable
    HealthSignal create(SignalContext context) throws Exception;
}
