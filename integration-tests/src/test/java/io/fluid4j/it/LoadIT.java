/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static java.util.concurrent.CompletableFuture.supplyAsync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.battery.Pattern;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Much at once through one tunnel to one instance. The heaps are small, so that what grows with the load ends the
 * process: that of the router is {@value #ROUTER_HEAP}, that of the instance {@value #INSTANCE_HEAP}. The latter is too
 * little for Tomcat 11 to hold 2,000 asynchronous requests on its own port (some 100 KB each, of which 40 KB are needed
 * here as well): what a tunnel costs is less than the connections it replaces.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Environment.class,
        names = {"TOMCAT_11", "JETTY_12_1_EE10"})
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(300)
class LoadIT {

    static final String ROUTER_HEAP = "-Xmx64m";
    static final String INSTANCE_HEAP = "-Xmx192m";
    static final String ROUTER_BUDGET = "32m";
    /** The budget, and some for connections. */
    private static final String ROUTER_DIRECT_MEMORY = " -XX:MaxDirectMemorySize=64m";

    private static final String MEMORY_OR_DEATH = " -XX:+ExitOnOutOfMemoryError";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int MANY = 2_000;

    private static final int CANCELS = Integer.getInteger("fluid.it.cancels", 200);
    private static final long GIGABYTE = 1L << 30;

    private static Environment running;
    private static RouterServer router;
    private static Server server;

    @Parameter
    Environment environment;

    private static void start(Environment environment) {
        if (environment == running) {
            return;
        }
        stop();
        router = RouterServer.start(
                "load-router-" + environment.id(),
                ROUTER_HEAP + ROUTER_DIRECT_MEMORY + MEMORY_OR_DEATH,
                "fluid.tunnel.byte-budget=" + ROUTER_BUDGET + "\n");
        // What these tests are about is not what an instance on a busy machine refuses.
        server = Fleet.startAlone(
                environment,
                "load-" + environment.id(),
                INSTANCE_HEAP,
                router.instanceProperties("load") + "fluid.max-concurrency=10000\nfluid.admission.scheduler-lag=off\n"
                        + "fluid.admission.queue-delay=off\nfluid.admission.heap=off\nfluid.admission.memory=off\n"
                        + "fluid.admission.gc-time=off\nfluid.admission.direct-memory=off\n"
                        + "fluid.admission.cpu-throttled=off\nfluid.admission.timeouts=off\n"
                        + "fluid.admission.errors=off\n");
        router.awaitInstance(environment.contextPath() + "/response/plain");
        running = environment;
    }

