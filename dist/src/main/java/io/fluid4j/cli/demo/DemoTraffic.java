/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Clients of the sample application: readers of event streams, and others that wait, compute and upload. Each client is
 * a thread; every answer is checked, and whatever is wrong is counted as a failure.
 */
final class DemoTraffic implements AutoCloseable {

    static final int TOKENS = 40;
    static final int INTERVAL_MILLIS = 50;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int READERS = 24;
    private static final int OTHERS = 6;
    private static final int UPLOAD_BYTES = 1 << 20;

    private final URI front;
    private final DemoFigures figures;
    private final ExecutorService clients = Executors.newFixedThreadPool(READERS + OTHERS, task -> {
        Thread thread = new Thread(task, "demo-client");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private volatile boolean stopping;

    DemoTraffic(URI front, DemoFigures figures) {
        this.front = front;
        this.figures = figures;
    }

    void start() {
        for (int i = 0; i < READERS; i++) {
            clients.execute(() -> again(this::readStream));
        }
        List<Task> others = new ArrayList<>(List.of(
                () -> get("io?millis=200&cpuMillis=2"),
                () -> get("cpu?millis=5"),
                this::askWho,
                this::upload,
                () -> get("slow?rows=5&interval=40"),
                () -> get("index.html")));
        for (int i = 0; i < OTHERS; i++) {
            Task task = others.get(i % others.size());
            clients.execute(() -> again(task));
        }
    }

    /** Lets every request that runs come to its end. */
    @Override
    public void close() {
        stopping = true;
        clients.shutdown();
        try {
            if (!clients.awaitTermination(60, TimeUnit.SECONDS)) {
                figures.failed("requests that do not end");
                clients.shutdownNow();
            }
        } catch (InterruptedException e) {
            clients.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private interface Task {
        void run() throws IOException, InterruptedException;
    }

    private void again(Task task) {
        while (!stopping) {
            try {
                task.run();
            } catch (IOException | IllegalStateException e) {
                figures.failed(e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** One answer: all its events, in order, and as they are made. */
    private void readStream() throws IOException, InterruptedException {
        long start = System.nanoTime();
        figures.openStreams.incrementAndGet();
        try {
            HttpResponse<InputStream> response =
                    send("answer?q=cost&tokens=" + TOKENS + "&interval=" + INTERVAL_MILLIS);
            long last = 0;
            int next = 0;
            boolean done = false;
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    long now = System.nanoTime();
                    if (line.equals("event: notice")) {
                        figures.firstByte(now - start);
                    } else if (line.startsWith("data: {\"n\":" + next + ",")) {
                        if (next++ > 0) {
                            figures.gap(now - last);
                        }
                        last = now;
                        figures.tokens.increment();
                    }
                    done |= line.equals("event: done");
                }
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            figures.requests.increment();
            figures.streams.increment();
            if (!done || next != TOKENS) {
                figures.failed("a stream that broke off after " + next + " of " + TOKENS + " tokens");
            } else if (millis < (TOKENS - 1L) * INTERVAL_MILLIS) {
                figures.failed("a stream of " + millis + " ms, faster than its tokens are made");
            }
        } finally {
            figures.openStreams.decrementAndGet();
        }
    }

    private void get(String path) throws IOException, InterruptedException {
        try (InputStream body = send(path).body()) {
            if (body.readAllBytes().length == 0) {
                figures.failed("an empty answer to " + path);
            }
        }
        figures.requests.increment();
    }

    private void askWho() throws IOException, InterruptedException {
        try (InputStream body = send("status").body()) {
            JsonNode status = JSON.readTree(body);
            figures.answeredBy(status.path("server").asText());
        }
        figures.requests.increment();
        TimeUnit.MILLISECONDS.sleep(20);
    }

    private void upload() throws IOException, InterruptedException {
        byte[] content = new byte[UPLOAD_BYTES];
        HttpRequest request = HttpRequest.newBuilder(front.resolve("upload"))
                .header("Content-Type", "application/octet-stream")
                .timeout(Duration.ofSeconds(60))
                .POST(BodyPublishers.ofByteArray(content))
                .build();
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString(UTF_8));
        requireOk(response, "upload");
        if (!JSON.readTree(response.body()).path("sha256").asText().equals(sha256(content))) {
            figures.failed("an upload that arrived as something else");
        }
        figures.requests.increment();
        figures.uploadedBytes.add(UPLOAD_BYTES);
        TimeUnit.MILLISECONDS.sleep(100);
    }

    private HttpResponse<InputStream> send(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(front.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .GET()
                .build();
        HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
        requireOk(response, path);
        return response;
    }

    private static void requireOk(HttpResponse<?> response, String path) {
        if (response.statusCode() != 200) {
            throw new IllegalStateException("status " + response.statusCode() + " ("
                    + response.headers().firstValue("Fluid-Error").orElse("no Fluid-Error") + ") to " + path);
        }
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
