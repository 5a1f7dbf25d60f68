/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The whole request path: a raw client, the router, and an instance behind a real tunnel. */
@Timeout(120)
class RequestPathTest {

    private Router router;
    private ScriptedInstance instance;
    private ScriptedInstance second;

    @AfterEach
    void stop() {
        if (instance != null) {
            instance.close();
        }
        if (second != null) {
            second.close();
        }
        if (router != null) {
            assertThat(router.context().live().size())
                    .as("exchanges left behind")
                    .isZero();
            router.close();
        }
    }

    static Config config(String... more) {
        Map<String, String> values = new HashMap<>();
        values.put("fluid.router.http.port", "0");
        values.put("fluid.router.http.bind", "127.0.0.1");
        values.put("fluid.router.tunnel.port", "0");
        values.put("fluid.router.admin.port", "0");
        values.put("fluid.tunnel.secret", ScriptedInstance.SECRET);
        values.put("fluid.usage.jdbc-url", "jdbc:h2:mem:" + UUID.randomUUID());
        for (int i = 0; i < more.length; i += 2) {
            if (more[i + 1] == null) {
                values.remove(more[i]);
            } else {
                values.put(more[i], more[i + 1]);
            }
        }
        return Config.builder()
                .role(Role.ROUTER)
                .explicit(values)
                .systemProperties(new Properties())
                .environment(Map.of())
                .noDefaultFiles()
                .build();
    }

    private void start(Consumer<ScriptedInstance.Call> script, String... more) throws Exception {
        router = Router.create(config(more)).start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", script).connected();
        await().until(() -> router.instances() == 1);
    }

    private RawClient client() throws Exception {
        return new RawClient(router.httpPort());
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: shop.example\r\n\r\n";
    }

