/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.battery.Pattern;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies on their way: flushes, back-pressure, both directions at once, asynchronous requests. */
class BatteryStreamIT extends Battery {

    private static final long LARGE = 24L << 20;
    private static final int SMALL_BUFFER = 16 * 1024;

    @ParameterizedTest
    @ValueSource(
            strings = {"text/html", "text/event-stream", "application/json", "image/png", "application/octet-stream"})
    void everyFlushReachesTheClientAtOnce(String type) throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/flush/x?n=3&key=" + key + "&type=" + type, "Accept-Encoding: gzip"));
            assertThat(client.readHead("GET").status()).isEqualTo(200);
            for (int i = 0; i < 3; i++) {
                assertThat(client.readUntil("\n")).isEqualTo("piece " + i + "\n");
                leave(key + i);
            }
            assertThat(client.readBody()).isEmpty();
        }
    }

    @Test
    void flushedHeadReachesTheClientBeforeTheBody() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/flush/head?n=1&key=" + key));
            assertThat(client.readHead("GET").status()).isEqualTo(200);
            leave(key + "h");
            assertThat(client.readUntil("\n")).isEqualTo("piece 0\n");
            leave(key + "0");
            assertThat(client.readBody()).isEmpty();
        }
    }

    @Test
    void asynchronousEventsReachTheClientAtOnce() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/async/stream?key=" + key));
            client.readHead("GET");
            for (int i = 0; i < 3; i++) {
                assertThat(client.readUntil("\n\n")).isEqualTo("data: " + i + "\n\n");
                leave(key + i);
            }
            assertThat(client.readBody()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"blocking", "async"})
    void largeDownloadIsComplete(String how) throws IOException {
        try (RawClient client = connect()) {
            client.send(head("GET", "/download?how=" + how + "&bytes=" + LARGE));
            client.readHead("GET");
            assertThat(verify(client)).isEqualTo(LARGE);
        }
    }

    @Test
    void largeUploadIsComplete() throws Exception {
        try (RawClient client = connect()) {
            client.send(head("POST", "/upload", "Content-Length: " + LARGE));
            sendPattern(client, LARGE, new AtomicLong(), false);
            assertThat(client.readResponse("POST").text()).isEqualTo("read " + LARGE);
        }
    }

    @Test
    void largeUploadInChunksIsComplete() throws Exception {
        try (RawClient client = connect()) {
            client.send(head("POST", "/upload", "Transfer-Encoding: chunked"));
            sendPattern(client, LARGE, new AtomicLong(), true);
            assertThat(client.readResponse("POST").text()).isEqualTo("read " + LARGE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/echo", "/nonBlockingEcho"})
    void bodiesFlowBothWaysAtOnce(String echo) throws Exception {
        long length = 8L << 20;
        try (RawClient client = connect()) {
            client.send(head("POST", echo, "Transfer-Encoding: chunked"));
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    sendPattern(client, length, new AtomicLong(), true);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThat(client.readHead("POST").status()).isEqualTo(200);
            assertThat(verify(client)).isEqualTo(length);
            sending.get(20, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/echo", "/nonBlockingEcho"})
    void clientAndApplicationTalkInTurns(String echo) throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", echo, "Transfer-Encoding: chunked"));
            client.sendChunk("turn 0\n");
            if (echo.equals("/nonBlockingEcho")) {
                // A non-blocking write is flushed when the container likes; its buffer is no larger than this.
                client.sendChunk("x".repeat(64 * 1024) + "\n");
                client.readHead("POST");
                assertThat(client.readUntil("\n")).startsWith("turn 0\n");
            } else {
                client.readHead("POST");
                assertThat(client.readUntil("\n")).isEqualTo("turn 0\n");
                for (int i = 1; i < 4; i++) {
                    client.sendChunk("turn " + i + "\n");
                    assertThat(client.readUntil("\n")).isEqualTo("turn " + i + "\n");
                }
            }
            client.send("0\r\n\r\n");
            client.readBody();
        }
    }

    @Test
    void clientThatStopsReadingTurnsIsReadyFalse() throws IOException {
        String key = freshKey();
        try (RawClient client = RawClient.connect(port(), SMALL_BUFFER)) {
            client.send(head("GET", "/download?how=async&bytes=" + LARGE + "&key=" + key));
            assertThat(awaitWord(key)).isEqualTo("not ready");
            client.readHead("GET");
            assertThat(verify(client)).isEqualTo(LARGE);
            assertThat(Integer.parseInt(awaitWord(key + ".calls"))).isGreaterThan(1);
            assertThat(Integer.parseInt(awaitWord(key + ".refusals"))).isPositive();
        }
    }

    @Test
    void applicationThatDoesNotReadStopsTheClient() throws Exception {
        String key = freshKey();
        long length = 256L << 20;
        AtomicLong sent = new AtomicLong();
        try (RawClient client = connect()) {
            client.send(head("POST", "/upload?first=" + key, "Content-Length: " + length));
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    sendPattern(client, length, sent, false);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            awaitStandstill(sent);
            assertThat(sent.get()).as("what buffers and windows take").isLessThan(64L << 20);
            leave(key);
            Response response = client.readResponse("POST");
            assertThat(response.text()).isEqualTo("read " + length);
            sending.get(20, TimeUnit.SECONDS);
        }
    }

    /** Listeners on both sides: what cannot be written is not read, and what is not read is not sent. */
    @Test
    void readListenerThatMayNotWriteStopsTheClient() throws Exception {
        long length = 256L << 20;
        AtomicLong sent = new AtomicLong();
        try (RawClient client = RawClient.connect(port(), SMALL_BUFFER)) {
            client.send(head("POST", "/nonBlockingEcho", "Content-Length: " + length));
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    sendPattern(client, length, sent, false);
                } catch (IOException e) {
                    // The client has seen enough.
                }
            });
            awaitStandstill(sent);
            long stopped = sent.get();
            assertThat(stopped).as("what buffers and windows take").isLessThan(128L << 20);
            client.readHead("POST");
            long at = 0;
            while (sent.get() == stopped || at < stopped) {
                byte[] some = client.readSome();
                for (int i = 0; i < some.length; i++) {
                    if (some[i] != Pattern.at(at + i)) {
                        throw new AssertionError("wrong octet at " + (at + i));
                    }
                }
                at += some.length;
            }
            client.reset();
            sending.get(20, TimeUnit.SECONDS);
        }
    }

    private static void awaitStandstill(AtomicLong sent) {
        AtomicLong before = new AtomicLong(-1);
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(250))
                .until(() -> before.getAndSet(sent.get()) == sent.get());
    }

    @Test
    void dispatchFromAForeignThread() throws IOException {
        assertThat(get("/async/dispatch").text()).isEqualTo("dispatched a foreign thread");
    }

    @Test
    void asyncContextStart() throws IOException {
        assertThat(get("/async/start").text()).isEqualTo("started");
    }

    @Test
    void completeFromAForeignThread() throws IOException {
        assertThat(get("/async/complete").text()).isEqualTo("completed");
    }

    @Test
    void asyncTimeoutReachesItsListener() throws IOException {
        Response response = get("/async/timeout");
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).isEqualTo("timed out");
    }

    @Test
    void asyncTimeoutWithoutListenerIsAnsweredByTheContainer() throws IOException {
        assertThat(get("/async/unhandledTimeout").status()).isEqualTo(500);
    }

    private static void sendPattern(RawClient client, long length, AtomicLong sent, boolean chunked)
            throws IOException {
        byte[] buffer = new byte[64 * 1024];
        for (long at = 0; at < length; ) {
            int n = (int) Math.min(buffer.length, length - at);
            byte[] piece = n == buffer.length ? buffer : new byte[n];
            Pattern.fill(piece, n, at);
            if (chunked) {
                client.sendChunk(piece, n);
            } else {
                client.send(piece);
            }
            at += n;
            sent.set(at);
        }
        if (chunked) {
            client.send("0\r\n\r\n");
        }
    }

    /** Reads the body to its end; returns its length, and fails at the first octet that is not in its place. */
    private static long verify(RawClient client) throws IOException {
        long at = 0;
        for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
            for (int i = 0; i < some.length; i++) {
                if (some[i] != Pattern.at(at + i)) {
                    throw new AssertionError("wrong octet at " + (at + i));
                }
            }
            at += some.length;
        }
        return at;
    }
}
