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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
    /** For body octets, and some for connections. */
    private static final String ROUTER_LIMITS = " -XX:MaxDirectMemorySize=64m -XX:+ExitOnOutOfMemoryError";

    private static final int MANY = 2_000;
    private static final int CANCELS = Integer.getInteger("fluid.it.cancels", 200);
    private static final int GIGABYTE = 1 << 30;
    /** How often in a transfer it is looked at what is alive in both processes. */
    private static final int LOOK_EVERY_BYTES = 128 << 20;
    /**
     * How much more may be alive in the midst of a transfer than before it: the window of one stream (a 32nd of the byte
     * budget), what a connection buffers, and what a JVM loads on the way; a hundredth of what is transferred.
     */
    private static final long FLAT_BYTES = 10 << 20;

    private static @Nullable Pair pair;

    @Parameter
    Environment environment;

    private static Pair pair(Environment environment) {
        Pair running = pair;
        if (running == null || running.environment() != environment) {
            stop();
            running = Pair.start(
                    "load", environment, ROUTER_HEAP + ROUTER_LIMITS, "fluid.tunnel.byte-budget=32m\n", INSTANCE_HEAP);
            pair = running;
        }
        return running;
    }

    @BeforeAll
    static void nothingRuns() {
        stop();
    }

    @AfterAll
    static void stop() {
        Pair running = pair;
        pair = null;
        if (running != null) {
            running.close();
        }
    }

    /** The JVM of the instance has served one request so far: the burst meets it cold. */
    @Test
    @Order(1)
    void twoThousandRequestsInFlight() throws IOException {
        Pair pair = pair(environment);
        String key = Pair.freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(pair.send("GET", "/async/hold?key=" + key));
            }
            await().atMost(Pair.PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .failFast("a request was answered before its time", () -> anyAnswered(clients))
                    .until(() -> pair.router().inFlight() >= MANY);
            pair.own("/rendezvous/leave?key=" + key);
            Map<String, Integer> answers = new TreeMap<>();
            for (RawClient client : clients) {
                Response response = client.readResponse("GET");
                answers.merge(response.status() + " " + response.text(), 1, Integer::sum);
            }
            assertThat(answers).isEqualTo(Map.of("200 released", MANY));
            pair.awaitNothingInFlight();
        } finally {
            // Whatever failed, the next test finds an idle instance.
            pair.own("/rendezvous/leave?key=" + key);
            Pair.closeAll(clients);
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
        Pair pair = pair(environment);
        String key = Pair.freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(pair.send("GET", "/async/events?key=" + key));
            }
            for (RawClient client : clients) {
                assertThat(client.readHead("GET").status()).isEqualTo(200);
                assertThat(client.readUntil("\n\n")).isEqualTo("data: first\n\n");
            }
            assertThat(pair.router().inFlight()).isEqualTo(MANY);
            pair.own("/rendezvous/leave?key=" + key);
            for (RawClient client : clients) {
                assertThat(client.readUntil("\n\n")).isEqualTo("data: last\n\n");
                assertThat(client.readBody()).isEmpty();
            }
            pair.awaitNothingInFlight();
        } finally {
            pair.own("/rendezvous/leave?key=" + key);
            Pair.closeAll(clients);
        }
    }

    @Test
    @Order(3)
    void oneGibibyteDownWithAFlatHeap() throws IOException {
        Pair pair = pair(environment);
        try (Alive alive = new Alive(pair);
                RawClient client = pair.send("GET", "/download?bytes=" + GIGABYTE)) {
            assertThat(client.readHead("GET").status()).isEqualTo(200);
            long at = 0;
            long next = LOOK_EVERY_BYTES;
            for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
                if (some[0] != Pattern.at(at)) {
                    throw new AssertionError("wrong octet at " + at);
                }
                at += some.length;
                if (at >= next) {
                    alive.look();
                    next += LOOK_EVERY_BYTES;
                }
            }
            assertThat(at).isEqualTo(GIGABYTE);
            alive.assertFlat("1 GiB down");
        }
        pair.assertBothAlive();
    }

    @Test
    @Order(4)
    void oneGibibyteUpWithAFlatHeap() throws IOException {
        Pair pair = pair(environment);
        try (Alive alive = new Alive(pair);
                RawClient client = pair.send("POST", "/upload", "Content-Length: " + GIGABYTE)) {
            byte[] buffer = new byte[256 * 1024];
            for (int at = 0; at < GIGABYTE; at += buffer.length) {
                Pattern.fill(buffer, buffer.length, at);
                client.send(buffer);
                if (at > 0 && at % LOOK_EVERY_BYTES == 0) {
                    alive.look();
                }
            }
            assertThat(client.readResponse("POST").text()).isEqualTo("read " + GIGABYTE);
            alive.assertFlat("1 GiB up");
        }
        pair.assertBothAlive();
    }

    /** What is alive in the two processes before a transfer, and the most in the midst of it. */
    private static final class Alive implements AutoCloseable {
        private final Pair pair;
        private final JvmMemory router;
        private final JvmMemory instance;
        private final JvmMemory.Live routerBefore;
        private final JvmMemory.Live instanceBefore;
        private JvmMemory.Live routerMost;
        private JvmMemory.Live instanceMost;
        private int looks;

        Alive(Pair pair) throws IOException {
            this.pair = pair;
            router = JvmMemory.of(pair.router().process());
            instance = JvmMemory.of(pair.server().process());
            routerBefore = router.live();
            instanceBefore = instance.live();
            routerMost = routerBefore;
            instanceMost = instanceBefore;
        }

        void look() throws IOException {
            routerMost = routerMost.orMore(router.live());
            instanceMost = instanceMost.orMore(instance.live());
            looks++;
        }

        void assertFlat(String what) {
            Figures.add(
                    what + ", alive, " + pair.environment().id(),
                    "router " + ROUTER_HEAP + ": " + routerBefore + " before, " + routerMost + " at most; instance "
                            + INSTANCE_HEAP + ": " + instanceBefore + " before, " + instanceMost + " at most");
            assertThat(looks).isGreaterThanOrEqualTo(GIGABYTE / LOOK_EVERY_BYTES - 1);
            assertThat(routerMost.bytes() - routerBefore.bytes()).as("router").isLessThan(FLAT_BYTES);
            assertThat(instanceMost.bytes() - instanceBefore.bytes())
                    .as("instance")
                    .isLessThan(FLAT_BYTES);
        }

        @Override
        public void close() {
            router.close();
            instance.close();
        }
    }

    /** The more a client has read, the later in a write its going away comes. */
    @Test
    @Order(5)
    void clientsThatGoAwayWhileAListenerWritesAllReachTheApplication() throws Exception {
        Pair pair = pair(environment);
        int atOnce = 10;
        for (int round = 0; round < CANCELS / atOnce; round++) {
            List<CompletableFuture<String>> words = new ArrayList<>();
            for (int i = 0; i < atOnce; i++) {
                int pieces = round + i;
                words.add(supplyAsync(() -> goAwayAfter(pair, pieces)));
            }
            for (CompletableFuture<String> word : words) {
                assertThat(word.get(Pair.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isEqualTo("WriteListener.onError");
            }
        }
        pair.awaitNothingInFlight();
        pair.assertBothAlive();
    }

    private static String goAwayAfter(Pair pair, int pieces) {
        String key = Pair.freshKey();
        try {
            try (RawClient client = pair.send("GET", "/cancel/writeListener?key=" + key)) {
                assertThat(client.readHead("GET").status()).isEqualTo(200);
                for (int i = 0; i < pieces; i++) {
                    client.readSome();
                }
                client.reset();
            }
            return pair.own("/rendezvous/await?key=" + key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
