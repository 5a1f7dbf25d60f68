/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static java.util.concurrent.CompletableFuture.supplyAsync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
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
    /** A machine that is busy with more than this must not look like a peer that is gone. */
    private static final String PATIENT_PINGS = "fluid.tunnel.ping-interval=20s\n";

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int MANY = 2_000;
    private static final int STALLED = 200;
    private static final int STALLED_ROUNDS = 5;
    private static final int SMALL = 200;
    /** Health and pings. */
    private static final long STILL_BYTES = 64 * 1024;
    /** Finer differences are the machine's. */
    private static final long TIMER_NANOS = 500_000;

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
                "fluid.tunnel.byte-budget=" + ROUTER_BUDGET + "\n" + PATIENT_PINGS);
        // What these tests are about is not what an instance on a busy machine refuses.
        server = Fleet.startAlone(
                environment,
                "load-" + environment.id(),
                INSTANCE_HEAP,
                router.instanceProperties("load") + PATIENT_PINGS
                        + "fluid.max-concurrency=10000\nfluid.admission.scheduler-lag=off\n"
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
            // Whatever failed, the next test finds an idle instance.
            own("/rendezvous/leave?key=" + key);
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
            own("/rendezvous/leave?key=" + key);
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

    /**
     * Each download's reader takes the head and no more. Of several rounds the best counts, alone and beside them: what
     * else the machine does can only make one slower.
     */
    @Test
    @Order(6)
    void stalledReadersHoldUpNobodyElse() throws IOException {
        assumeThat(environment.tomcat())
                .as("it is the router that is measured; one server is enough")
                .isTrue();
        start(environment);
        p99Nanos();
        long alone = Long.MAX_VALUE;
        long beside = Long.MAX_VALUE;
        for (int round = 0; round < STALLED_ROUNDS; round++) {
            alone = Math.min(alone, p99Nanos());
            List<RawClient> stalled = new ArrayList<>();
            try {
                stall(stalled);
                beside = Math.min(beside, p99Nanos());
                readOn(stalled.get(round));
            } finally {
                closeAll(stalled);
            }
            awaitNothingInFlight();
        }
        Figures.add(
                "stalled readers, " + environment.id(),
                "p99 of others " + alone / 1000 + " µs alone, " + beside / 1000 + " µs beside " + STALLED);
        assertThat(beside).isLessThanOrEqualTo(alone * 3 / 2 + TIMER_NANOS);
        assertBothAlive();
        assertThat(router.process().said(line -> line.contains("OutOfMemoryError")))
                .as("the router keeps within " + ROUTER_BUDGET + " of bodies")
                .isFalse();
    }

    /** Who reads again gets on: far more than any window. */
    private static void readOn(RawClient client) throws IOException {
        for (long at = 0; at < 32L << 20; ) {
            byte[] some = client.readSome();
            assertThat(some).isNotEmpty();
            assertThat(some[0]).isEqualTo(Pattern.at(at));
            at += some.length;
        }
    }

    /** Readers that stop; returns when the instance has written all it may. */
    private void stall(List<RawClient> stalled) throws IOException {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < STALLED; i++) {
            String key = freshKey();
            RawClient client = RawClient.connect(router.httpPort(), 16 * 1024).patience(PATIENCE);
            stalled.add(client);
            client.send(head("GET", "/download?how=async&bytes=" + GIGABYTE + "&key=" + key));
            keys.add(key);
        }
        for (RawClient client : stalled) {
            assertThat(client.readHead("GET").status()).isEqualTo(200);
        }
        for (String key : keys) {
            assertThat(own("/rendezvous/await?key=" + key)).isEqualTo("not ready");
        }
        // The system takes some megabytes for each of them first.
        long[] before = {0};
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(300)).until(() -> {
            long last = before[0];
            before[0] = tunnelledBytes();
            return before[0] - last < STILL_BYTES;
        });
    }

    private static long tunnelledBytes() throws IOException {
        return router.admin("/metrics")
                .lines()
                .filter(line -> line.startsWith("fluid_tunnel_bytes_total"))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** Of small requests, one after another. */
    private long p99Nanos() throws IOException {
        long[] nanos = new long[SMALL];
        try (RawClient client = RawClient.connect(router.httpPort()).patience(PATIENCE)) {
            for (int i = 0; i < SMALL; i++) {
                long start = System.nanoTime();
                client.send(head("GET", "/response/plain"));
                assertThat(client.readResponse("GET").status()).isEqualTo(200);
                nanos[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        return nanos[SMALL * 99 / 100 - 1];
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
