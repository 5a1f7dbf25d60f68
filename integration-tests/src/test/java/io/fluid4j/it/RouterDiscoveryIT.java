/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * A Tomcat and a Jetty that know nothing but a resolver, and three routers in two zones that come and go: {@code a1} in
 * zone a, {@code b1} and {@code b2} in zone b. Tomcat is in zone a, Jetty in zone b. Everything is a process of its own.
 */
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RouterDiscoveryIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HEAP = "-Xmx128m";
    private static final Environment TOMCAT = Environment.TOMCAT_11;
    private static final Environment JETTY = Environment.JETTY_12_1_EE11;
    private static final Pattern INSTANCE =
            Pattern.compile("\"container\"\\s*:\\s*\"(tomcat|jetty)/[^}]*?\"state\"\\s*:\\s*\"(\\w+)\"");
    private static final int TOKENS = 200;

    private static final Map<String, RouterServer> ROUTERS = new LinkedHashMap<>();
    private static final Map<Environment, Server> SERVERS = new LinkedHashMap<>();
    private static final AtomicInteger STARTS = new AtomicInteger();
    private static ResolverProcess resolver;

    @BeforeAll
    static void start() {
        resolver = ResolverProcess.start("discovery-resolver", Build.freePort());
        startRouter("a1");
        startRouter("b1");
        startRouter("b2");
        startInstance(TOMCAT, "a");
        startInstance(JETTY, "b");
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(Server::close);
        ROUTERS.values().forEach(RouterServer::close);
        if (resolver != null) {
            resolver.close();
        }
    }

    /** The zone is the first letter of the name. */
    private static void startRouter(String id) {
        ROUTERS.put(
                id,
                RouterServer.start(
                        "discovery-" + id + "-" + STARTS.incrementAndGet(),
                        HEAP,
                        "fluid.router.id=" + id + "\nfluid.zone=" + id.charAt(0) + "\nfluid.resolver.urls="
                                + resolver.url() + "\n"));
    }

    private static void startInstance(Environment environment, String zone) {
        SERVERS.put(
                environment,
                Fleet.start(
                        environment.distribution(),
                        "discovery-" + environment.id(),
                        HEAP,
                        "fluid.function=shop\nfluid.zone=" + zone + "\nfluid.resolver.urls=" + resolver.url()
                                + "\nfluid.tunnel.secret=" + Delivery.SECRET + "\n",
                        base -> Fleet.deploySample(environment, base, "sample"),
                        List.of(environment)));
    }

    /** Which of the two serve through a router. */
    private static Set<String> instances(String router) throws IOException {
        Set<String> instances = new TreeSet<>();
        Matcher all = INSTANCE.matcher(ROUTERS.get(router).admin("/api/instances"));
        while (all.find()) {
            if (Set.of("active", "idle").contains(all.group(2))) {
                instances.add(all.group(1));
            }
        }
        return instances;
    }

    private static boolean each(String router, String... instances) throws IOException {
        return instances(router).equals(Set.of(instances));
    }

    /** The router of zone b that serves for an instance, of the two. */
    private static String routerOfZoneB(String instance) throws IOException {
        return instances("b1").contains(instance) ? "b1" : "b2";
    }

    private static boolean inBothZones() throws IOException {
        return each("a1", "tomcat", "jetty")
                && instances("b1").size() + instances("b2").size() == 2
                && !(instances("b1").isEmpty() && instances("b2").isEmpty())
                && union(instances("b1"), instances("b2")).size() == 2;
    }

    private static Set<String> union(Set<String> one, Set<String> other) {
        Set<String> union = new TreeSet<>(one);
        union.addAll(other);
        return union;
    }

    private static Response get(int port, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return client.readResponse("GET");
        }
    }

    @Order(1)
    @Test
    void eachInstanceDialsTwoRoutersInDifferentZones() throws IOException {
        await().atMost(PATIENCE).until(RouterDiscoveryIT::inBothZones);
        assertThat(get(ROUTERS.get("a1").httpPort(), "/sample/").status()).isEqualTo(200);
    }

    @Order(2)
    @Test
    void aRouterThatIsStoppedIsReplacedBeforeItIsLeft() throws Exception {
        RouterServer leaving = ROUTERS.get("a1");
        ExecutorService clients = Executors.newCachedThreadPool();
        try {
            List<CompletableFuture<Response>> streams = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                streams.add(CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return get(leaving.httpPort(), "/sample/answer?q=why&interval=50&tokens=" + TOKENS);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        clients));
            }
            await().atMost(PATIENCE).until(() -> leaving.inFlight() >= 6);
            leaving.process().terminate();
            // Both serve through both others while the one that goes still has work.
            await().atMost(PATIENCE).until(() -> each("b1", "tomcat", "jetty") && each("b2", "tomcat", "jetty"));
            assertThat(streams).as("made before it broke").anyMatch(stream -> !stream.isDone());
            for (CompletableFuture<Response> stream : streams) {
                Response response = stream.get(60, TimeUnit.SECONDS);
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.text()).contains("event: done");
            }
            assertThat(leaving.process().awaitExit(PATIENCE)).isZero();
        } finally {
            clients.shutdown();
        }
        assertThat(get(ROUTERS.get("b1").httpPort(), "/sample/").status()).isEqualTo(200);
    }

    @Order(3)
    @Test
    void aNewRouterIsDialledAndOneOfTheOthersLeft() {
        startRouter("a1");
        await().atMost(PATIENCE).until(RouterDiscoveryIT::inBothZones);
    }

    @Order(4)
    @Test
    void aKilledRouterIsReplacedWithinSeconds() throws IOException {
        String dead = routerOfZoneB("tomcat");
        String other = dead.equals("b1") ? "b2" : "b1";
        ROUTERS.get(dead).process().kill();
        long began = System.nanoTime();
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> each(other, "tomcat", "jetty"));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        Figures.add("discovery.kill", "another router serves for both instances after " + millis + " ms");
        assertThat(each("a1", "tomcat", "jetty")).isTrue();
        startRouter(dead);
        await().atMost(PATIENCE).until(RouterDiscoveryIT::inBothZones);
    }

    @Order(5)
    @Test
    void withoutTheResolverNothingChangesAndWhatIsKnownIsDialled() throws IOException {
        Map<String, Set<String>> before = new LinkedHashMap<>();
        for (String router : ROUTERS.keySet()) {
            before.put(router, instances(router));
        }
        resolver.process().kill();
        for (Server server : SERVERS.values()) {
            server.process().awaitLine(Pattern.compile("the resolver cannot be reached"), PATIENCE);
        }
        for (String router : ROUTERS.keySet()) {
            assertThat(instances(router)).isEqualTo(before.get(router));
        }
        ROUTERS.get("a1").process().kill();
        await().atMost(PATIENCE).until(() -> each("b1", "tomcat", "jetty") && each("b2", "tomcat", "jetty"));
        assertThat(get(ROUTERS.get("b1").httpPort(), "/sample/").status()).isEqualTo(200);

        // It is back with nothing in its memory, and so is the router.
        resolver = ResolverProcess.start("discovery-resolver-again", resolver.port());
        startRouter("a1");
        await().atMost(PATIENCE).until(RouterDiscoveryIT::inBothZones);
    }
}