    @Test
    void getGoesThrough() throws Exception {
        start(call -> call.answer(200, "hello " + call.head.targetString(), "Content-Type", "text/plain"));
        try (RawClient client = client()) {
            for (int i = 0; i < 3; i++) {
                RawClient.Answer answer = client.send(get("/a?b=" + i)).answer();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.text()).isEqualTo("hello /a?b=" + i);
                assertThat(answer.field("Content-Length")).isEqualTo("12");
                assertThat(answer.field("Content-Type")).isEqualTo("text/plain");
                assertThat(answer.field("Date")).isNotNull();
                assertThat(answer.field("Fluid-Request-Id")).matches("[0-9a-f]{32}");
            }
        }
        ScriptedInstance.Call call = instance.call();
        assertThat(call.head.authority()).isEqualTo("shop.example");
        assertThat(call.head.hops()).isEqualTo(1);
        assertThat(call.head.remote().isLoopbackAddress()).isTrue();
        assertThat(call.head.deadlineMillis()).isBetween(290_000L, 300_000L);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        start(call -> call.answer(200, call.head.targetString()));
        try (RawClient client = client()) {
            client.send(get("/1") + get("/2") + get("/3"));
            assertThat(client.answer().text()).isEqualTo("/1");
            assertThat(client.answer().text()).isEqualTo("/2");
            assertThat(client.answer().text()).isEqualTo("/3");
        }
    }

    @Test
    void requestThatComesWhileAnotherIsUnderWayWaitsForItsTurn() throws Exception {
        start(call -> {});
        try (RawClient client = client()) {
            client.send(get("/1"));
            ScriptedInstance.Call first = instance.call();
            client.send(get("/2"));
            // The second one has been read by the router when its octets are no longer in the client's socket.
            first.answer(200, "one");
            assertThat(client.answer().text()).isEqualTo("one");
            instance.call().answer(200, "two");
            assertThat(client.answer().text()).isEqualTo("two");
            client.send(get("/3"));
            instance.call().answer(200, "three");
            assertThat(client.answer().text()).isEqualTo("three");
        }
    }

    @Test
    void bodyWithLengthAndBodyInChunksArrive() throws Exception {
        start(call -> call.readBody().thenAccept(body -> call.answer(200, new String(body, StandardCharsets.UTF_8))));
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
            assertThat(instance.call().head.contentLength()).isEqualTo(5);
            client.send("lo");
            assertThat(client.answer().text()).isEqualTo("hello");
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            assertThat(instance.call().head.contentLength()).isEqualTo(-1);
            client.send("2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n");
            assertThat(client.answer().text()).isEqualTo("abcde");
            client.send(get("/after"));
            assertThat(client.answer().status()).isEqualTo(200);
        }
    }

    @Test
    void trailersGoBothWays() throws Exception {
        start(call -> call.readBody().thenAccept(body -> {
            call.head(200, -1, "Trailer", "X-Trailer");
            call.send("body");
            call.endWithTrailer("down " + call.trailers);
        }));
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\nX-Trailer: up\r\nContent-Length: 7\r\n\r\n");
            RawClient.Answer answer = client.answer();
            assertThat(answer.text()).isEqualTo("body");
            assertThat(answer.field("X-Trailer")).isEqualTo("down up");
            assertThat(instance.call().field("TE")).isEqualTo("trailers");
        }
    }

    @Test
    void eachFlushReachesTheClientAtOnce() throws Exception {
        start(call -> {});
        try (RawClient client = client()) {
            client.send(get("/events"));
            ScriptedInstance.Call call = instance.call();
            call.head(200, -1, "Content-Type", "text/event-stream");
            assertThat(client.readHead().field("Transfer-Encoding")).isEqualTo("chunked");
            for (int i = 0; i < 5; i++) {
                call.send("event " + i);
                assertThat(client.chunk()).isEqualTo("event " + i);
            }
            call.end();
            assertThat(client.line()).isEmpty();
            assertThat(client.line()).isEqualTo("0");
        }
    }

    @Test
    void statusesWithoutBodyKeepTheirLengths() throws Exception {
        start(call -> {
            call.start();
            switch (call.head.targetString()) {
                case "/head" -> call.head(200, 1234);
                case "/headUnknown" -> call.head(200, -1);
                case "/204" -> call.head(204, -1);
                case "/304" -> call.head(304, -1, "ETag", "\"x\"");
                default -> throw new IllegalStateException(call.head.targetString());
            }
            call.end();
        });
        try (RawClient client = client()) {
            client.send("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer(true).field("Content-Length")).isEqualTo("1234");
            client.send("HEAD /headUnknown HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer(true).field("Content-Length")).isNull();
            RawClient.Answer noContent = client.send(get("/204")).answer();
            assertThat(noContent.status()).isEqualTo(204);
            assertThat(noContent.field("Content-Length")).isNull();
            assertThat(noContent.field("Transfer-Encoding")).isNull();
            RawClient.Answer notModified = client.send(get("/304")).answer();
            assertThat(notModified.status()).isEqualTo(304);
            assertThat(notModified.field("Content-Length")).isNull();
            client.send("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer(true).status()).isEqualTo(200);
        }
    }

    @Test
    void interimResponsesAreRelayed() throws Exception {
        start(call -> {
            call.interim(103, "Link", "</style.css>");
            call.answer(200, "done");
        });
        try (RawClient client = client()) {
            client.send(get("/"));
            RawClient.Answer hints = client.readHead();
            assertThat(hints.status()).isEqualTo(103);
            assertThat(hints.field("Link")).isEqualTo("</style.css>");
            assertThat(client.answer().text()).isEqualTo("done");
        }
    }

    @Test
    void continueComesFromTheApplicationAndOnce() throws Exception {
        start(call -> {});
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            ScriptedInstance.Call call = instance.call();
            assertThat(call.field("Expect")).isEqualTo("100-continue");
            call.interim(100);
            assertThat(client.readHead().status()).isEqualTo(100);
            client.send("body");
            assertThat(call.readBody().get(30, TimeUnit.SECONDS)).hasSize(4);
            call.answer(201, "made");
            assertThat(client.readHead().status()).isEqualTo(201);
        }
    }

    @Test
    void applicationThatRefusesWithoutContinueAnswersAtOnce() throws Exception {
        start(call -> call.answer(417, "no"));
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(417);
        }
    }

    @Test
    void nackSendsTheRequestElsewhereWithItsBody() throws Exception {
        start(call -> call.answer(200, "warm"));
        try (RawClient client = client()) {
            assertThat(client.send(get("/")).answer().text()).isEqualTo("warm");
            // The first one is active now: it is asked before the second, which is idle.
            instance.script(call -> call.nack(NackReason.CPU_THROTTLED));
            second = new ScriptedInstance(router.tunnelPort(), "shop", call -> call.readBody()
                            .thenAccept(body -> call.answer(200, new String(body, StandardCharsets.UTF_8))))
                    .connected();
            await().until(() -> router.instances() == 2);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            assertThat(client.answer().text()).isEqualTo("hello");
        }
        assertThat(instance.requests).hasSize(2);
        assertThat(second.requests).hasSize(1);
        assertThat(router.context().metrics().nacks(NackReason.CPU_THROTTLED)).isEqualTo(1);
        assertThat(router.context().metrics().reroutes(NackReason.CPU_THROTTLED))
                .isEqualTo(1);
    }

    /** However long the body, no more than the stream's window is sent before somebody has begun to read it. */
    @Test
    void longBodyThatHadBegunToFlowGoesElsewhereWhole() throws Exception {
        String body = "0123456789abcdef".repeat(15 * 1024);
        CompletableFuture<ScriptedInstance.Call> asked = new CompletableFuture<>();
        start(call -> call.answer(200, "warm"));
        try (RawClient client = client()) {
            assertThat(client.send(get("/")).answer().text()).isEqualTo("warm");
            instance.script(asked::complete);
            second = new ScriptedInstance(router.tunnelPort(), "shop", call -> call.start()
                            .readBody()
                            .thenAccept(whole -> call.answer(
                                    200, Boolean.toString(new String(whole, StandardCharsets.UTF_8).equals(body)))))
                    .connected();
            await().until(() -> router.instances() == 2);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            ScriptedInstance.Call refused = asked.get(30, TimeUnit.SECONDS);
            refused.nack(NackReason.QUEUE_DELAY);
            assertThat(client.answer().text()).isEqualTo("true");
        }
    }

    @Test
    void withoutAnInstanceTheAnswerIs503() throws Exception {
        router = Router.create(config()).start();
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send(get("/")).answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.field("Fluid-Error")).isEqualTo("no-instance");
            assertThat(answer.field("Retry-After")).isEqualTo("1");
            assertThat(answer.field("Fluid-Request-Id")).isNotNull();
        }
    }

    @Test
    void whenNobodyTakesItTheAnswerIs503AfterTheWait() throws Exception {
        start(call -> call.nack(NackReason.MEMORY), "fluid.router.max-wait", "300ms");
        instance.state(Health.State.OVERLOADED, 0);
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send(get("/")).answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.field("Fluid-Error")).isEqualTo("all-nacked");
        }
    }

    @Test
    void requestThatWaitsIsServedWhenAnInstanceRecovers() throws Exception {
        start(call -> call.answer(200, "served"), "fluid.router.max-wait", "60s");
        instance.state(Health.State.OVERLOADED, 0);
        await().until(() -> router.context().instances().all().get(0).state().equals("paused"));
        try (RawClient client = client()) {
            client.send(get("/"));
            await().until(() ->
                    router.context().instances().group("shop").waiting().size() == 1);
            instance.state(Health.State.ACCEPTING, 0);
            assertThat(client.answer().text()).isEqualTo("served");
        }
    }

    @Test
    void lostInstanceIs502BeforeTheResponseAndAnAbortAfter() throws Exception {
        start(call -> {});
        try (RawClient before = client();
                RawClient after = client()) {
            before.send(get("/before"));
            instance.call();
            after.send(get("/after"));
            ScriptedInstance.Call call = instance.call();
            call.head(200, -1);
            call.send("part");
            after.readHead();
            assertThat(after.chunk()).isEqualTo("part");
            instance.kill();
            RawClient.Answer lost = before.answer();
            assertThat(lost.status()).isEqualTo(502);
            assertThat(lost.field("Fluid-Error")).isEqualTo("instance-lost");
            assertThat(after.closedByPeer()).isTrue();
        }
    }

    @Test
    void instanceThatGivesUpNeverLeavesACompleteLookingBody() throws Exception {
        start(call -> {});
        for (long length : new long[] {-1, 10}) {
            try (RawClient client = client()) {
                client.send(get("/"));
                ScriptedInstance.Call call = instance.call();
                call.head(200, length);
                call.send("part");
                RawClient.Answer head = client.readHead();
                call.stream.fail(ErrorCode.INTERNAL, "broken");
                call.stream.completed(null);
                assertThat(client.readBody(head).complete()).isFalse();
            }
        }
    }

    @Test
    void instanceThatGivesUpBeforeTheFirstOctetHasLeftIs502() throws Exception {
        start(call -> {
            call.start();
            call.stream.fail(ErrorCode.INTERNAL, "broken");
            call.stream.completed(null);
        });
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send(get("/")).answer();
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.field("Fluid-Error")).isEqualTo("instance-fault");
            // The connection is as good as before.
            assertThat(client.send(get("/")).answer().status()).isEqualTo(502);
        }
    }

    @Test
    void timeoutIs504AndReachesTheApplication() throws Exception {
        start(call -> {}, "fluid.request-timeout", "200ms");
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send(get("/")).answer();
            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.field("Fluid-Error")).isEqualTo("timeout");
            assertThat(instance.call().cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.DEADLINE);
        }
    }

    @Test
    void clientThatResetsWhileItWaitsReachesTheApplication() throws Exception {
        start(call -> {});
        RawClient client = client();
        client.send(get("/"));
        ScriptedInstance.Call call = instance.call();
        client.reset();
        assertThat(call.cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CLIENT_GONE);
    }

    @Test
    void clientThatClosesWhileItWaitsReachesTheApplication() throws Exception {
        start(call -> {});
        RawClient client = client();
        client.send(get("/"));
        ScriptedInstance.Call call = instance.call();
        client.close();
        assertThat(call.cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CLIENT_GONE);
    }

    @Test
    void clientThatGoesInTheMiddleOfItsBodyReachesTheApplication() throws Exception {
        start(call -> {});
        RawClient client = client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhel");
        ScriptedInstance.Call call = instance.call();
        client.close();
        assertThat(call.cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CLIENT_GONE);
    }

    @Test
    void clientThatGoesInTheMiddleOfAStreamReachesTheApplication() throws Exception {
        start(call -> {});
        RawClient client = client();
        client.send(get("/"));
        ScriptedInstance.Call call = instance.call();
        call.head(200, -1);
        call.send("one");
        client.readHead();
        client.close();
        await().until(() -> {
            call.send("more");
            return call.cancelled.isDone();
        });
    }

    @Test
    void halfClosedClientGetsItsWholeResponse() throws Exception {
        start(call -> {});
        try (RawClient client = client()) {
            client.send(get("/")).halfClose();
            ScriptedInstance.Call call = instance.call();
            // Longer than the first looks whether the client is still there.
            await().pollDelay(700, TimeUnit.MILLISECONDS).until(() -> true);
            assertThat(call.cancelled).isNotDone();
            call.head(200, -1);
            call.send("one");
            call.send("two");
            call.end();
            RawClient.Answer answer = client.answer();
            assertThat(answer.text()).isEqualTo("onetwo");
            assertThat(answer.complete()).isTrue();
            assertThat(client.closedByPeer()).isTrue();
        }
    }

    @Test
    void connectionCloseIsHonoured() throws Exception {
        start(call -> call.answer(200, "bye"));
        try (RawClient client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertThat(client.answer().text()).isEqualTo("bye");
            assertThat(client.closedByPeer()).isTrue();
        }
    }

    @Test
    void earlyResponseDoesNotWaitForTheBody() throws Exception {
        start(call -> call.answer(413, "too much"));
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nhel");
            assertThat(client.answer().status()).isEqualTo(413);
        }
    }

    @Test
    void slowReaderGetsEverything() throws Exception {
        String piece = "0123456789abcdef".repeat(4096);
        start(call -> {});
        try (RawClient client = client()) {
            client.send(get("/big"));
            ScriptedInstance.Call call = instance.call();
            call.head(200, piece.length() * 64L);
            new Thread(() -> {
                        for (int i = 0; i < 64; i++) {
                            java.util.concurrent.CompletableFuture<Void> taken =
                                    new java.util.concurrent.CompletableFuture<>();
                            call.stream.send(
                                    null,
                                    java.nio.ByteBuffer.wrap(piece.getBytes(StandardCharsets.ISO_8859_1)),
                                    i == 63,
                                    null,
                                    org.eclipse.jetty.util.Callback.from(
                                            () -> taken.complete(null), taken::completeExceptionally));
                            taken.join();
                        }
                        call.stream.completed(null);
                    })
                    .start();
            RawClient.Answer answer = client.answer();
            assertThat(answer.complete()).isTrue();
            assertThat(answer.body()).hasSize(piece.length() * 64);
        }
    }

    @Test
    void idsAndTraceContextPass() throws Exception {
        start(call -> call.answer(200, "ok"));
        try (RawClient client = client()) {
            RawClient.Answer answer = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n"
                            + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n")
                    .answer();
            ScriptedInstance.Call call = instance.call();
            assertThat(call.field("X-Request-Id")).isEqualTo("mine");
            assertThat(call.field("traceparent")).startsWith("00-0af7651916cd43dd");
            assertThat(answer.field("X-Request-Id")).isEqualTo("mine");
            assertThat(answer.field("Fluid-Request-Id")).isEqualTo(call.head.requestId());
        }
    }
}
