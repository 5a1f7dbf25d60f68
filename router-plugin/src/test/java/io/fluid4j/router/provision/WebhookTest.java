/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import io.fluid4j.spi.provision.ScaleOrder;
import io.fluid4j.testkit.InstanceProvisionerContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Orders over real HTTP. */
@Timeout(120)
class WebhookTest implements InstanceProvisionerContract {

    private record Received(Map<String, String> fields, byte[] body, JsonNode json) {}

    @TempDir
    Path folder;

    private final ObjectMapper json = new ObjectMapper();
    private final Set<String> running = new TreeSet<>();
    private final BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private HttpServer receiver;

    @BeforeEach
    void listen() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        receiver.createContext("/scale", this::receive);
        receiver.start();
    }

    @AfterEach
    void close() {
        receiver.stop(0);
    }

    private void receive(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Map<String, String> fields = new HashMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> fields.put(name.toLowerCase(Locale.ROOT), values.get(0)));
        JsonNode order = json.readTree(body);
        received.add(new Received(fields, body, order));
        Integer answer = answers.poll();
        int status = answer == null ? 202 : answer;
        if (status == 202) {
            synchronized (running) {
                String id = order.get("instance").asText();
                if (order.get("action").asText().equals("start")) {
                    running.add(id);
                } else {
                    running.remove(id);
                }
            }
        }
        exchange.getResponseHeaders().set("Location", "/elsewhere");
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    @Override
    public InstanceProvisionerProvider provider() {
        return new WebhookProvider();
    }

    @Override
    public ProvisionContext context() {
        return context(Map.of());
    }

    private ProvisionContext context(Map<String, String> more) {
        Map<String, String> keys = new HashMap<>(Map.of(
                "provider",
                "webhook",
                "webhook.url",
                "http://127.0.0.1:" + receiver.getAddress().getPort() + "/scale?cluster=a"));
        keys.putAll(more);
        return Pools.context(URI.create("tcp://127.0.0.1:7443"), folder.resolve("pool"), keys);
    }

    @Override
    public List<String> running() {
        synchronized (running) {
            return List.copyOf(running);
        }
    }

    private static void done(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void anOrderSaysAllThatAReceiverNeeds() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret"), "of the webhook\n");
        try (InstanceProvisioner provisioner =
                provider().open(context(Map.of("webhook.secret-file", secret.toString())))) {
            done(provisioner.start(new ScaleOrder("0123456789abcdef", 3, "waiting")));
        }
        Received order = received.get(0);
        assertThat(order.json().toString())
                .isEqualTo("{\"key\":\"start-0123456789abcdef\",\"action\":\"start\",\"pool\":\"shop\","
                        + "\"function\":\"shop\",\"instance\":\"0123456789abcdef\",\"desired\":3,"
                        + "\"reason\":\"waiting\"}");
        String time = order.fields().get("fluid-timestamp");
        assertThat(order.fields())
                .containsEntry("idempotency-key", "start-0123456789abcdef")
                .containsEntry(
                        "fluid-signature",
                        "sha256=" + WebhookProvisioner.signature(Secret.of("of the webhook"), time, order.body()));
    }

    @Test
    void theSignatureIsHmacSha256OfTimeDotBody() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("Jefe".getBytes(), "HmacSHA256"));
        String expected = HexFormat.of().formatHex(mac.doFinal("1700000000.{}".getBytes()));
        assertThat(WebhookProvisioner.signature(Secret.of("Jefe"), "1700000000", "{}".getBytes()))
                .isEqualTo(expected);
    }

    @Test
    void isPostedAgainUntilItIsTakenAlwaysWithOneKey() throws Exception {
        answers.addAll(List.of(503, 500, 429));
        try (InstanceProvisioner provisioner = provider().open(context())) {
            done(provisioner.start(InstanceProvisionerContract.order(1)));
        }
        assertThat(received).hasSize(4);
        assertThat(received.stream()
                        .map(order -> order.fields().get("idempotency-key"))
                        .distinct())
                .hasSize(1);
        assertThat(running()).hasSize(1);
    }

    @Test
    void aRefusalIsFinalAndARedirectIsOne() throws Exception {
        answers.addAll(List.of(403, 307));
        try (InstanceProvisioner provisioner = provider().open(context())) {
            assertThatThrownBy(() -> done(provisioner.start(InstanceProvisionerContract.order(1))))
                    .hasMessageContaining("it answered 403");
            assertThatThrownBy(() -> done(provisioner.start(InstanceProvisionerContract.order(1))))
                    .hasMessageContaining("it answered 307");
        }
        assertThat(received).hasSize(2);
    }

    @Test
    void closingEndsWhatIsStillTried() throws Exception {
        answers.addAll(List.of(503, 503, 503, 503, 503));
        CompletionStage<Void> start;
        try (InstanceProvisioner provisioner = provider().open(context())) {
            start = provisioner.start(InstanceProvisionerContract.order(1));
        }
        assertThatThrownBy(() -> done(start)).hasMessageContaining("closed");
    }

    @Test
    void anAddressIsNeededAndMayHoldNoPassword() {
        ProvisionContext none = Pools.context(URI.create("tcp://127.0.0.1:1"), folder, Map.of("provider", "webhook"));
        assertThatThrownBy(() -> provider().open(none)).hasMessageContaining("fluid.provision.shop.webhook.url");
        assertThatThrownBy(() -> Pools.context(
                        URI.create("tcp://127.0.0.1:1"), folder, Map.of("webhook.url", "http://me:pw@host/x")))
                .hasMessageContaining("fluid.provision.shop.webhook.url");
    }
}
