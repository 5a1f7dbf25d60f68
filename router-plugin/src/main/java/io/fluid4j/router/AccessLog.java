/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.spi.config.RouterKeys.AccessLogFormat;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One line for each request that has ended, written by a thread of its own: a slow disk loses lines, and says how many,
 * but never holds a request up.
 */
final class AccessLog implements AutoCloseable {

    private static final Logger LOG = System.getLogger(AccessLog.class.getName());
    private static final int MAX_QUEUED = 65_536;
    private static final DateTimeFormatter COMBINED_TIME =
            DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final BlockingQueue<RequestStory> queue = new ArrayBlockingQueue<>(MAX_QUEUED);
    private final AtomicLong lost = new AtomicLong();
    private final AccessLogFormat format;
    private final Writer out;
    private final ObjectMapper json = new ObjectMapper();
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Opens the log.
     *
     * @param where {@code stdout} or a file, which is appended to
     */
    AccessLog(String where, AccessLogFormat format) throws IOException {
        this.format = format;
        OutputStream stream = where.equals("stdout")
                ? System.out
                : Files.newOutputStream(Path.of(where), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        this.out = new BufferedWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
        this.thread = new Thread(this::write, "fluid-router-access-log");
        thread.setDaemon(true);
        thread.start();
    }

    void add(RequestStory story) {
        if (!queue.offer(story)) {
            lost.getAndIncrement();
        }
    }

    /** Writes what is queued, then closes. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        try (Writer writer = out) {
            while (true) {
                RequestStory story = next();
                if (story == null) {
                    return;
                }
                writer.write(format == AccessLogFormat.JSON ? json(story) : combined(story));
                writer.write('\n');
                if (queue.isEmpty()) {
                    tellLost();
                    writer.flush();
                }
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the access log cannot be written any more", e);
        }
    }

    private @Nullable RequestStory next() {
        RequestStory story = queue.poll();
        while (story == null && !closed) {
            try {
                story = queue.poll(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                // Only close() interrupts, and what is queued by then is still written.
                story = queue.poll();
            }
        }
        return story != null ? story : queue.poll();
    }

    private void tellLost() {
        long count = lost.getAndSet(0);
        if (count > 0) {
            LOG.log(Level.WARNING, "{0} lines of the access log were lost: it is written too slowly", count);
        }
    }

    /** The combined format, then duration and end in the order that operators add them. */
    static String combined(RequestStory story) {
        StringBuilder line = new StringBuilder(256);
        line.append(story.client()).append(" - - [");
        line.append(COMBINED_TIME.format(Instant.ofEpochMilli(story.endedMillis())))
                .append("] \"");
        quoted(line, story.method()).append(' ');
        quoted(line, story.target()).append(' ').append(story.protocol()).append("\" ");
        line.append(story.status()).append(' ').append(story.bytesOut()).append(" \"");
        quoted(line, story.referrer()).append("\" \"");
        quoted(line, story.userAgent()).append("\" ");
        line.append(story.durationNanos() / 1_000)
                .append(' ')
                .append(story.ending().word());
        line.append(' ').append(story.idText());
        return line.toString();
    }

    private String json(RequestStory story) throws JsonProcessingException {
        return json.writeValueAsString(asMap(story));
    }

    /** The same for the log and the admin API. */
    static Map<String, Object> asMap(RequestStory story) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("ts", Instant.ofEpochMilli(story.endedMillis()).toString());
        map.put("requestId", story.idText());
        putIfKnown(map, "traceparent", story.traceParent());
        map.put("client", story.client());
        map.put("method", story.method());
        map.put("host", story.host());
        map.put("target", story.target());
        map.put("protocol", story.protocol());
        map.put("status", story.status());
        map.put("bytesIn", story.bytesIn());
        map.put("bytesOut", story.bytesOut());
        map.put("durationMs", story.durationNanos() / 1e6);
        if (story.firstByteNanos() >= 0) {
            map.put("firstByteMs", story.firstByteNanos() / 1e6);
        }
        if (story.waitedNanos() > 0) {
            map.put("waitedMs", story.waitedNanos() / 1e6);
            map.put("coldStart", story.coldStart());
        }
        putIfKnown(map, "function", story.function());
        putIfKnown(map, "route", story.route());
        putIfKnown(map, "deployment", story.deployment());
        putIfKnown(map, "instance", story.instance());
        putIfKnown(map, "router", story.router());
        putIfKnown(map, "fromRouter", story.fromRouter());
        boolean taken = story.instance() != null || story.router() != null;
        map.put("attempts", story.refusals().size() + (taken ? 1 : 0));
        map.put("termination", story.ending().word());
        return map;
    }

    private static void putIfKnown(Map<String, Object> map, String name, @Nullable String value) {
        if (value != null) {
            map.put(name, value);
        }
    }

    /** What a client sent must not forge lines or fields. */
    private static StringBuilder quoted(StringBuilder line, @Nullable String text) {
        if (text == null) {
            return line.append('-');
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\').append(c);
            } else if (c < ' ' || c == 0x7F) {
                line.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
            } else {
                line.append(c);
            }
        }
        return line;
    }
}
