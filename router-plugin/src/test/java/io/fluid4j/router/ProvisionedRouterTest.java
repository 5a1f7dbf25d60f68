/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.NackReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A router that asks for instances: the receiver of its orders is the test, which connects them. */
@Timeout(180)
class ProvisionedRouterTest {

    private static final long PATIENCE_SECONDS = 30;

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<JsonNode> orders = new CopyOnWriteArrayList<>();
    private final List<ScriptedInstance> instances = new ArrayList<>();
    private HttpServer receiver;
    private Router router;

    @BeforeEach
    void listen() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        receiver.createContext("/scale", this::receive);
        receiver.start();
    }

    private void receive(HttpExchange exchange) throws IOException {
        orders.add(json.readTree(exchange.getRequestBody().readAllBytes()));
        exchange.sendResponseHeaders(202, -1);
        exchange.close();
    }

    @AfterEach
    void stop() {
        receiver.stop(0);
        instances.forEach(ScriptedInstance::close);
        if (router != null) {
            router.close();
        }
    }

    private void start(String... more) throws Exception {
        String[] keys = Stream.concat(
                        Stream.of(
                                "fluid.route.all.function",
                                "shop",
                                "fluid.router.max-wait",
                                PATIENCE_SECONDS + "s",
                                "fluid.provision.shop.provider",
                                "webhook",
                                "fluid.provision.shop.webhook.url",
                                "http://127.0.0.1:" + receiver.getAddress().getPort() + "/scale"),
                        Stream.of(more))
                .toArray(String[]::new);
        router = Router.create(RequestPathTest.config(keys)).start();
    }

    private ScriptedInstance connect() throws Exception {
        int before = router.instances();
        ScriptedInstance instance =
                new ScriptedInstance(router.tunnelPort(), "shop", call -> call.answer(200, "hello")).connected();
        instances.add(instance);
        await().until(() -> router.instances() == before + 1);
        return instance;
    }

    private CompletableFuture<RawClient.Answer> get() {
        return CompletableFuture.supplyAsync(() -> {
            try (RawClient client = new RawClient(router.httpPort())) {
                return client.send("GET /x HTTP/1.1\r\nHost: shop.example\r\n\r\n")
                        .answer();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private String admin(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.adminPort() + path))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() == 200 ? response.body() : "";
    }

    private JsonNode function() throws Exception {
        return json.readTree(admin("/api/functions")).get(0);
    }

    private JsonNode story(CompletableFuture<RawClient.Answer> answer) throws Exception {
        RawClient.Answer got = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(got.status()).isEqualTo(200);
        String path = "/api/requests/" + got.field("Fluid-Request-Id");
        await().until(() -> !admin(path).isEmpty());
        return json.readTree(admin(path));
    }

    @Test
    void aRequestThatWaitsForAStartIsServedByItAndSaysSo() throws Exception {
        start();
        await().until(() -> orders.size() == 1);
        assertThat(orders.get(0).get("action").asText()).isEqualTo("start");
        assertThat(orders.get(0).get("desired").asInt()).isEqualTo(1);
        CompletableFuture<RawClient.Answer> waits = get();
        await().until(() -> function().get("waiting").asInt() == 1);
        assertThat(function().get("provision").get("starting").asInt()).isEqualTo(1);
        connect();

        JsonNode story = story(waits);
        assertThat(story.get("coldStart").asBoolean()).isTrue();
        assertThat(story.get("waitedMs").asDouble()).isPositive();
        assertThat(story.get("choices").get(0).get("was").asText()).isEqualTo("new");
        await().until(() -> function().get("provision").get("started").asInt() == 1);
        JsonNode after = story(get());
        assertThat(after.get("coldStart").asBoolean()).isFalse();
        assertThat(after.get("choices").get(0).get("was").asText()).isEqualTo("active");
        await().untilAsserted(() -> assertThat(admin("/metrics"))
                .contains("fluid_router_cold_start_requests_total{function=\"shop\"} 1.0")
                .contains("fluid_provision_instances_total{event=\"asked\",function=\"shop\"} 1.0")
                .contains("fluid_provision_instances_total{event=\"started\",function=\"shop\"} 1.0")
                .contains("fluid_provision_instances_total{event=\"failed\",function=\"shop\"} 0.0")
                .contains("fluid_provision_starting_instances{function=\"shop\"} 0.0")
                .contains("fluid_provision_start_seconds_count{function=\"shop\"} 1")
                .contains("fluid_desired_instances{function=\"shop\"} 1.0"));
    }

    /** Active, then one that is there and idle, then a new one. */
    @Test
    void activeThenIdleThenNew() throws Exception {
        start();
        ScriptedInstance first = connect();
        assertThat(story(get()).get("choices").get(0).get("was").asText()).isEqualTo("idle");
        ScriptedInstance second = connect();
        JsonNode active = story(get());
        assertThat(active.get("instance").asText()).isEqualTo(first.id);
        assertThat(active.get("choices").get(0).get("was").asText()).isEqualTo("active");
        first.script(call -> call.nack(NackReason.MEMORY));
        JsonNode idle = story(get());
        assertThat(idle.get("instance").asText()).isEqualTo(second.id);
        assertThat(idle.get("choices").get(1).get("was").asText()).isEqualTo("idle");

        int before = orders.size();
        first.state(Health.State.OVERLOADED, 0);
        second.state(Health.State.OVERLOADED, 0);
        await().until(() -> json.readTree(admin("/api/instances")).findValuesAsText("state").stream()
                .allMatch("paused"::equals));
        CompletableFuture<RawClient.Answer> waits = get();
        await().until(() -> orders.size() == before + 1);
        assertThat(orders.get(before).get("reason").asText()).isEqualTo("waiting");
        assertThat(orders.get(before).get("desired").asInt()).isEqualTo(3);
        ScriptedInstance third = connect();
        JsonNode fresh = story(waits);
        assertThat(fresh.get("instance").asText()).isEqualTo(third.id);
        assertThat(fresh.get("choices").get(0).get("was").asText()).isEqualTo("new");
        assertThat(fresh.get("coldStart").asBoolean()).isTrue();
    }

    @Test
    void oneTooManyIsDrainedBeforeItIsToldToEnd() throws Exception {
        start("fluid.provision.shop.idle-time", "1s");
        connect();
        connect();
        await().until(() -> instances.stream().anyMatch(one -> !one.asks.isEmpty()));
        ScriptedInstance leaves = instances.stream()
                .filter(one -> !one.asks.isEmpty())
                .findFirst()
                .orElseThrow();
        assertThat(orders).noneMatch(order -> order.get("action").asText().equals("stop"));
        leaves.session().sendDrained(new Drained(0, 0, 1));
        await().until(() -> orders.stream()
                .anyMatch(order -> order.get("action").asText().equals("stop")
                        && order.get("instance").asText().equals(leaves.id)));
        await().until(() -> function().get("provision").get("stopped").asInt() == 1);
    }

    /** Without anybody who would help, nobody waits in vain. */
    @Test
    void withoutHopeARequestIsToldAtOnce() throws Exception {
        start("fluid.provision.shop.start-timeout", "1s", "fluid.provision.shop.back-off", "10m");
        await().until(() -> function().get("provision").get("failed").asInt() == 1);
        await().until(() -> function().get("provision").get("starting").asInt() == 0);
        RawClient.Answer answer = get().get(PATIENCE_SECONDS / 2, TimeUnit.SECONDS);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.field("Fluid-Error")).isEqualTo("no-instance");
    }
}
