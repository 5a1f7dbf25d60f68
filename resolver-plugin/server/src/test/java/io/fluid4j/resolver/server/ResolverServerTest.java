/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.resolver.client.Json;
import io.fluid4j.resolver.client.RemoteStore;
import io.fluid4j.resolver.client.Replica;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.testkit.RecordTrace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.SimpleResolver;

class ResolverServerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String BODY = """
        {"http":"10.0.0.1:8080","tunnel":"tls://10.0.0.1:7443","region":"default","zone":"b","ttlSeconds":30,
         "functions":[{"name":"shop","deployment":"v42","tunnels":3,"capacity":120},
                      {"name":"shop","deployment":"v43","tunnels":1,"capacity":5},
                      {"name":"blog","deployment":"v1","tunnels":1,"capacity":9}]}
        """;

    private final HttpClient client = HttpClient.newHttpClient();
    private ResolverServer server;

    @BeforeEach
    void start() throws IOException {
        server = server(Map.of());
    }

    @AfterEach
    void stop() {
        server.close();
        server.close();
    }

    private static ResolverServer server(Map<String, String> more) throws IOException {
        Map<String, String> keys =
                new HashMap<>(Map.of("fluid.resolver.dns.port", "0", "fluid.resolver.http.port", "0"));
        keys.putAll(more);
        return ResolverServer.create(config(keys)).start();
    }

    static Config config(Map<String, String> keys) {
        return Config.builder()
                .role(Role.RESOLVER)
                .noDefaultFiles()
                .environment(Map.of())
                .explicit(keys)
                .build();
    }

    @Test
    void aRegistrationIsAnsweredByHttpAndDns() throws Exception {
        HttpResponse<String> written = send("PUT", "/v1/registrations/r1", BODY);
        assertThat(written.statusCode()).isEqualTo(200);
        assertThat(Json.parseObject(written.body()).get("revision").toString()).matches("[0-9]+\\.1");
        await().atMost(PATIENCE).until(() -> get("/v1/functions/shop").statusCode() == 200);
        Map<String, Object> shop = Json.parseObject(get("/v1/functions/shop").body());
        assertThat(shop).containsEntry("name", "shop").containsEntry("stale", false);
        assertThat(shop.get("revision"))
                .isEqualTo(Json.parseObject(written.body()).get("revision"));
        assertThat(((List<?>) shop.get("routers"))).singleElement().isEqualTo(Json.parse("""
            {"router":"r1","http":"10.0.0.1:8080","tunnel":"tls://10.0.0.1:7443","region":"default",
             "zone":"b","tier":1,"tunnels":4,"capacity":125,
             "deployments":[{"deployment":"v42","tunnels":3,"capacity":120},
                            {"deployment":"v43","tunnels":1,"capacity":5}]}
            """));
        SimpleResolver dns =
                new SimpleResolver(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), server.dnsPort()));
        dns.setTimeout(PATIENCE);
        await().atMost(PATIENCE)
                .until(() -> dns.send(org.xbill.DNS.Message.newQuery(org.xbill.DNS.Record.newRecord(
                                        org.xbill.DNS.Name.fromConstantString("_http._tcp.blog.fluid.internal."),
                                        org.xbill.DNS.Type.SRV,
                                        1)))
                                .getSection(1)
                                .size()
                        == 1);
        assertThat(get("/v1/functions").body()).contains("\"name\":\"shop\"").contains("\"name\":\"blog\"");
        assertThat(get("/v1/functions/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/v1/functions/nothing").body()).contains("\"routers\":[]");
    }

    @Test
    void whereInstancesShouldDialIsSaidAlsoForAFunctionThatNobodyHolds() throws Exception {
        for (String[] router : new String[][] {{"r1", "here", "a"}, {"r2", "here", "b"}, {"r3", "there", "c"}}) {
            send(
                    "PUT",
                    "/v1/registrations/" + router[0],
                    "{\"http\":\"10.0.0.1:8080\",\"tunnel\":\"tls://" + router[0] + ":7443\",\"region\":\"" + router[1]
                            + "\",\"zone\":\"" + router[2]
                            + "\",\"functions\":[{\"name\":\"_router\",\"tunnels\":1,\"capacity\":1}]}");
        }
        await().atMost(PATIENCE).until(() -> get("/v1/routers").body().contains("\"router\":\"r3\""));
        HttpResponse<String> nobody = get("/v1/functions/new?region=here&zone=b");
        assertThat(nobody.statusCode()).isEqualTo(404);
        List<?> dial = (List<?>) Json.parseObject(nobody.body()).get("dial");
        assertThat(dial)
                .extracting(Object::toString)
                .containsExactlyInAnyOrder("{router=r1, tunnel=tls://r1:7443}", "{router=r2, tunnel=tls://r2:7443}");
        assertThat(Json.parseObject(get("/v1/functions/new?region=here&zone=a").body())
                        .get("dial"))
                .as("the same for everybody in the region")
                .hasToString(dial.toString());
        List<?> there = (List<?>)
                Json.parseObject(get("/v1/functions/new?region=there&zone=c").body())
                        .get("dial");
        assertThat(there.get(0)).hasToString("{router=r3, tunnel=tls://r3:7443}");
        for (String none : new String[] {"0", "65", "two", "-1"}) {
            assertThat(get("/v1/functions/new?count=" + none).statusCode()).isEqualTo(400);
        }
        // As an instance asks.
        try (RemoteStore store = new RemoteStore(List.of(URI.create("http://127.0.0.1:" + server.httpPort())), null)) {
            DialOrder order =
                    store.dial("new", new Locality("here", "b"), 3).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(order.revision().epoch())
                    .isEqualTo(server.resolver().revision().epoch());
            assertThat(order.routers()).hasSize(3).endsWith("r3");
            assertThat("{router=" + order.routers().get(0) + ", tunnel=tls://"
                            + order.routers().get(0) + ":7443}")
                    .isEqualTo(dial.get(0).toString());
        }
    }

    @Test
    void changesTouchWhatTheyNameAndAnEmptyOneRenews() throws Exception {
        send("PUT", "/v1/registrations/r1", BODY);
        assertThat(send("PATCH", "/v1/registrations/r1", "").statusCode()).isEqualTo(200);
        assertThat(send("PATCH", "/v1/registrations/r1", "{}").statusCode()).isEqualTo(200);
        assertThat(send("PATCH", "/v1/registrations/r1", "{\"functions\":[{\"name\":\"shop\",\"tunnels\":0}]}")
                        .statusCode())
                .isEqualTo(200);
        await().atMost(PATIENCE).until(() -> get("/v1/functions/shop").statusCode() == 404);
        assertThat(get("/v1/functions/blog").statusCode()).isEqualTo(200);
        assertThat(send("PATCH", "/v1/registrations/r9", "{}").statusCode()).isEqualTo(404);
        assertThat(send("DELETE", "/v1/registrations/r1", "").statusCode()).isEqualTo(200);
        await().atMost(PATIENCE).until(() -> get("/v1/functions/blog").statusCode() == 404);
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        for (String[] wrong : new String[][] {
            {"r1", "{", "not JSON"},
            {"r1", "[]", "expected: an object"},
            {"r1", "{}", "http (expected: a string)"},
            {"R1", BODY, "router \\\"R1\\\""},
            {"r1", BODY.replace("tls://", "udp://"), "tunnel"},
            {"r1", BODY.replace("10.0.0.1:8080", "10.0.0.1:99999"), "a port of 1 to 65535"},
            {"r1", BODY.replace("30", "0"), "ttlSeconds 0.0"},
            {"r1", BODY.replace("\"shop\"", "\"Sh op\""), "name"},
            {"r1", BODY.replace("120", "-1"), "capacity"},
            {"r1", "[".repeat(10_000), "nested deeper"},
        }) {
            HttpResponse<String> response = send("PUT", "/v1/registrations/" + wrong[0], wrong[1]);
            assertThat(response.statusCode()).as(wrong[2]).isEqualTo(400);
            assertThat(response.body()).contains(wrong[2]);
        }
        assertThat(send("PUT", "/v1/registrations/r1", "x".repeat(9 << 20)).statusCode())
                .isEqualTo(413);
        assertThat(send("POST", "/v1/registrations/r1", BODY).statusCode()).isEqualTo(405);
        assertThat(send("POST", "/v1/functions", BODY).statusCode()).isEqualTo(405);
        assertThat(get("/v1/watch?from=nonsense").statusCode()).isEqualTo(400);
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void aTokenIsAskedFor() throws Exception {
        try (ResolverServer guarded = server(Map.of("fluid.resolver.token", "a-token-of-some-length"))) {
            URI uri = URI.create("http://127.0.0.1:" + guarded.httpPort() + "/v1/functions");
            assertThat(client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(401);
            assertThat(client.send(
                                    HttpRequest.newBuilder(uri)
                                            .header("Authorization", "Bearer a-token-of-some-length")
                                            .build(),
                                    BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            URI base = URI.create("http://127.0.0.1:" + guarded.httpPort());
            try (RecordStore store = new RemoteStore(List.of(base), Secret.of("a-token-of-some-length"));
                    RecordStore without = new RemoteStore(List.of(base), null)) {
                assertThat(store.remove("r1")).succeedsWithin(PATIENCE);
                assertThat(without.remove("r1"))
                        .failsWithin(PATIENCE)
                        .withThrowableThat()
                        .withCauseInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void anotherSitesNameIsRefused() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.httpPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write("GET /v1/functions HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void theWatchIsLinesOfJson() throws Exception {
        send("PUT", "/v1/registrations/r1", BODY);
        HttpResponse<Stream<String>> watch =
                client.send(HttpRequest.newBuilder(uri("/v1/watch")).build(), BodyHandlers.ofLines());
        assertThat(watch.headers().firstValue("Content-Type")).hasValue("application/x-ndjson");
        try (Stream<String> lines = watch.body()) {
            var iterator = lines.iterator();
            Map<String, Object> first = Json.parseObject(iterator.next());
            assertThat(first).containsEntry("relist", true);
            assertThat((List<?>) first.get("registrations")).hasSize(2);
            send("PATCH", "/v1/registrations/r1", "{\"functions\":[{\"name\":\"blog\",\"tunnels\":0}]}");
            String line = iterator.next();
            while (!line.contains("changes")) {
                line = iterator.next();
            }
            assertThat(line).contains("{\"function\":\"blog\",\"router\":\"r1\",\"registration\":null}");
            // Without news a heartbeat.
            assertThat(Json.parseObject(iterator.next())).containsOnlyKeys("revision");
        }
        await().atMost(PATIENCE).until(() -> get("/metrics").body().contains("fluid_resolver_watches 0"));
    }

    @Test
    void whoFollowsTheRoutersHearsOfThemAlone() throws Exception {
        send("PUT", "/v1/registrations/r1", registered("{\"name\":\"_router\",\"tunnels\":1,\"capacity\":1}"));
        send("PUT", "/v1/registrations/r2", registered("{\"name\":\"shop\",\"tunnels\":1,\"capacity\":5}"));
        await().atMost(PATIENCE).until(() -> get("/v1/functions/shop").statusCode() == 200);
        await().atMost(PATIENCE).until(() -> get("/v1/routers").body().contains("\"router\":\"r1\""));
        Map<String, Object> routers = Json.parseObject(get("/v1/routers").body());
        assertThat((List<?>) routers.get("routers")).singleElement().satisfies(one -> assertThat((Map<?, ?>) one)
                .hasToString("{router=r1, http=10.0.0.1:8080, tunnel=tls://10.0.0.1:7443, region=eu, zone=a, tier=2,"
                        + " leaving=false}"));
        // It is no function.
        assertThat(get("/v1/functions").body()).contains("shop").doesNotContain("_router");
        assertThat(get("/v1/functions/_router").statusCode()).isEqualTo(404);

        HttpResponse<Stream<String>> watch = client.send(
                HttpRequest.newBuilder(uri("/v1/watch?function=_router")).build(), BodyHandlers.ofLines());
        try (Stream<String> lines = watch.body()) {
            var iterator = lines.iterator();
            assertThat((List<?>) Json.parseObject(iterator.next()).get("registrations"))
                    .hasSize(1);
            send("PATCH", "/v1/registrations/r2", "{\"functions\":[{\"name\":\"shop\",\"tunnels\":2,\"capacity\":9}]}");
            send(
                    "PATCH",
                    "/v1/registrations/r1",
                    "{\"functions\":[{\"name\":\"_router\",\"tunnels\":1,\"capacity\":0}]}");
            String line = iterator.next();
            while (!line.contains("changes")) {
                line = iterator.next();
            }
            assertThat(line).contains("_router").doesNotContain("shop");
        }
        await().atMost(PATIENCE).until(() -> get("/v1/routers").body().contains("\"leaving\":true"));
    }

    private static String registered(String function) {
        return "{\"http\":\"10.0.0.1:8080\",\"tunnel\":\"tls://10.0.0.1:7443\",\"region\":\"eu\",\"zone\":\"a\","
                + "\"functions\":[" + function + "]}";
    }

    @Test
    void healthAndMetricsAreThere() throws Exception {
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        await().atMost(PATIENCE).until(() -> get("/readyz").statusCode() == 200);
        get("/v1/functions/shop");
        assertThat(get("/metrics").body())
                .contains("fluid_resolver_lookups_total{face=\"dns\",result=\"answered\"} 0")
                .contains("fluid_resolver_lookups_total{face=\"http\",result=\"nxdomain\"} 1")
                .contains("fluid_resolver_stale 0");
    }

    @Test
    void aReplicaElsewhereKeepsEverythingWhileAResolverRestartsEmpty() throws Exception {
        int port = server.httpPort();
        URI base = URI.create("http://127.0.0.1:" + port);
        try (RecordStore store = new RemoteStore(List.of(base), null);
                Replica replica = Replica.of(store, new Locality("default", "default"))) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            store.register(
                            new RouterAddress("r1", "10.0.0.1:80", "tcp://10.0.0.1:7443", "default", "default"),
                            Duration.ofSeconds(60),
                            List.of(new Holding("shop", "v1", 1, 1)))
                    .join();
            await().atMost(PATIENCE).until(() -> replica.lookup("shop") != null && !replica.stale());
            server.close();
            await().atMost(PATIENCE).until(replica::stale);
            assertThat(replica.lookup("shop")).isNotNull();
            server = server(Map.of("fluid.resolver.http.port", Integer.toString(port)));
            await().atMost(PATIENCE).until(() -> !replica.stale());
            // The new one knows nothing yet: that is no reason to forget.
            assertThat(server.resolver().lookup("shop")).isNull();
            trace.await("the other history", t -> t.relists() == 2 && t.keys().isEmpty());
            assertThat(replica.lookup("shop")).isNotNull();
        }
    }

    @Test
    void theNextResolverIsUsedWhenOneFails() throws Exception {
        URI dead = URI.create("http://127.0.0.1:1");
        URI alive = URI.create("http://127.0.0.1:" + server.httpPort());
        try (RecordStore store = new RemoteStore(List.of(dead, alive), null)) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            assertThat(store.register(
                            new RouterAddress("r1", "10.0.0.1:80", "tcp://10.0.0.1:7443", "default", "default"),
                            Duration.ofSeconds(60),
                            List.of(new Holding("shop", "v1", 1, 1))))
                    .succeedsWithin(PATIENCE);
            trace.await("the shop", t -> t.has("shop", "r1"));
        }
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.httpPort() + path);
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(uri(path))
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
