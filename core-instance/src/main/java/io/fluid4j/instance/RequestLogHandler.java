/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.LogLine;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Sends what is logged while a request is worked for to the router of that request: java.util.logging, which in Tomcat is
 * JULI, and {@code System.Logger} by way of it. Never waits: a line that finds the tunnel's queue full pushes the oldest one
 * out, and the next line says so. Lines of threads that work for no request are not sent. Thread-safe.
 */
final class RequestLogHandler extends Handler {

    /** Longer ones are cut by the frame anyway; here before they are copied. */
    private static final int MAX_CHARS = LogLine.MAX_MESSAGE_BYTES;

    private final Accounts accounts;
    private final Formatter formatter = new SimpleFormatter();
    private final Logger root;

    RequestLogHandler(Accounts accounts) {
        this.accounts = accounts;
        this.root = root();
        setLevel(Level.ALL);
    }

    /** The root of all: Tomcat has one for each application, and this is where those lead that have none of their own. */
    private static Logger root() {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        try {
            return LogManager.getLogManager().getLogger("");
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    void install() {
        root.addHandler(this);
    }

    @Override
    public void publish(LogRecord record) {
        if (!isLoggable(record)) {
            return;
        }
        RequestScope scope = SliceClock.ofThisThread().current();
        if (scope == null || !scope.belongsTo(accounts)) {
            return;
        }
        try {
            String logger = record.getLoggerName();
            scope.log(new LogLine(
                    Math.max(0, record.getMillis()),
                    level(record.getLevel().intValue()),
                    0,
                    logger == null ? "" : logger,
                    message(record)));
        } catch (RuntimeException e) {
            // What a parameter's toString throws must not reach the application that logs it.
            reportError(null, e, ErrorManager.FORMAT_FAILURE);
        }
    }

    private String message(LogRecord record) {
        String message = formatter.formatMessage(record);
        if (message == null) {
            message = "";
        }
        if (record.getThrown() != null) {
            StringWriter trace = new StringWriter();
            record.getThrown().printStackTrace(new PrintWriter(trace));
            message = message + '\n' + trace;
        }
        return message.length() > MAX_CHARS ? message.substring(0, MAX_CHARS) : message;
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

    /** Not installed any more. */
    @Override
    public void close() {
        root.removeHandler(this);
    }
}
