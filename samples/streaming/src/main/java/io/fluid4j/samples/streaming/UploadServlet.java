/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * {@code POST /upload?id=} takes a body without ever blocking a thread and answers with its length and digest;
 * {@code GET /upload?id=} says how much has arrived so far.
 */
public final class UploadServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final System.Logger LOG = System.getLogger(UploadServlet.class.getName());

    private static final Pattern ID = Pattern.compile("id=[A-Za-z0-9]{1,64}");

    private final transient Map<String, Long> progress = new ConcurrentHashMap<>();

    /** Called by the container. */
    public UploadServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Json.send(response, Map.of("received", progress.getOrDefault(id(request), -1L)));
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        Counters counters = Counters.of(getServletContext());
        counters.begun("uploads");
        request.getInputStream().setReadListener(new Upload(async, id(request), counters));
    }

    /** From the query alone: {@code getParameter} would read the body itself when that looks like a form. */
    private static String id(HttpServletRequest request) {
        String query = request.getQueryString();
        return query != null && ID.matcher(query).matches() ? query.substring(3) : "";
    }

    /** One body on its way in. The container calls one method at a time. */
    private final class Upload implements ReadListener {

        private final AsyncContext async;
        private final String id;
        private final Counters counters;
        private final ServletInputStream in;
        private final MessageDigest digest;
        private final byte[] buffer = new byte[16 * 1024];
        private final long startNanos = System.nanoTime();
        private long received;

        Upload(AsyncContext async, String id, Counters counters) throws IOException {
            this.async = async;
            this.id = id;
            this.counters = counters;
            this.in = async.getRequest().getInputStream();
            try {
                this.digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        @Override
        public void onDataAvailable() throws IOException {
            while (in.isReady() && !in.isFinished()) {
                int length = in.read(buffer);
                if (length > 0) {
                    digest.update(buffer, 0, length);
                    received += length;
                    counters.add("bytesUploaded", length);
                    if (!id.isEmpty()) {
                        progress.put(id, received);
                    }
                }
            }
        }

        @Override
        public void onAllDataRead() throws IOException {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("bytes", received);
            answer.put("sha256", HexFormat.of().formatHex(digest.digest()));
            answer.put("millis", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
            LOG.log(System.Logger.Level.INFO, "{0} octets were uploaded in {1} ms", received, answer.get("millis"));
            Json.send((HttpServletResponse) async.getResponse(), answer);
            end();
        }

        @Override
        public void onError(Throwable failure) {
            counters.add("uploadsCut", 1);
            end();
        }

        private void end() {
            progress.remove(id);
            counters.ended();
            async.complete();
        }
    }
}
