/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.Traffic.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Who asks for ten times of what there is harms nobody who asks for little: neither another function on the same router
 * nor another client of the same function. Work waits, so that it is the sharing that is seen and not the machine.
 */
@Timeout(300)
class FairnessIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Four requests at once of 100 ms each. */
    private static final int CAPACITY = 40;

    private static final int GREEDY = 10 * CAPACITY;
    /** A fifth of the half that is its share. */
    private static final int MODEST = CAPACITY / 2 / 5;

    private static final int SECONDS = Integer.getInteger("fluid.it.fair-seconds", 5);
    private static final String OTHER_CLIENT = "127.0.0.2";
    private static final String WORK = "/work/wait?millis=100";

    private static RouterServer router;
    private static Workers workers;

    @BeforeAll
    static void start() throws Exception {
        router = RouterServer.start(
                "fair-router",
                "-Xmx128m -XX:TieredStopAtLevel=1",
                "fluid.route.a.host=a.example\nfluid.route.b.host=b.example\nfluid.router.slow-start=0\n");
        workers = new Workers("fair");
        workers.start(plan("a"), plan("b"));
        await().atMost(PATIENCE).until(() -> InstanceView.of(router).size() == 2);
    }

    private static Workers.Plan plan(String function) {
        return Workers.Plan.of(
                function,
                Environment.TOMCAT_11,
                router.instanceProperties(function) + "fluid.max-concurrency=4\n" + Workers.UNDAUNTED);
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

    private static Traffic traffic(String name, String host, String client) {
        return Traffic.to(name, router.httpPort()).host(host).from(client).with("work", 100, "GET", "/app" + WORK);
    }

    @Test
    void anotherFunctionIsNotHarmed() throws Exception {
        assertModestIsServed("another function", "b.example", "127.0.0.1");
    }

    @Test
    void anotherClientOfTheSameFunctionIsNotHarmed() throws Exception {
        assertModestIsServed("another client", "a.example", OTHER_CLIENT);
    }

    private static void assertModestIsServed(String name, String host, String client) throws Exception {
        double alone = p99(served(traffic("warm", host, client)), served(traffic("alone", host, client)));
        try (Traffic greedy = traffic("greedy", "a.example", "127.0.0.1").start(GREEDY)) {
            await().atMost(PATIENCE).until(() -> greedy.bad().count() > GREEDY);
            List<Outcome> modest = served(traffic("modest", host, client));
            greedy.finish();
            double beside = p99(modest, modest);
            Figures.add(
                    "fairness, " + name,
                    String.format(
                            Locale.ROOT,
                            "p99 %.0f ms alone, %.0f ms beside 10 times the capacity; of the greedy one's %d requests %d were refused",
                            alone,
                            beside,
                            greedy.outcomes().size(),
                            greedy.bad().count()));
            assertThat(modest).as("%s", greedy.summary()).allMatch(Outcome::good);
            assertThat(greedy.bad()).as("refused and nothing else").allMatch(one -> one.status() == 503);
        }
    }

    private static double p99(List<Outcome> warm, List<Outcome> of) {
        assertThat(warm).allMatch(Outcome::good);
        return Traffic.quantileMillis(of, 0.99, one -> true);
    }

    private static List<Outcome> served(Traffic modest) throws Exception {
        try (modest) {
            modest.start(MODEST);
            await().atMost(PATIENCE).until(() -> modest.sent() >= MODEST * SECONDS);
            return modest.finish();
        }
    }
}
