/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/logs}: the last lines as a JSON array, or, with {@code follow}, as server-sent events that go on until the
 * client leaves. Parameters {@code request}, {@code function}, {@code level}, {@code lines}. Blocks.
 */
public final class LogEndpoint {

    private static final int DEFAULT_LINES = 200;
    private static final int MAX_LINES = 10_000;
    /** So that a client that has gone is noticed. */
    private static final long KEEP_ALIVE_MILLIS = 5_000;

    private final RequestLogs logs;
    private final ObjectMapper json = new ObjectMapper();

    /**
     * An endpoint.
     *
     * @param logs what is asked
     */
    public LogEndpoint(RequestLogs logs) {
        this.logs = logs;
    }

    /**
     * Answers.
     *
     * @param query parameters of the request
     * @param response where to
     * @param callback completed with the response
     * @throws IOException when the client has gone
     */
    public void answer(Map<String, String> query, Response response, Callback callback) throws IOException {
        LogFilter filter;
        int most;
        try {
            filter = LogFilter.of(query);
            most = lines(query.get("lines"));
        } catch (IllegalArgumentException e) {
            text(400, String.valueOf(e.getMessage()), response, callback);
            return;
        }
        if (Boolean.parseBoolean(query.get("follow"))) {
            follow(filter, most, response, callback);
        } else {
            List<Map<String, Object>> found =
                    logs.find(filter, most).stream().map(LoggedLine::asMap).toList();
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.write(true, ByteBuffer.wrap(json.writeValueAsBytes(found)), callback);
        }
    }

    private static int lines(@Nullable String number) {
        if (number == null) {
            return DEFAULT_LINES;
        }
        if (!number.matches("[0-9]{1,6}")) {
            throw new IllegalArgumentException("lines " + number + " (expected: a number)");
        }
        return Math.min(MAX_LINES, Integer.parseInt(number));
    }

    private void follow(LogFilter filter, int most, Response response, Callback callback) throws IOException {
        LogFollower follower = logs.follow(filter);
        if (follower == null) {
            text(503, "too many follow already", response, callback);
            return;
        }
        try {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream;charset=utf-8");
            // Who follows hears everything from here on, and reads what was before: no line twice, none left out.
            long last = 0;
            StringBuilder first = new StringBuilder(": the last lines, then new ones\n\n");
            for (LoggedLine line : logs.find(filter, most)) {
                event(first, line);
                last = line.sequence();
            }
            write(response, first);
            while (!follower.closed()) {
                LoggedLine line = follower.poll(KEEP_ALIVE_MILLIS);
                StringBuilder events = new StringBuilder();
                long dropped = follower.takeDropped();
                if (dropped > 0) {
                    events.append("event: dropped\ndata: {\"dropped\":")
                            .append(dropped)
                            .append("}\n\n");
                }
                // What has come meanwhile goes with it.
                for (; line != null && events.length() < 65_536; line = follower.poll(0)) {
                    if (line.sequence() > last) {
                        event(events, line);
                    }
                }
                if (line != null && line.sequence() > last) {
                    event(events, line);
                }
                write(response, events.length() == 0 ? events.append(": \n\n") : events);
            }
            response.write(true, ByteBuffer.allocate(0), callback);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            callback.failed(e);
        } finally {
            logs.unfollow(follower);
        }
    }

    private void event(StringBuilder to, LoggedLine line) throws IOException {
        to.append("data: ").append(json.writeValueAsString(line.asMap())).append("\n\n");
    }

    private static void write(Response response, CharSequence events) throws IOException {
        Content.Sink.write(response, false, ByteBuffer.wrap(events.toString().getBytes(UTF_8)));
    }

    private static void text(int status, String message, Response response, Callback callback) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
        response.write(true, ByteBuffer.wrap((message + "\n").getBytes(UTF_8)), callback);
    }
}
