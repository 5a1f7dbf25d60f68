/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.LogLine;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * What an application prints to standard output and standard error while it works for a request, line by line; it is printed
 * as before, too. Thread-safe.
 */
final class CapturedOutput {

    private final RequestLines lines;
    private @Nullable PrintStream before;
    private @Nullable PrintStream beforeErrors;
    private @Nullable PrintStream installed;
    private @Nullable PrintStream installedErrors;

    CapturedOutput(RequestLines lines) {
        this.lines = lines;
    }

    synchronized void install() {
        PrintStream out = System.out;
        PrintStream errors = System.err;
        PrintStream both = new PrintStream(
                new Lines("stdout", LogLine.INFO, out, charset("stdout.encoding")), true, charset("stdout.encoding"));
        PrintStream bothErrors = new PrintStream(
                new Lines("stderr", LogLine.WARNING, errors, charset("stderr.encoding")),
                true,
                charset("stderr.encoding"));
        before = out;
        beforeErrors = errors;
        installed = both;
        installedErrors = bothErrors;
        System.setOut(both);
        System.setErr(bothErrors);
    }

    /** Known from Java 19 on; before, the streams go by the default. */
    private static Charset charset(String property) {
        String name = System.getProperty(property);
        return name != null && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }

    /** As it was, unless somebody else has put another one over ours. */
    synchronized void uninstall() {
        if (before != null && System.out == installed) {
            System.setOut(before);
        }
        if (beforeErrors != null && System.err == installedErrors) {
            System.setErr(beforeErrors);
        }
    }

    /** Passes on, and cuts into lines by thread. */
    private final class Lines extends OutputStream {
        private final String name;
        private final int level;
        private final PrintStream to;
        private final Charset charset;

        @SuppressWarnings("ThreadLocalUsage") // There are two of these in a process, for as long as it runs.
        private final ThreadLocal<@Nullable Part> parts = new ThreadLocal<>();

        Lines(String name, int level, PrintStream to, Charset charset) {
            this.name = name;
            this.level = level;
            this.to = to;
            this.charset = charset;
        }

        @Override
        public void write(int octet) {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            to.write(from, offset, length);
            RequestScope scope = lines.current();
            if (scope == null) {
                return;
            }
            Part part = parts.get();
            if (part == null || part.scope != scope) {
                part = new Part(scope); // What the thread had left of an earlier request was no line.
                parts.set(part);
            }
            for (int i = offset; i < offset + length; i++) {
                if (from[i] == '\n') {
                    emit(scope, part.text);
                } else if (from[i] != '\r' && part.text.size() < LogLine.MAX_MESSAGE_BYTES) {
                    part.text.write(from[i]);
                }
            }
            if (part.text.size() == 0) {
                parts.remove();
            }
        }

        private void emit(RequestScope scope, ByteArrayOutputStream text) {
            lines.add(scope, System.currentTimeMillis(), level, name, text.toString(charset), null);
            text.reset();
        }

        @Override
        public void flush() {
            to.flush();
        }
    }

    /** A line that has begun. */
    private static final class Part {
        final RequestScope scope;
        final ByteArrayOutputStream text = new ByteArrayOutputStream(128);

        Part(RequestScope scope) {
            this.scope = scope;
        }
    }
}