    @BeforeAll
    static void nothingRuns() {
        running = null;
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
            server = null;
        }
        if (router != null) {
            router.close();
            router = null;
        }
        running = null;
    }

    private static String freshKey() {
        return "k" + UUID.randomUUID().toString().replace("-", "");
    }

    private RawClient send(String method, String target, String... fields) throws IOException {
        RawClient client = RawClient.connect(router.httpPort()).patience(PATIENCE);
        client.send(head(method, target, fields));
        return client;
    }

    private String head(String method, String target, String... fields) {
        return method + " " + environment.contextPath() + target + " HTTP/1.1\r\nHost: localhost\r\n"
                + Arrays.stream(fields).map(field -> field + "\r\n").reduce("", String::concat) + "\r\n";
    }

    /** By the server's own port, so that it does not depend on what is tested. */
    private String own(String target) throws IOException {
        try (RawClient client = RawClient.connect(server.httpPort()).patience(PATIENCE)) {
            client.send(head("GET", target));
            return client.readResponse("GET").text();
        }
    }

    /** The JVM of the instance has served one request so far: the burst meets it cold. */
    @Test
    @Order(1)
    void twoThousandRequestsInFlight() throws IOException {
        start(environment);
        String key = freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(send("GET", "/async/hold?key=" + key));
            }
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .failFast("a request was answered before its time", () -> anyAnswered(clients))
                    .until(() -> router.inFlight() >= MANY);
            own("/rendezvous/leave?key=" + key);
            Map<String, Integer> answers = new TreeMap<>();
            for (RawClient client : clients) {
                Response response = client.readResponse("GET");
                answers.merge(response.status() + " " + response.text(), 1, Integer::sum);
            }
            assertThat(answers).isEqualTo(Map.of("200 released", MANY));
            awaitNothingInFlight();
        } finally {
            closeAll(clients);
        }
    }

    private static boolean anyAnswered(List<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            if (client.answered()) {
                return true;
            }
        }
        return false;
    }

    @Test
    @Order(2)
    void twoThousandEventStreamsOpen() throws IOException {
        start(environment);
        String key = freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(send("GET", "/async/events?key=" + key));
            }
            for (RawClient client : clients) {
                assertThat(client.readHead("GET").status()).isEqualTo(200);
                assertThat(client.readUntil("\n\n")).isEqualTo("data: first\n\n");
            }
            assertThat(router.inFlight()).isEqualTo(MANY);
            own("/rendezvous/leave?key=" + key);
            for (RawClient client : clients) {
                assertThat(client.readUntil("\n\n")).isEqualTo("data: last\n\n");
                assertThat(client.readBody()).isEmpty();
            }
            awaitNothingInFlight();
        } finally {
            closeAll(clients);
        }
    }

    @Test
    @Order(3)
    void oneGibibyteDown() throws IOException {
        start(environment);
        try (RawClient client = send("GET", "/download?bytes=" + GIGABYTE)) {
            assertThat(client.readHead("GET").status()).isEqualTo(200);
            long at = 0;
            for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
                if (some[0] != Pattern.at(at)) {
                    throw new AssertionError("wrong octet at " + at);
                }
                at += some.length;
            }
            assertThat(at).isEqualTo(GIGABYTE);
        }
        assertBothAlive();
    }

    @Test
    @Order(4)
    void oneGibibyteUp() throws IOException {
        start(environment);
        try (RawClient client = send("POST", "/upload", "Content-Length: " + GIGABYTE)) {
            byte[] buffer = new byte[256 * 1024];
            for (long at = 0; at < GIGABYTE; at += buffer.length) {
                Pattern.fill(buffer, buffer.length, at);
                client.send(buffer);
            }
            assertThat(client.readResponse("POST").text()).isEqualTo("read " + GIGABYTE);
        }
        assertBothAlive();
    }

    /** The more a client has read, the later in a write its going away comes. */
    @Test
    @Order(5)
    void clientsThatGoAwayWhileAListenerWritesAllReachTheApplication() throws Exception {
        start(environment);
        int atOnce = 10;
        for (int round = 0; round < CANCELS / atOnce; round++) {
            List<CompletableFuture<String>> words = new ArrayList<>();
            for (int i = 0; i < atOnce; i++) {
                int pieces = round + i;
                words.add(supplyAsync(() -> goAwayAfter(pieces)));
            }
            for (CompletableFuture<String> word : words) {
                assertThat(word.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("WriteListener.onError");
            }
        }
        awaitNothingInFlight();
        assertBothAlive();
    }

    private String goAwayAfter(int pieces) {
        String key = freshKey();
        try {
            try (RawClient client = send("GET", "/cancel/writeListener?key=" + key)) {
                assertThat(client.readHead("GET").status()).isEqualTo(200);
                for (int i = 0; i < pieces; i++) {
                    client.readSome();
                }
                client.reset();
            }
            return own("/rendezvous/await?key=" + key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitNothingInFlight() {
        await().atMost(PATIENCE).until(() -> router.inFlight() == 0);
    }

    private static void assertBothAlive() {
        assertThat(router.process().alive()).as("router").isTrue();
        assertThat(server.process().alive()).as("instance").isTrue();
    }

    private static void closeAll(List<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
    }
}
