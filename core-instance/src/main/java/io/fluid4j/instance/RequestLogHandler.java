/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.LogLine;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

/**
 * Brings what is logged with java.util.logging, which in Tomcat is JULI, and with {@code System.Logger} by way of it, to the
 * router of the request that the thread works for. Thread-safe.
 */
final class RequestLogHandler extends Handler {

    private final RequestLines lines;
    private final Formatter formatter = new SimpleFormatter();

    RequestLogHandler(RequestLines lines) {
        this.lines = lines;
        setLevel(Level.ALL);
    }

    @Override
    public void publish(LogRecord record) {
        if (!isLoggable(record)) {
            return;
        }
        RequestScope scope = lines.current();
        if (scope == null) {
            return;
        }
        try {
            lines.add(
                    scope,
                    record.getMillis(),
                    level(record.getLevel().intValue()),
                    record.getLoggerName(),
                    formatter.formatMessage(record),
                    record.getThrown());
        } catch (RuntimeException e) {
            // What a parameter's toString throws must not reach the application that logs it.
            reportError(null, e, ErrorManager.FORMAT_FAILURE);
        }
    }

    private static int level(int value) {
        if (value >= Level.SEVERE.intValue()) {
            return LogLine.ERROR;
        }
        if (value >= Level.WARNING.intValue()) {
            return LogLine.WARNING;
        }
        if (value >= Level.CONFIG.intValue()) {
            return LogLine.INFO;
        }
        return value >= Level.FINE.intValue() ? LogLine.DEBUG : LogLine.TRACE;
    }

    @Override
    public void flush() {
        // The tunnel sends by itself.
    }

    @Override
    public void close() {
        // Holds nothing of its own.
    }
}
