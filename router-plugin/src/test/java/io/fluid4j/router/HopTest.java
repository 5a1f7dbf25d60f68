/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.StreamFailure;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests for a function that another router of the fleet holds: one hop, both ways, and never two. */
@Timeout(240)
class HopTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TOKEN = "a-token-of-some-length";
    private static final String PEERS = "a secret between routers";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private ResolverServer resolver;

    @BeforeEach
    void open() throws Exception {
        resolver = ResolverServer.create(Config.builder()
                        .role(Role.RESOLVER)
                        .noDefaultFiles()
                        .environment(Map.of())
                        .explicit(Map.of(
                                "fluid.resolver.dns.port", "off",
                                "fluid.resolver.http.port", "0",
                                "fluid.resolver.token", TOKEN))
                        .build())
                .start();
        opened.add(resolver);
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            if (opened.get(i) instanceof Router router) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(router.context().live().size())
                                .as("exchanges left behind at " + router.id())
                                .isZero());
            }
            opened.get(i).close();
        }
    }

    private Router router(String id, String region, String zone, String... more) throws Exception {
        List<String> keys = new ArrayList<>(List.of(
                "fluid.router.id", id,
                "fluid.region", region,
                "fluid.zone", zone,
                "fluid.route.shop.function", "shop",
                "fluid.router.peer-secret", PEERS,
                "fluid.resolver.urls", "http://127.0.0.1:" + resolver.httpPort(),
                "fluid.resolver.token", TOKEN));
        keys.addAll(Arrays.asList(more));
        Router router = Router.create(RequestPathTest.config(keys.toArray(new String[0])))
                .start();
        opened.add(router);
        router.context().maxDialNanos(PATIENCE.toNanos());
        return router;
    }

    private ScriptedInstance instance(Router at, Consumer<ScriptedInstance.Call> script) throws Exception {
        ScriptedInstance instance = new ScriptedInstance(at.tunnelPort(), "shop", script).connected();
        opened.add(instance);
        return instance;
    }

    /** Until the router's replica says that so many others hold the function, and have room. */
    private static void sees(Router router, int holders) {
        await().atMost(PATIENCE).until(() -> {
            Resolution shop = router.resolver().lookup("shop");
            return (shop == null ? 0 : shop.routes().size()) == holders
                    && (shop == null
                            || shop.routes().stream()
                                    .allMatch(route -> route.registration().capacity() > 0));
        });
    }

    private RawClient client(Router of) throws Exception {
        RawClient client = new RawClient(of.httpPort());
        opened.add(client);
        return client;
    }

    private static String get(String path, String... fields) {
        return "GET " + path + " HTTP/1.1\r\nHost: shop.example\r\n" + String.join("", fields) + "\r\n";
    }

    private String admin(Router router, String path) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.adminPort() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return response.body();
    }

    /** What is told of a request, once it has ended for the router, too. */
    private JsonNode explain(Router router, RawClient.Answer answer) {
        String path = "/api/requests/" + answer.field("Fluid-Request-Id");
        return await().atMost(PATIENCE)
                .ignoreExceptionsMatching(failure -> failure instanceof AssertionError)
                .until(() -> new ObjectMapper().readTree(admin(router, path)), node -> node != null);
    }

    /** A request is counted when its response has been written, which the client may know earlier. */
    private void counts(Router router, String line, long expected) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(metric(router, line)).as(line).isEqualTo(expected));
    }

    private long metric(Router router, String line) throws Exception {
        for (String one : admin(router, "/metrics").split("\n")) {
            if (one.startsWith(line + " ")) {
                return (long) Double.parseDouble(one.substring(line.length() + 1));
            }
        }
        return 0;
    }

    @Test
    void aRequestGoesToTheRouterThatHoldsItsFunction() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(
                two,
                call -> call.answer(200, "hello", new Usage(Usage.COMPLETE, 5_000_000, 0, 6_000_000, Usage.UNKNOWN)));
        sees(one, 1);
        assertThat(one.ready()).isTrue();

        RawClient.Answer hopped = client(one)
                .send(get("/a?b=1", "X-Shop: x\r\n", "X-Forwarded-For: 1.2.3.4\r\n"))
                .answer();
        assertThat(hopped.status()).isEqualTo(200);
        assertThat(hopped.text()).isEqualTo("hello");
        ScriptedInstance.Call call = shop.call();
        assertThat(call.head.targetString()).isEqualTo("/a?b=1");
        assertThat(call.head.hops()).isEqualTo(2);
        assertThat(call.head.authority()).isEqualTo("shop.example");
        assertThat(call.head.requestId()).isEqualTo(hopped.field("Fluid-Request-Id"));
        assertThat(call.head.remote().isLoopbackAddress()).isTrue();
        assertThat(call.head.localPort()).isEqualTo(one.httpPort());
        assertThat(call.field("X-Shop")).isEqualTo("x");
        assertThat(call.field("X-Forwarded-For")).isEmpty();
        assertThat(call.head.fields().first("Via")).isEqualTo("1.1 fluid4j");
        assertThat(call.head.deadlineMillis()).isBetween(200_000L, 300_000L);

        // The client sees no difference to an answer of the router that holds it.
        RawClient.Answer local = client(two).send(get("/a")).answer();
        assertThat(names(hopped)).containsExactlyElementsOf(names(local));

        JsonNode here = explain(one, hopped);
        assertThat(here.path("router").asText()).isEqualTo("two");
        JsonNode said = here.path("resolver").path(0);
        assertThat(said.path("router").asText()).isEqualTo("two");
        assertThat(said.path("stale").asBoolean()).isFalse();
        assertThat(said.path("ageSeconds").isNumber()).isTrue();
        JsonNode candidate = said.path("candidates").path(0);
        assertThat(candidate.path("tier").asInt()).isEqualTo(1);
        assertThat(candidate.path("weight").asInt()).isPositive();
        assertThat(candidate.path("zone").asText()).isEqualTo("b");
        JsonNode there = explain(two, hopped);
        assertThat(there.path("fromRouter").asText()).isEqualTo("one");
        assertThat(there.path("instance").asText()).isEqualTo(shop.id);
        assertThat(there.path("route").asText()).isEqualTo("shop");
        assertThat(here.path("activeCpuMs").asDouble()).isEqualTo(5.0);

        counts(one, "fluid_router_served_requests_total{function=\"shop\",hops=\"1\"}", 1);
        counts(one, "fluid_router_served_requests_total{function=\"shop\",hops=\"0\"}", 0);
        counts(two, "fluid_router_served_requests_total{function=\"shop\",hops=\"0\"}", 1);
        counts(two, "fluid_router_forwarded_requests_total{code=\"200\",function=\"shop\"}", 1);
        counts(two, "fluid_router_requests_total{code=\"200\",function=\"shop\"}", 1);
        // Its processor time is counted where it was used, once.
        counts(one, "fluid_active_cpu_seconds_total{function=\"shop\"}", 0);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(admin(two, "/metrics"))
                .contains("fluid_active_cpu_seconds_total{function=\"shop\"} 0.01"));
    }

    private static List<String> names(RawClient.Answer answer) {
        return answer.fields().stream()
                .map(field -> field.substring(0, field.indexOf(':')))
                .sorted()
                .toList();
    }

    @Test
    void bodiesStreamBothWaysWithTrailers() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(two, ScriptedInstance.Call::readBody);
        sees(one, 1);
        RawClient client = client(one);
        client.send("POST /up HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        ScriptedInstance.Call call = shop.call();
        call.head(200, -1, "Content-Type", "text/plain");
        call.send("first");
        // The head and a piece have come while the request is still being sent.
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(client.chunk()).isEqualTo("first");
        client.send("6\r\n world\r\n0\r\nX-Trailer: up\r\n\r\n");
        assertThat(new String(call.body(), StandardCharsets.UTF_8)).isEqualTo("hello world");
        assertThat(call.trailers).isEqualTo("up");
        call.send("second");
        call.endWithTrailer("down");
        RawClient.Answer rest =
                client.readBody(new RawClient.Answer(200, List.of("Transfer-Encoding: chunked"), new byte[0], true));
        assertThat(rest.text()).isEqualTo("second");
        assertThat(rest.field("X-Trailer")).isEqualTo("down");
        assertThat(rest.complete()).isTrue();
    }

    @Test
    void aLargeBodyWaitsForASlowReaderAndArrivesWhole() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        String text = "0123456789abcdef".repeat(256 * 1024);
        instance(two, call -> call.answer(200, text));
        sees(one, 1);
        RawClient.Answer answer = client(one).send(get("/large")).answer();
        assertThat(answer.complete()).isTrue();
        assertThat(answer.text()).isEqualTo(text);
    }

    @Test
    void continueGoesThrough() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(two, call -> {});
        sees(one, 1);
        RawClient client = client(one);
        client.send("PUT /c HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        ScriptedInstance.Call call = shop.call();
        call.interim(100);
        call.readBody();
        assertThat(client.readHead().status()).isEqualTo(100);
        client.send("body");
        assertThat(new String(call.body(), StandardCharsets.UTF_8)).isEqualTo("body");
        call.answer(201, "made");
        assertThat(client.answer().status()).isEqualTo(201);
    }

    @Test
    void aClientThatGoesIsToldToTheApplication() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(two, ScriptedInstance.Call::start);
        sees(one, 1);
        RawClient client = client(one);
        client.send(get("/long"));
        ScriptedInstance.Call call = shop.call();
        client.reset();
        assertThat(call.cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CLIENT_GONE);
    }

    @Test
    void whatBreaksOffDoesNotLookComplete() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(two, call -> {});
        sees(one, 1);
        RawClient client = client(one);
        client.send(get("/broken"));
        ScriptedInstance.Call call = shop.call();
        call.head(200, -1);
        call.send("some");
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(client.chunk()).isEqualTo("some");
        shop.kill();
        RawClient.Answer rest =
                client.readBody(new RawClient.Answer(200, List.of("Transfer-Encoding: chunked"), new byte[0], true));
        assertThat(rest.complete()).isFalse();
    }

    @Test
    void anInstanceThatIsLostBehindAnotherRouterIsSaidSo() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        ScriptedInstance shop = instance(two, ScriptedInstance.Call::start);
        sees(one, 1);
        RawClient client = client(one);
        client.send(get("/lost"));
        shop.call();
        shop.kill();
        RawClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.field("Fluid-Error")).isEqualTo("instance-lost");
    }

    @Test
    void whatOneRouterTurnsDownTheNextOneServes() throws Exception {
        Router one = router("one", "here", "a");
        Router near = router("near", "here", "b", "fluid.router.max-wait", "0");
        Router far = router("far", "there", "c");
        ScriptedInstance full = instance(near, call -> call.nack(NackReason.LIMIT));
        instance(far, call -> call.readBody().thenAccept(body -> call.answer(200, "far " + body.length)));
        sees(one, 2);
        RawClient.Answer answer = client(one)
                .send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
                .answer();
        assertThat(answer.text()).isEqualTo("far 5");
        assertThat(full.requests).hasSize(1);
        JsonNode story = explain(one, answer);
        assertThat(story.path("nacks").path(0).path("instance").asText()).isEqualTo("router:near");
        assertThat(story.path("resolver")).hasSize(2);
    }

    @Test
    void aRouterThatHasGoneIsFailedOver() throws Exception {
        Router one = router("one", "here", "a");
        Router near = router("near", "here", "b");
        Router far = router("far", "there", "c");
        instance(near, call -> call.answer(200, "near"));
        instance(far, call -> call.answer(200, "far"));
        sees(one, 2);
        RawClient client = client(one);
        assertThat(client.send(get("/")).answer().text()).isEqualTo("near");
        near.close();
        for (int i = 0; i < 20; i++) {
            RawClient.Answer answer = client.send(get("/")).answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("far");
        }
    }

    @Test
    void aRouterThatDrainsGetsNoMoreAndFinishesWhatItHas() throws Exception {
        Router one = router("one", "here", "a");
        Router near = router("near", "here", "b", "fluid.router.shutdown-delay", "0");
        Router far = router("far", "there", "c");
        ScriptedInstance slow = instance(near, ScriptedInstance.Call::start);
        instance(far, call -> call.answer(200, "far"));
        sees(one, 2);
        RawClient waiting = client(one);
        waiting.send(get("/slow"));
        ScriptedInstance.Call call = slow.call();
        CompletableFuture<Void> drained = CompletableFuture.runAsync(near::drainAndClose);
        RawClient client = client(one);
        await().atMost(PATIENCE)
                .until(() -> one.context().fleet().choose("shop", name -> true, tunnel -> false) != null
                        && one.context()
                                .fleet()
                                .choose("shop", name -> true, tunnel -> false)
                                .router()
                                .router()
                                .equals("far"));
        assertThat(client.send(get("/")).answer().text()).isEqualTo("far");
        call.answer(200, "done");
        assertThat(waiting.answer().text()).isEqualTo("done");
        drained.get(60, TimeUnit.SECONDS);
    }

    @Test
    void neverTwoHops() throws Exception {
        Router one = router("one", "here", "a");
        Router two = router("two", "here", "b");
        Router three = router("three", "there", "c");
        ScriptedInstance shop = instance(three, call -> call.answer(200, "three"));
        // Somebody says that the second router holds the function. It does not, and knows who does.
        lie("liar", two, "here", "b");
        sees(one, 2);
        sees(two, 2);
        RawClient.Answer answer = client(one).send(get("/")).answer();
        assertThat(answer.text()).isEqualTo("three");
        assertThat(shop.call().head.hops()).isEqualTo(2);
        counts(two, "fluid_router_forwarded_requests_total{code=\"503\",function=\"shop\"}", 1);
        counts(two, "fluid_router_served_requests_total{function=\"shop\",hops=\"1\"}", 0);
        counts(two, "fluid_router_peer_tunnels", 0);
        assertThat(client(one).send(get("/")).answer().text()).isEqualTo("three");
    }

    @Test
    void aRouterThatAStaleRecordLeadsToItselfAsksElsewhere() throws Exception {
        Router one = router("one", "here", "a");
        lie("liar", one, "here", "a");
        sees(one, 1);
        RawClient.Answer answer = client(one).send(get("/")).answer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.field("Fluid-Error")).isEqualTo("all-nacked");
    }

    @Test
    void nobodyAnywhereIsSaidAtOnce() throws Exception {
        Router one = router("one", "here", "a");
        RawClient.Answer answer = client(one).send(get("/")).answer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.field("Fluid-Error")).isEqualTo("no-instance");
    }

    @Test
    void anUnusedTunnelIsClosedAndDialledAgain() throws Exception {
        Router one = router("one", "here", "a", "fluid.router.peer-idle-timeout", "200ms");
        Router two = router("two", "here", "b");
        instance(two, call -> call.answer(200, "two"));
        sees(one, 1);
        for (int i = 0; i < 2; i++) {
            assertThat(client(one).send(get("/")).answer().text()).isEqualTo("two");
            await().atMost(PATIENCE).until(() -> one.context().fleet().tunnels().connected() == 0);
        }
    }

    @Test
    void withoutTheSecretOfRoutersNothingIsForwarded() throws Exception {
        Router one = router("one", "here", "a", "fluid.router.peer-secret", null);
        Router two = router("two", "here", "b");
        instance(two, call -> call.answer(200, "two"));
        sees(one, 1);
        assertThat(client(one).send(get("/")).answer().status()).isEqualTo(503);
    }

    @Test
    void whatLetsAnInstanceInLetsNoRouterInNorTheOtherWayRound() throws Exception {
        Router router = router("one", "here", "a");
        assertThat(comesIn(router, Hello.Role.ROUTER, ScriptedInstance.SECRET)).isFalse();
        assertThat(comesIn(router, Hello.Role.INSTANCE, PEERS)).isFalse();
        assertThat(comesIn(router, Hello.Role.ROUTER, PEERS)).isTrue();
        assertThat(comesIn(router, Hello.Role.INSTANCE, ScriptedInstance.SECRET))
                .isTrue();
    }

    @Test
    void aRequestThatTwoRoutersHavePassedOnIsALoop() throws Exception {
        Router router = router("one", "here", "a");
        instance(router, call -> call.answer(200, "never"));
        try (Dialled dialled = new Dialled(router, Hello.Role.ROUTER, PEERS)) {
            Session session = dialled.outcome.get(30, TimeUnit.SECONDS);
            assertThat(dialled.ask(session, "x,y").get(30, TimeUnit.SECONDS)).isEqualTo(508);
            // A stale record may lead a router to itself: it tries elsewhere.
            assertThat(dialled.ask(session, "one").get(30, TimeUnit.SECONDS)).isZero();
            assertThat(dialled.ask(session, "x").get(30, TimeUnit.SECONDS)).isEqualTo(200);
        }
    }

    private void lie(String name, Router about, String region, String zone) throws Exception {
        String body = "{\"http\":\"127.0.0.1:1\",\"tunnel\":\"tcp://127.0.0.1:" + about.tunnelPort()
                + "\",\"region\":\"" + region + "\",\"zone\":\"" + zone
                + "\",\"functions\":[{\"name\":\"shop\",\"tunnels\":3,\"capacity\":1000}]}";
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + resolver.httpPort() + "/v1/registrations/" + name))
                        .header("Authorization", "Bearer " + TOKEN)
                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
    }

    private static boolean comesIn(Router router, Hello.Role role, String secret) throws Exception {
        try (Dialled dialled = new Dialled(router, role, secret)) {
            return dialled.outcome.handle((session, refused) -> refused == null).get(30, TimeUnit.SECONDS);
        }
    }

    /** Somebody who dials a router. */
    private static final class Dialled implements AutoCloseable {
        final CompletableFuture<Session> outcome = new CompletableFuture<>();
        private final TunnelTransport transport =
                TunnelTransport.builder().name("dialled").build();
        private final Dialler dialler;

        Dialled(Router router, Hello.Role role, String secret) {
            transport.start();
            boolean instance = role == Hello.Role.INSTANCE;
            dialler = Dialler.builder()
                    .transport(transport)
                    .router(URI.create("tcp://127.0.0.1:" + router.tunnelPort()))
                    .hello(() -> Hello.builder()
                            .role(role)
                            .settings(instance ? Settings.SERVER_DEFAULTS : Settings.REQUESTER_DEFAULTS)
                            .instanceId("somebody")
                            .function(instance ? "shop" : "")
                            .deployment(instance ? "default" : "")
                            .sessionGroup(instance ? new byte[16] : new byte[0]))
                    .secret(Secret.of(secret))
                    .onFailure(outcome::completeExceptionally)
                    .listener(made -> new Session.Listener() {
                        @Override
                        public void onOpen(Session session) {
                            outcome.complete(session);
                        }
                    })
                    .build();
            dialler.start();
        }

        /** The status of an answer to a request that has passed these routers. */
        CompletableFuture<Integer> ask(Session session, String routersPassed) {
            CompletableFuture<Integer> status = new CompletableFuture<>();
            HeadWriter head = new HeadWriter()
                    .request("GET", "http", 0x11, 1, -1, 0, new byte[16], "/", "shop.example", null, 0, null, 0)
                    .routersPassed(routersPassed)
                    .routed("shop", "shop");
            assertThat(session.open(head, true, new OutboundStream.Listener() {
                        @Override
                        public void onNack(OutboundStream stream, Nack nack) {
                            status.complete(0);
                        }

                        @Override
                        public void onResponse(OutboundStream stream, ResponseHead response) {
                            status.complete(response.status());
                        }

                        @Override
                        public void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner) {}

                        @Override
                        public void onEnd(
                                OutboundStream stream, Fields trailers, @Nullable Usage usage, boolean moreWork) {
                            stream.discard();
                        }

                        @Override
                        public void onFailure(OutboundStream stream, StreamFailure failure) {
                            status.completeExceptionally(new AssertionError(failure));
                        }
                    }))
                    .isNotNull();
            return status;
        }

        @Override
        public void close() {
            dialler.close();
            transport.close();
        }
    }
}
