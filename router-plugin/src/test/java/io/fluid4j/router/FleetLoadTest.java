/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Placement;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fleet on one machine under load: four routers in three regions, tunnels and HTTP as in earnest. */
@Timeout(300)
class FleetLoadTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TOKEN = "a-token-of-some-length";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicInteger mostHops = new AtomicInteger();
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
            opened.get(i).close();
        }
    }

    private Router router(String id, String region, int functions) throws Exception {
        List<String> keys = new ArrayList<>(List.of(
                "fluid.router.id", id,
                "fluid.region", region,
                "fluid.zone", id,
                "fluid.router.peer-secret", "a secret between routers",
                // A machine that is busy with something else makes instances silent for a while.
                "fluid.router.max-wait", "8s",
                "fluid.resolver.urls", "http://127.0.0.1:" + resolver.httpPort(),
                "fluid.resolver.token", TOKEN));
        for (int i = 0; i < functions; i++) {
            keys.addAll(List.of("fluid.route.f" + i + ".function", "f" + i, "fluid.route.f" + i + ".path", "/f" + i));
        }
        Router router = Router.create(RequestPathTest.config(keys.toArray(new String[0])))
                .start();
        opened.add(router);
        router.context().maxDialNanos(PATIENCE.toNanos());
        return router;
    }

    private void instance(int tunnelPort, String function, String answer) throws Exception {
        opened.add(new ScriptedInstance(tunnelPort, function, call -> {
                    mostHops.accumulateAndGet(call.head.hops(), Math::max);
                    call.answer(200, answer);
                })
                .connected());
    }

    private static void sees(Router router, String function, int holders) {
        await().atMost(PATIENCE).until(() -> {
            Resolution found = router.resolver().lookup(function);
            return found != null
                    && found.routes().size() == holders
                    && found.routes().stream()
                            .allMatch(route -> route.registration().capacity() > 0);
        });
    }

    private record Outcome(long beganNanos, int status, String text) {}

    /** Keeps asking on connections of its own until it is told to stop. */
    private static void load(Router of, AtomicBoolean stop, CountDownLatch under, Queue<Outcome> outcomes)
            throws Exception {
        try (RawClient client = new RawClient(of.httpPort())) {
            while (!stop.get()) {
                long began = System.nanoTime();
                RawClient.Answer answer =
                        client.send("GET /f0 HTTP/1.1\r\nHost: h\r\n\r\n").answer();
                outcomes.add(new Outcome(began, answer.status(), answer.text()));
                under.countDown();
            }
        }
    }

    @Test
    void whenARegionIsKilledUnderLoadTheNextOneServesAndOnlyWhatWasUnderWayIsLost() throws Exception {
        Router front = router("front", "a", 1);
        Router one = router("one", "a", 1);
        Router two = router("two", "a", 1);
        Router next = router("next", "b", 1);
        instance(one.tunnelPort(), "f0", "a");
        instance(two.tunnelPort(), "f0", "a");
        instance(next.tunnelPort(), "f0", "b");
        sees(front, "f0", 3);

        int clients = 8;
        AtomicBoolean stop = new AtomicBoolean();
        Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
        CountDownLatch before = new CountDownLatch(400);
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        opened.add(threads::shutdownNow);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            running.add(threads.submit(() -> {
                load(front, stop, before, outcomes);
                return null;
            }));
        }
        assertThat(before.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(outcomes).allMatch(outcome -> outcome.status == 200);
        assertThat(outcomes).anyMatch(outcome -> outcome.text.equals("a"));

        one.close();
        two.close();
        // What is on its way to them until their ends are seen belongs to what was under way.
        await().atMost(PATIENCE).until(() -> front.context().fleet().tunnels().connected() <= 1);
        long killed = System.nanoTime();
        await().atMost(PATIENCE)
                .until(() -> outcomes.stream()
                                .filter(outcome -> outcome.beganNanos > killed)
                                .count()
                        > 400);
        stop.set(true);
        for (Future<?> client : running) {
            client.get(60, TimeUnit.SECONDS);
        }
        assertThat(outcomes.stream().filter(outcome -> outcome.beganNanos > killed))
                .allMatch(outcome -> outcome.status == 200 && outcome.text.equals("b"));
        List<Outcome> lost =
                outcomes.stream().filter(outcome -> outcome.status != 200).toList();
        assertThat(lost.size())
                .as("at most what each client had under way when each of the two routers went: " + lost)
                .isLessThanOrEqualTo(2 * clients);
        // 502: its tunnel is gone; 503: the router that stops has cut what it still had.
        assertThat(lost).allMatch(outcome -> outcome.status == 502 || outcome.status == 503);
        assertThat(mostHops).hasValue(2);
    }

    @Test
    void everyRequestFindsTheTunnelOfItsFunctionAndNoneTakesTwoHops() throws Exception {
        int functions = 40;
        List<Router> routers = List.of(
                router("r0", "a", functions),
                router("r1", "a", functions),
                router("r2", "b", functions),
                router("r3", "c", functions));
        await().atMost(PATIENCE).until(() -> resolver.resolver().routers().size() == 4);
        Placement placement = new Placement(resolver.resolver(), 2, System::nanoTime);
        String[] regions = {"a", "a", "b", "c"};
        for (int f = 0; f < functions; f++) {
            String region = regions[f % regions.length];
            // One instance of each, that dials the two routers it is told.
            for (RouterAddress to : placement.of("f" + f, new Locality(region, "r0"))) {
                int port = Integer.parseInt(to.tunnel().substring(to.tunnel().lastIndexOf(':') + 1));
                instance(port, "f" + f, "f" + f);
            }
        }
        for (Router router : routers) {
            for (int f = 0; f < functions; f++) {
                sees(router, "f" + f, 2);
            }
        }

        int requests = 4_000;
        Random random = new Random(5);
        List<RawClient> clients = new ArrayList<>();
        for (Router router : routers) {
            RawClient client = new RawClient(router.httpPort());
            opened.add(client);
            clients.add(client);
        }
        int served = 0;
        int local = 0;
        for (int i = 0; i < requests; i++) {
            int f = zipf(random, functions);
            int at = random.nextInt(routers.size());
            RawClient.Answer answer = ask(clients.get(at), f, i, routers);
            served += answer.status() == 200 && answer.text().equals("f" + f) ? 1 : 0;
            List<Resolution.Route> routes = resolver.resolver().lookup("f" + f).routes();
            String id = routers.get(at).id();
            local += routes.stream()
                            .anyMatch(route ->
                                    route.registration().router().router().equals(id))
                    ? 1
                    : 0;
        }
        // A request is counted when its response has been written, which the client may know earlier.
        await().atMost(PATIENCE)
                .until(() -> counted(routers, one -> one.local().getCount())
                                + counted(routers, one -> one.hopped().getCount())
                        == requests);
        long here = counted(routers, one -> one.local().getCount());
        long hopped = counted(routers, one -> one.hopped().getCount());
        System.out.printf(
                "fleet: %d of %d requests to routers taken at random found a live tunnel: %d here, %d after one hop%n",
                served, requests, here, hopped);
        assertThat(served).isEqualTo(requests);
        assertThat(here).as("counted as served here").isEqualTo(local);
        assertThat(hopped).isGreaterThan(requests / 4);
        assertThat(mostHops).hasValue(2);
    }

    private static RawClient.Answer ask(RawClient client, int function, int number, List<Router> routers)
            throws Exception {
        try {
            return client.send("GET /f" + function + " HTTP/1.1\r\nHost: h\r\n\r\n")
                    .answer();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("no answer to request " + number + " for f" + function + "\n" + state(routers), e);
        }
    }

    /** What is under way, for a failure to be understood. */
    private static String state(List<Router> routers) {
        StringBuilder state = new StringBuilder();
        for (Router router : routers) {
            state.append(router.id()).append(":\n");
            for (RouterExchange exchange : router.context().live().snapshot()) {
                state.append("  ")
                        .append(exchange.phase())
                        .append(' ')
                        .append(exchange.request().getClass().getSimpleName())
                        .append(' ')
                        .append(exchange.request().getHttpURI())
                        .append('\n');
            }
            for (FunctionGroup group : router.context().instances().groups()) {
                for (Instance instance : group.instances()) {
                    if (!instance.available() || group.waiting().size() > 0 || instance.inFlight() > 0) {
                        state.append("  ")
                                .append(group.name())
                                .append(' ')
                                .append(instance.state())
                                .append(' ')
                                .append(instance.pauseReason())
                                .append(" waiting ")
                                .append(group.waiting().size())
                                .append(" in flight ")
                                .append(instance.inFlight())
                                .append('\n');
                    }
                }
            }
        }
        return state.toString();
    }

    private static long counted(List<Router> routers, ToLongFunction<FunctionMetrics> which) {
        long sum = 0;
        for (Router router : routers) {
            for (FunctionMetrics one : router.context().metrics().all()) {
                sum += which.applyAsLong(one);
            }
        }
        return sum;
    }

    private static int zipf(Random random, int functions) {
        double sum = 0;
        for (int i = 1; i <= functions; i++) {
            sum += 1.0 / i;
        }
        double left = random.nextDouble() * sum;
        for (int i = 1; i < functions; i++) {
            left -= 1.0 / i;
            if (left < 0) {
                return i - 1;
            }
        }
        return functions - 1;
    }
}
