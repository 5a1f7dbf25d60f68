/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Chromium without a window, driven by its own debugging protocol. One page at a time. Calls wait for their answer;
 * one thread at a time.
 */
final class Browser implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration CALL_LIMIT = Duration.ofSeconds(60);
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on (ws://\\S+)");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ServerProcess process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> calls;
    private final AtomicInteger lastCall = new AtomicInteger();
    private String session = "";

    private Browser(ServerProcess process, WebSocket socket, Map<Integer, CompletableFuture<JsonNode>> calls) {
        this.process = process;
        this.socket = socket;
        this.calls = calls;
    }

    /** The installed program, or null when there is none. */
    static @Nullable Path installed() {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, "chromium"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /** Starts it with a profile of its own, and opens an empty page. */
    static Browser start(Path program) {
        Path folder = Build.work("browser");
        ServerProcess process = ServerProcess.start(
                "chromium",
                List.of(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "about:blank"),
                folder,
                Map.of("HOME", folder.toString()),
                folder.resolve("console.log"));
        try {
            String address = process.awaitLine(LISTENING, START_LIMIT).group(1);
            Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create(address), new Answers(calls))
                    .join();
            Browser browser = new Browser(process, socket, calls);
            ObjectNode page = JSON.createObjectNode().put("url", "about:blank");
            ObjectNode attach = JSON.createObjectNode()
                    .put(
                            "targetId",
                            browser.call("Target.createTarget", page)
                                    .path("targetId")
                                    .asText())
                    .put("flatten", true);
            browser.session = browser.call("Target.attachToTarget", attach)
                    .path("sessionId")
                    .asText();
            return browser;
        } catch (RuntimeException e) {
            process.close();
            throw e;
        }
    }

    /** Goes to an address and waits until the page has been loaded with all that belongs to it. */
    void open(String url) {
        JsonNode answer = call("Page.navigate", JSON.createObjectNode().put("url", url));
        if (answer.has("errorText")) {
            throw new IllegalStateException(
                    url + ": " + answer.path("errorText").asText());
        }
        evaluate("new Promise(done => document.readyState === 'complete' ? done('loaded')"
                + " : addEventListener('load', () => done('loaded')))");
    }

    /** Runs a script in the page; what it gives, or what its promise gives in the end, as text. */
    String evaluate(String script) {
        ObjectNode parameters = JSON.createObjectNode()
                .put("expression", script)
                .put("awaitPromise", true)
                .put("returnByValue", true);
        JsonNode answer = call("Runtime.evaluate", parameters);
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException("the script failed: " + answer.path("exceptionDetails"));
        }
        return answer.path("result").path("value").asText();
    }

    private JsonNode call(String method, ObjectNode parameters) {
        int id = lastCall.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        calls.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        if (!session.isEmpty()) {
            message.put("sessionId", session);
        }
        socket.sendText(message.set("params", parameters).toString(), true).join();
        try {
            JsonNode got = answer.get(CALL_LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (got.has("error")) {
                throw new IllegalStateException(method + ": " + got.path("error"));
            }
            return got.path("result");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(method + " got no answer:\n" + process.tail(), e);
        } finally {
            calls.remove(id);
        }
    }

    @Override
    public void close() {
        socket.abort();
        process.close();
    }

    /** Gives each answer to the call that waits for it; events are not of interest. */
    private static final class Answers implements WebSocket.Listener {
        private final Map<Integer, CompletableFuture<JsonNode>> calls;
        private final StringBuilder text = new StringBuilder();

        Answers(Map<Integer, CompletableFuture<JsonNode>> calls) {
            this.calls = calls;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                try {
                    JsonNode message = JSON.readTree(text.toString());
                    CompletableFuture<JsonNode> call =
                            calls.get(message.path("id").asInt());
                    if (call != null) {
                        call.complete(message);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    text.setLength(0);
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable failure) {
            calls.values().forEach(call -> call.completeExceptionally(failure));
        }
    }
}
