/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.Traffic.Kind;
import io.fluid4j.it.Traffic.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * An instance that stands still, and one that is gone from one moment to the next, under load: three instances behind
 * one router. The application's ledger is what tells whether anything was done twice.
 */
@Timeout(300)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KillIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PER_SECOND = 100;
    /** Two of three instances are more than half full by what is under way, so that all three are used. */
    private static final int LIMIT = 12;

    /** Of each kind that are surely with the victim when it is killed. */
    private static final int LONG_ONES = 2;
    /** What is asked of this host has the victim's deployment only. */
    private static final String VICTIMS_HOST = "victim.example";
    /** How the router chooses; another one to compare with. */
    private static final String SELECTOR = System.getProperty("fluid.it.selector", "least-loaded");
    /** How long a dependency is slow. */
    private static final int SLOW_SECONDS = Integer.getInteger("fluid.it.slow-seconds", 6);
    /** A request takes 80 ms, 2.4 s while the dependency is slow. */
    private static final long SUFFERING_MILLIS = 800;

    private static final long MILLIS = 1_000_000L;
    /** Far more than it takes, for slow machines; what it took is among the figures. */
    private static final long USED_AGAIN_MILLIS = 15_000;

    private static final Kind LONG_POST = new Kind("long", 0, "POST", "/app/work/wait?millis=30000");
    private static final Kind LONG_STREAM = new Kind("stream", 0, "GET", "/app/work/events?count=300&millis=100");

    private static RouterServer router;
    private static Workers workers;

    @BeforeAll
    static void start() throws Exception {
        router = RouterServer.start(
                "kill-router",
                "-Xmx128m -XX:TieredStopAtLevel=1",
                // On a slow machine two instances may be full while the third is frozen: who waits is not to fail, nor
                // a client give up.
                // New instances get their share at once: here all are new.
                // How long it may stand still without being given up: longer than a test on a slow machine lets it.
                "fluid.tunnel.ping-interval=5s\n"
                        + "fluid.router.slow-start=0\nfluid.router.max-wait=18s\nfluid.router.selector=" + SELECTOR
                        + "\nfluid.route.kill.path=/\nfluid.route.weighted.function=kill\n"
                        + "fluid.route.weighted.host=weighted.example\nfluid.route.weighted.weight.tomcat=90\n"
                        + "fluid.route.weighted.weight.jetty=10\n"
                        + "fluid.route.victims.function=kill\nfluid.route.victims.host=" + VICTIMS_HOST
                        + "\nfluid.route.victims.weight.victim=100\n");
        workers = new Workers("kill");
        workers.start(
                plan("tomcat", Environment.TOMCAT_11),
                plan("jetty", Environment.JETTY_12_1_EE10),
                plan("victim", Environment.TOMCAT_11));
        await().atMost(PATIENCE).until(() -> InstanceView.of(router).size() == 3);
    }

    private static Workers.Plan plan(String name, Environment environment) {
        return Workers.Plan.of(
                name,
                environment,
                router.instanceProperties("kill") + Workers.UNDAUNTED + "fluid.max-concurrency=" + LIMIT + "\n"
                        + "fluid.deployment=" + name + "\nfluid.tunnel.redial-max=1s\n");
    }

    @AfterAll
    static void stop() {
        if (workers != null) {
            workers.close();
        }
        if (router != null) {
            router.close();
        }
    }

    private static Traffic traffic(String name) {
        return Traffic.to(name, router.httpPort())
                .with("get", 30, "GET", "/app/work/wait?millis=20")
                .with("post", 35, "POST", "/app/work/wait?millis=20")
                .with("slowPost", 25, "POST", "/app/work/wait?millis=300")
                .with("events", 10, "GET", "/app/work/events?count=10&millis=100")
                .start(PER_SECOND);
    }

    private static InstanceView victim() throws IOException {
        return InstanceView.of(router, "victim");
    }

    /** By name, for {@code STOP} and {@code CONT}: Java has no way to send them. */
    private static void signal(String signal) throws Exception {
        Process kill = new ProcessBuilder(
                        "kill",
                        "-" + signal,
                        Long.toString(workers.server("victim").process().pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    @Order(1)
    void deploymentsGetTheirWeights() throws IOException {
        Map<String, Integer> answers = new TreeMap<>();
        try (RawClient client = RawClient.connect(router.httpPort())) {
            for (int i = 0; i < 500; i++) {
                client.send("GET /app/work/wait HTTP/1.1\r\nHost: weighted.example\r\n\r\n");
                RawClient.Response response = client.readResponse("GET");
                assertThat(response.status()).isEqualTo(200);
                answers.merge(response.first("x-instance"), 1, Integer::sum);
            }
        }
        Figures.add("weights 90 and 10", answers.toString());
        assertThat(answers).containsOnlyKeys("tomcat", "jetty");
        // Four standard deviations.
        assertThat(answers.get("jetty")).isBetween(50 - 27, 50 + 27);
    }

    @Test
    @Order(2)
    void fewSufferWhenTheDependencyOfOneInstanceIsSlow() throws Exception {
        try (Traffic traffic = Traffic.to("ask", router.httpPort())
                .with("ask", 100, "GET", "/app/work/ask?millis=80")
                .start(200)) {
            await().atMost(PATIENCE).until(() -> victim().requests() > 20);
            int before = traffic.sent();
            workers.own("victim", "/slow?factor=30");
            try {
                await().atMost(PATIENCE).until(() -> traffic.sent() - before > 200 * SLOW_SECONDS);
            } finally {
                workers.own("victim", "/slow?factor=1");
            }
            int sent = traffic.sent() - before;
            List<Outcome> all = traffic.finish();
            long suffered = all.stream()
                    .filter(one -> one.instance().equals("victim"))
                    .filter(one -> one.endNanos() - one.dueNanos() > SUFFERING_MILLIS * MILLIS)
                    .count();
            Figures.add(
                    "slow dependency of one of three, " + SELECTOR,
                    suffered + " of " + sent + " in " + SLOW_SECONDS + " s suffered");
            assertThat(traffic.bad()).as("%s", traffic.summary()).isEmpty();
            assertThat(suffered).as("of %s", sent).isPositive();
            if (SELECTOR.equals("least-loaded")) {
                assertThat(suffered).isLessThan(sent * 4L / 100);
            }
        }
    }

    /** Its tunnel lives on: nobody notices but those whose requests are there, and they only wait. */
    @Test
    @Order(3)
    void frozenInstanceGetsNothingAfterThreeMissedHealths() throws Exception {
        try (Traffic traffic = traffic("frozen")) {
            await().atMost(PATIENCE).until(() -> victim().requests() > 20);
            long stopped = System.nanoTime();
            signal("STOP");
            long paused;
            try {
                await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> victim().state()
                        .equals("paused"));
                paused = (System.nanoTime() - stopped) / MILLIS;
                long before = victim().requests();
                int sent = traffic.sent();
                await().atMost(PATIENCE).until(() -> traffic.sent() > sent + PER_SECOND);
                assertThat(victim().requests()).as("no new pick").isEqualTo(before);
            } finally {
                signal("CONT");
            }
            long used = awaitUsed();
            Figures.add("frozen instance", "paused after " + paused + " ms, used again " + used + " ms after SIGCONT");
            assertThat(used).isLessThan(USED_AGAIN_MILLIS);
            traffic.finish();
            assertThat(traffic.bad()).as("%s", traffic.summary()).isEmpty();
        }
    }

    /** The time from now until it has a request more than it had, in milliseconds. */
    private static long awaitUsed() throws IOException {
        long from = System.nanoTime();
        long before = victim().requests();
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> victim().state().equals("active") && victim().requests() > before);
        return (System.nanoTime() - from) / MILLIS;
    }

    /** So long that the router gives its tunnel up: it dials again. */
    @Test
    @Order(4)
    void frozenInstanceThatWasGivenUpComesBack() throws Exception {
        try (Traffic traffic = traffic("givenUp")) {
            await().atMost(PATIENCE).until(() -> traffic.outcomes().size() > PER_SECOND);
            signal("STOP");
            try {
                await().atMost(PATIENCE).until(() -> victim() == InstanceView.GONE);
            } finally {
                signal("CONT");
            }
            long used = awaitUsed();
            Figures.add("instance given up", "used again " + used + " ms after SIGCONT");
            assertThat(used).isLessThan(USED_AGAIN_MILLIS);
            traffic.finish();
            assertOnlyTheVictims(traffic, Long.MAX_VALUE);
        }
    }

    @Test
    @Order(5)
    void killedInstanceTakesOnlyItsOwnRequestsAlong() throws Exception {
        try (Traffic traffic = traffic("killed");
                Traffic doomed = Traffic.to("doomed", router.httpPort()).host(VICTIMS_HOST)) {
            await().atMost(PATIENCE).until(() -> traffic.outcomes().size() > PER_SECOND);
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < LONG_ONES; i++) {
                ids.add(doomed.send(LONG_POST));
                ids.add(doomed.send(LONG_STREAM));
            }
            await().atMost(PATIENCE).until(() -> begunAtVictim(ids) == ids.size() && doomed.committed() == LONG_ONES);

            long killed = System.nanoTime();
            workers.server("victim").process().kill();
            await().atMost(PATIENCE).until(() -> victim() == InstanceView.GONE);
            long gone = System.nanoTime();
            int then = traffic.sent();
            await().atMost(PATIENCE).until(() -> traffic.sent() > then + 3 * PER_SECOND);
            List<Outcome> all = traffic.finish();

            assertOnlyTheVictims(traffic, gone);
            assertThat(all.stream().filter(Outcome::good)).hasSizeGreaterThan(3 * PER_SECOND);
            assertThat(doomed.finish())
                    .as("%s", doomed.summary())
                    .hasSize(ids.size())
                    .allMatch(one -> one.kind().stream()
                            ? one.aborted()
                            : one.status() == 502 && one.error().equals("instance-lost"));
            assertOnlyTheVictims(doomed, killed);
            Figures.add(
                    "killed instance",
                    traffic.bad().count() + " of " + all.size() + " requests lost, the last one was due "
                            + traffic.bad()
                                    .mapToLong(Outcome::dueNanos)
                                    .map(due -> (due - killed) / MILLIS)
                                    .max()
                                    .orElse(0)
                            + " ms after the kill");
        }
    }

    private static long begunAtVictim(List<String> ids) {
        Map<String, List<String>> begun = workers.ledger();
        return ids.stream()
                .filter(id -> begun.getOrDefault(id, List.of()).contains("victim"))
                .count();
    }

    /** Who fails was at the victim, and nothing anywhere was begun twice. */
    private static void assertOnlyTheVictims(Traffic traffic, long noneDueAfter) {
        Map<String, List<String>> begun = workers.ledger();
        Set<String> twice = begun.entrySet().stream()
                .filter(entry -> entry.getValue().size() > 1)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        assertThat(twice).as("begun more than once").isEmpty();
        for (Outcome one : traffic.outcomes()) {
            List<String> where = begun.getOrDefault(one.id(), List.of());
            if (one.good()) {
                assertThat(where).as("%s", one).hasSize(1);
            } else {
                // Handed over and not begun is possible: then nobody has begun it.
                assertThat(where).as("%s", one).isSubsetOf("victim");
                assertThat(one.dueNanos()).as("%s", one).isLessThan(noneDueAfter);
                assertThat(one.aborted() || (one.status() == 502 && one.error().equals("instance-lost")))
                        .as("%s", one)
                        .isTrue();
            }
        }
    }
}
