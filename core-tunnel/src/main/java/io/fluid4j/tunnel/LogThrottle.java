/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import java.util.Arrays;

/**
 * Warnings that somebody outside can cause as often as they like: some a second are written, with how many were left
 * out. Thread-safe.
 */
public final class LogThrottle {

    private final TokenBucket bucket;
    private long leftOut;

    /**
     * One of its own for each kind of line.
     *
     * @param atOnce lines that may be written in one go
     * @param perSecond lines that may be written in a second from then on
     */
    public LogThrottle(int atOnce, int perSecond) {
        bucket = new TokenBucket(atOnce, perSecond, System.nanoTime());
    }

    /**
     * Writes the line, or counts it.
     *
     * @param logger where to
     * @param format as {@link System.Logger#log(System.Logger.Level, String, Object...)} takes it
     * @param parameters what it names
     */
    public void log(System.Logger logger, String format, Object... parameters) {
        long before;
        synchronized (this) {
            if (!bucket.take(System.nanoTime())) {
                leftOut++;
                return;
            }
            before = leftOut;
            leftOut = 0;
        }
        if (before == 0) {
            logger.log(WARNING, format, parameters);
        } else {
            Object[] more = Arrays.copyOf(parameters, parameters.length + 1);
            more[parameters.length] = before;
            logger.log(WARNING, format + " ({" + parameters.length + "} such lines were left out)", more);
        }
    }
}
