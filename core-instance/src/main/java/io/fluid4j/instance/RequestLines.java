/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.LogLine;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/**
 * Where all log bridges send their lines: to the router of the request that the thread works for. Never waits: a line that
 * finds the tunnel's queue full pushes the oldest one out, and the next line says so. Thread-safe.
 */
final class RequestLines {

    /** Longer ones are cut by the frame anyway; here before they are copied. */
    private static final int MAX_CHARS = LogLine.MAX_MESSAGE_BYTES;

    private final Accounts accounts;

    RequestLines(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Whose line it is that this thread writes now; null when it works for no request. */
    @Nullable
    RequestScope current() {
        RequestScope scope = SliceClock.ofThisThread().current();
        return scope != null && scope.belongsTo(accounts) ? scope : null;
    }

    /**
     * A line.
     *
     * @param scope of this request
     * @param millis when, since 1970
     * @param level 1 to 5
     * @param logger its name, or null
     * @param message formatted, or null
     * @param thrown what comes with it, or null
     */
    void add(
            RequestScope scope,
            long millis,
            int level,
            @Nullable String logger,
            @Nullable String message,
            @Nullable Throwable thrown) {
        String text = message == null ? "" : message;
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            text = text + '\n' + trace;
        }
        String cut = text.length() > MAX_CHARS ? text.substring(0, MAX_CHARS) : text;
        scope.log(new LogLine(Math.max(0, millis), level, 0, logger == null ? "" : logger, cut));
    }
}
