/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.Usage;
import io.fluid4j.tunnel.Session;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The operator's port, the access log, and the orderly stop. */
@Timeout(120)
class AdminTest {

    private final HttpClient http = HttpClient.newHttpClient();
    private Router router;
    private ScriptedInstance instance;

    @AfterEach
    void stop() {
        if (instance != null) {
            instance.close();
        }
        if (router != null) {
            router.close();
        }
    }

    private void start(String... more) throws Exception {
        router = Router.create(RequestPathTest.config(more)).start();
        instance = new ScriptedInstance(
                        router.tunnelPort(), "shop", "v42", call -> call.answer(200, "hello", "Content-Type", "a/b"))
                .connected();
        await().until(() -> router.instances() == 1 && router.ready());
    }

    private HttpResponse<String> admin(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + router.adminPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode json(String path) throws Exception {
        HttpResponse<String> response = admin("GET", path);
        assertThat(response.statusCode()).isEqualTo(200);
        return new ObjectMapper().readTree(response.body());
    }

    private RawClient.Answer get() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            return client.send("GET /x?y HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: te\"st\r\n\r\n")
                    .answer();
        }
    }

    @Test
    void healthQuestions() throws Exception {
        router = Router.create(RequestPathTest.config()).start();
        assertThat(admin("GET", "/livez").statusCode()).isEqualTo(200);
        assertThat(admin("GET", "/readyz").statusCode()).isEqualTo(503);
        instance = new ScriptedInstance(router.tunnelPort(), "shop", call -> {}).connected();
        await().until(() -> admin("GET", "/readyz").statusCode() == 200);
        instance.state(Health.State.DRAINING, 0);
        await().until(() -> admin("GET", "/readyz").statusCode() == 503);
    }

    @Test
    void instancesAndFunctions() throws Exception {
        start();
        get();
        JsonNode one = json("/api/instances").get(0);
        assertThat(one.get("id").asText()).isEqualTo(instance.id);
        assertThat(one.get("function").asText()).isEqualTo("shop");
        assertThat(one.get("deployment").asText()).isEqualTo("v42");
        assertThat(one.get("container").asText()).isEqualTo("scripted/1");
        assertThat(one.get("state").asText()).isEqualTo("active");
        assertThat(one.get("reasons").isArray()).isTrue();
        assertThat(one.get("requests").asInt()).isEqualTo(1);
        assertThat(one.get("connectedAt").asText()).contains("T");
        JsonNode function = json("/api/functions").get(0);
        assertThat(function.get("name").asText()).isEqualTo("shop");
        assertThat(function.get("deployments").get(0).asText()).isEqualTo("v42");
        assertThat(function.get("instances").asInt()).isEqualTo(1);
    }

    @Test
    void metricsHaveLabelsAndATrueHistogram() throws Exception {
        start();
        get();
        assertThat(admin("GET", "/metrics").headers().firstValue("Content-Type").orElse(""))
                .startsWith("text/plain");
        // A request is counted when its response has been written, which the client may know earlier.
        await().untilAsserted(() -> assertThat(admin("GET", "/metrics").body())
                .contains("fluid_router_requests_total{code=\"200\",function=\"shop\"} 1.0")
                .contains("fluid_router_request_duration_seconds_bucket{function=\"shop\",le=\"+Inf\"} 1")
                .contains("fluid_router_request_duration_seconds_count{function=\"shop\"} 1")
                .contains("fluid_router_time_to_first_byte_seconds_bucket")
                .contains("fluid_router_in_flight_requests 0.0")
                .contains("fluid_instance_nacks_total{reason=\"memory\"} 0.0")
                .contains("fluid_router_reroutes_total{reason=\"memory\"} 0.0")
                .contains("fluid_tunnel_sessions 1.0")
                .contains("fluid_desired_instances{function=\"shop\"} 1.0")
                .contains("fluid_tunnel_bytes_total{direction=\"in\"}")
                .contains("fluid_active_cpu_seconds_total{function=\"shop\"}")
                .contains("fluid_build_info{"));
    }

    @Test
    void logLinesAreFoundByTheirRequestAndFollowed() throws Exception {
        start();
        instance.script(call -> {
            int stream = call.stream.id();
            Session session = call.stream.session();
            call.answer(200, "hello");
            session.sendLog(stream, new LogLine(1_000, LogLine.WARNING, 3, "shop.Cart", "late \n but mine"));
        });
        String id = get().field("Fluid-Request-Id");
        await().until(() -> json("/api/logs?request=" + id).size() == 1);

        JsonNode line = json("/api/logs?function=shop&level=info").get(0);
        assertThat(line.toString())
                .isEqualTo("{\"time\":\"1970-01-01T00:00:01Z\",\"level\":\"warning\",\"request\":\"" + id
                        + "\",\"function\":\"shop\",\"deployment\":\"v42\",\"instance\":\"" + instance.id
                        + "\",\"logger\":\"shop.Cart\",\"message\":\"late \\n but mine\",\"droppedBefore\":3}");
        assertThat(json("/api/logs?level=error")).isEmpty();
        assertThat(admin("GET", "/api/logs?level=loud").statusCode()).isEqualTo(400);

        HttpResponse<Stream<String>> events = http.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + router.adminPort() + "/api/logs?follow=true&function=shop"))
                        .build(),
                HttpResponse.BodyHandlers.ofLines());
        assertThat(events.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        Iterator<String> data =
                events.body().filter(text -> text.startsWith("data:")).iterator();
        assertThat(data.next()).contains(id);
        String second = get().field("Fluid-Request-Id");
        assertThat(data.next()).contains(second).contains("late \\n but mine");
        assertThat(admin("GET", "/metrics").body())
                .contains("fluid_log_lines_total 2.0")
                .contains("fluid_log_lines_dropped_total 6.0");
        // The router does not wait for those who follow, who see their connection end.
        assertThat(CompletableFuture.runAsync(router::close)).succeedsWithin(Duration.ofSeconds(20));
    }

    @Test
    void explainTellsWhoWasChosenAmongWhomAndWhatCameAfterTheResponse() throws Exception {
        start();
        get(); // It is active from here on, and preferred to an idle one.
        ScriptedInstance second = new ScriptedInstance(router.tunnelPort(), "shop", "v42", call -> {
                    call.start();
                    call.stream.session().sendLog(call.stream.id(), new LogLine(5, LogLine.INFO, 0, "l", "hello log"));
                    call.head(200, 2);
                    call.send("ok");
                    call.stream.send(null, null, true, null, Callback.NOOP);
                    call.stream.releaseEnd();
                    call.stream.completed(new Usage(Usage.COMPLETE, 7_000_000, 0, 90_000_000, 4_096));
                })
                .connected();
        try (second) {
            await().until(() -> router.instances() == 2);
            instance.script(call -> call.nack(NackReason.CPU_THROTTLED));
            String refused = get().field("Fluid-Request-Id");
            await().until(() -> admin("GET", "/api/requests/" + refused).statusCode() == 200);
            await().until(() -> json("/api/requests/" + refused).get("log").size() == 1
                    && json("/api/requests/" + refused).has("withWorkAfterResponse"));
            JsonNode story = json("/api/requests/" + refused);

            assertThat(story.get("choices")).hasSize(2);
            JsonNode first = story.get("choices").get(0);
            assertThat(first.get("instance").asText()).isEqualTo(instance.id);
            assertThat(first.get("candidates")).hasSize(2);
            assertThat(first.get("candidates").get(0).get("cost").asDouble()).isPositive();
            assertThat(first.get("candidates").get(1).get("instance").asText()).isEqualTo(second.id);
            assertThat(story.get("choices").get(1).get("instance").asText()).isEqualTo(second.id);
            assertThat(story.get("nacks").get(0).get("reason").asText()).isEqualTo("cpu-throttled");
            assertThat(story.get("log").get(0).get("message").asText()).isEqualTo("hello log");
            assertThat(story.get("withWorkAfterResponse").get("activeCpuMs").asDouble())
                    .isEqualTo(7.0);
            assertThat(story.get("waitedMs").asDouble()).isZero();
        }
    }

    @Test
    void usageIsWhatInstancesSaidAndWhatItCosts() throws Exception {
        start("fluid.route.front.function", "shop");
        instance.script(call -> call.answer(
                200, "hello", new Usage(Usage.COMPLETE, 40_000_000, 2_000_000, 1_500_000_000, Usage.UNKNOWN)));
        get();
        get();
        Session session = instance.session();
        session.sendProcessUsage(Map.of(
                "process",
                900_000_000L,
                "gc",
                100_000_000L,
                "jit",
                200_000_000L,
                "tunnel",
                50_000_000L,
                "direct",
                80_000_000L,
                "shared",
                4_000_000L,
                "busy",
                2_000_000_000L,
                "up",
                10_000_000_000L));
        await().until(() ->
                json("/api/usage").path("rows").path(0).path("requests").asInt() == 2
                        && json("/api/usage").path("processCpuSeconds").asDouble() > 0);

        JsonNode usage = json("/api/usage?serverHour=3600");
        JsonNode row = usage.get("rows").get(0);
        assertThat(row.get("function").asText()).isEqualTo("shop");
        assertThat(row.get("deployment").asText()).isEqualTo("v42");
        assertThat(row.get("route").asText()).isEqualTo("front");
        assertThat(row.get("activeCpuSeconds").asText()).isEqualTo("0.084");
        assertThat(row.get("wallSeconds").asText()).isEqualTo("3");
        assertThat(usage.get("processCpuSeconds").asText()).isEqualTo("0.9");
        assertThat(usage.get("overhead").toString())
                .isEqualTo("{\"gcCpuSeconds\":0.1,\"jitCpuSeconds\":0.2,\"tunnelCpuSeconds\":0.05,"
                        + "\"otherCpuSeconds\":0.466}");
        JsonNode fluid = usage.get("models").get(0);
        assertThat(fluid.get("model").asText()).isEqualTo("vercel-fluid");
        assertThat(fluid.get("cpu").asDouble()).isEqualTo(0.000002987);
        JsonNode own = usage.get("models").get(usage.get("models").size() - 1);
        assertThat(own.get("total").asText()).isEqualTo("10");
        assertThat(json("/api/usage?by=function")
                        .get("rows")
                        .get(0)
                        .get("route")
                        .asText())
                .isEmpty();
        assertThat(json("/api/usage?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
                        .get("rows"))
                .isEmpty();
        assertThat(admin("GET", "/api/usage.csv").body())
                .startsWith("from,to,function,deployment,route,requests,")
                .contains(",shop,v42,front,2,0,0.084,0.004,");
        for (String wrong : List.of("by=colour", "from=now", "serverHour=cheap", "from=2030-01-01T00:00:00Z")) {
            assertThat(admin("GET", "/api/usage?" + wrong).statusCode())
                    .as(wrong)
                    .isEqualTo(400);
        }
        assertThat(admin("GET", "/metrics").body())
                .contains("fluid_active_cpu_seconds_total{function=\"shop\"} 0.084")
                .contains("fluid_provisioned_memory_byte_seconds_total{function=\"shop\"}")
                .contains("fluid_instance_cpu_seconds_total{function=\"shop\",kind=\"gc\"}")
                .contains("fluid_usage_waiting_rows 0.0")
                .contains("fluid_usage_write_failures_total 0.0");
    }

    @Test
    void explainTellsTheStoryOfARequest() throws Exception {
        start("fluid.router.max-wait", "200ms");
        String id = get().field("Fluid-Request-Id");
        await().until(() -> admin("GET", "/api/requests/" + id).statusCode() == 200);
        JsonNode good = json("/api/requests/" + id);
        assertThat(good.get("instance").asText()).isEqualTo(instance.id);
        assertThat(good.get("status").asInt()).isEqualTo(200);
        assertThat(good.get("termination").asText()).isEqualTo("complete");
        instance.script(call -> call.nack(NackReason.MEMORY));
        RawClient.Answer refused = get();
        assertThat(refused.status()).isEqualTo(503);
        String refusedPath = "/api/requests/" + refused.field("Fluid-Request-Id");
        await().until(() -> admin("GET", refusedPath).statusCode() == 200);
        JsonNode bad = json(refusedPath);
        assertThat(bad.get("termination").asText()).isEqualTo("nacked");
        assertThat(bad.get("nacks").get(0).get("reason").asText()).isEqualTo("memory");
        assertThat(admin("GET", "/api/requests/" + "0".repeat(32)).statusCode()).isEqualTo(404);
    }

    @Test
    void drainAsksTheInstanceAndReports() throws Exception {
        start();
        CompletableFuture<HttpResponse<String>> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return admin("POST", "/api/instances/" + instance.id + "/drain?timeout=60s");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> !instance.asks.isEmpty());
        assertThat(instance.asks.get(0).action()).isEqualTo(Ask.Action.DRAIN);
        assertThat(instance.asks.get(0).timeoutMillis()).isEqualTo(60_000);
        instance.session().sendDrained(new Drained(7, 0, 12));
        JsonNode report = new ObjectMapper().readTree(answer.get().body());
        assertThat(report.get("drained").asBoolean()).isTrue();
        assertThat(report.get("finished").asInt()).isEqualTo(7);
        assertThat(admin("POST", "/api/instances/" + instance.id + "/undrain").statusCode())
                .isEqualTo(200);
        await().until(() -> instance.asks.size() == 2);
        assertThat(admin("POST", "/api/instances/nobody/drain").statusCode()).isEqualTo(404);
    }

    @Test
    void dashboardHasAStrictPolicy() throws Exception {
        start();
        HttpResponse<String> page = admin("GET", "/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'");
        assertThat(page.body())
                .doesNotContain("http://")
                .doesNotContain("https://")
                .doesNotContain("onclick");
        assertThat(admin("GET", "/dashboard.js").statusCode()).isEqualTo(200);
        assertThat(admin("GET", "/dashboard.css").statusCode()).isEqualTo(200);
    }

    @Test
    void otherSitesAndStrangersAreRefused() throws Exception {
        start("fluid.router.admin.token", "operator-token");
        assertThat(admin("GET", "/api/instances").statusCode()).isEqualTo(401);
        assertThat(admin("GET", "/api/instances", "Authorization", "Bearer wrong")
                        .statusCode())
                .isEqualTo(401);
        assertThat(admin("GET", "/api/instances", "Authorization", "Bearer operator-token")
                        .statusCode())
                .isEqualTo(200);
        assertThat(admin("GET", "/livez").statusCode()).isEqualTo(200);
        assertThat(admin(
                                "POST",
                                "/api/reload",
                                "Authorization",
                                "Bearer operator-token",
                                "Origin",
                                "http://evil.example")
                        .statusCode())
                .isEqualTo(403);
        try (RawClient client = new RawClient(router.adminPort())) {
            client.send("GET /api/instances HTTP/1.1\r\nHost: evil.example\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(401);
        }
    }

    @Test
    void nameServerOfSomebodyElseIsRefused() throws Exception {
        start();
        try (RawClient client = new RawClient(router.adminPort())) {
            client.send("GET /api/instances HTTP/1.1\r\nHost: evil.example\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(403);
        }
    }

    @Test
    void accessLogHasOneLineForEachRequest(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("access.log");
        start("fluid.router.access-log", log.toString());
        String id = get().field("Fluid-Request-Id");
        await().until(() -> Files.readString(log).contains("\n"));
        assertThat(Files.readString(log))
                .startsWith("127.0.0.1 - - [")
                .contains("\"GET /x?y HTTP/1.1\" 200 5 \"-\" \"te\\\"st\" ")
                .endsWith(" complete " + id + "\n");
    }

    @Test
    void accessLogCanBeJson(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("access.log");
        start("fluid.router.access-log", log.toString(), "fluid.router.access-log-format", "json");
        get();
        await().until(() -> Files.readString(log).contains("\n"));
        JsonNode line = new ObjectMapper().readTree(Files.readString(log));
        assertThat(line.get("status").asInt()).isEqualTo(200);
        assertThat(line.get("target").asText()).isEqualTo("/x?y");
        assertThat(line.get("instance").asText()).isEqualTo(instance.id);
        assertThat(line.get("bytesOut").asInt()).isEqualTo(5);
    }

    @Test
    void orderlyStopFinishesWhatIsUnderWay() throws Exception {
        start("fluid.router.shutdown-delay", "5s", "fluid.drain-timeout", "60s");
        instance.script(call -> {});
        try (RawClient client = new RawClient(router.httpPort());
                RawClient late = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            ScriptedInstance.Call slow = instance.call();
            slow.head(200, -1);
            slow.send("one");
            client.readHead();
            assertThat(client.chunk()).isEqualTo("one");
            int port = router.httpPort();
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(router::drainAndClose);
            await().until(() -> admin("GET", "/readyz").statusCode() == 503);
            late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            instance.call().answer(200, "still served");
            assertThat(late.answer().text()).isEqualTo("still served");
            // Idle connections are closed; the one with a request under way is not.
            assertThat(late.closedByPeer()).isTrue();
            // Who comes now has to go elsewhere, not to be served until the time is up and then cut.
            await().untilAsserted(() ->
                    assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new RawClient(port).close()));
            assertThat(stopped).isNotDone();
            slow.send("two");
            assertThat(client.chunk()).isEqualTo("two");
            slow.end();
            assertThat(client.line()).isEmpty();
            assertThat(client.line()).isEqualTo("0");
            stopped.get();
        }
        await().until(() -> !instance.drains.isEmpty());
        assertThat(instance.drains.get(0).reason()).isEqualTo(Drain.Reason.SHUTDOWN);
    }

    @Test
    void headThatDripsInIs408() throws Exception {
        start("fluid.router.http.header-timeout", "200ms");
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
            assertThat(client.answer().status()).isEqualTo(408);
            assertThat(client.closedByPeer()).isTrue();
        }
    }
}
