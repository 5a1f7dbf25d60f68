/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.Traffic.Outcome;
import io.fluid4j.it.Workers.Plan;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every process is restarted by SIGTERM, one after another, and nobody notices: three instances, two routers, a real
 * HAProxy before them with plain health checks, and beside it clients that skip a router which refuses them.
 *
 * <p>{@code -Dfluid.it.rate=500 -Dfluid.it.stream-seconds=20} makes it a soak.
 */
@Timeout(600)
class RollingRestartIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int PER_SECOND = Integer.getInteger("fluid.it.rate", 100);
    private static final int STREAM_SECONDS = Integer.getInteger("fluid.it.stream-seconds", 3);
    private static final long MILLIS = 1_000_000L;

    private static final List<RouterServer> ROUTERS = new ArrayList<>();
    private static Workers workers;
    private static Haproxy proxy;

    @BeforeAll
    static void start() throws Exception {
        assumeThat(Haproxy.installed()).as("HAProxy is installed").isTrue();
        workers = new Workers("rolling");
        for (int i = 0; i < 2; i++) {
            ROUTERS.add(router(i, ""));
        }
        workers.start(
                plan("first", Environment.TOMCAT_11),
                plan("second", Environment.JETTY_12_1_EE10),
                plan("third", Environment.TOMCAT_11));
        awaitAllEverywhere();
        proxy = Haproxy.before("rolling-haproxy", ROUTERS);
    }

    private static RouterServer router(int number, String ports) {
        return RouterServer.start(
                "rolling-router-" + number,
                "-Xmx128m -XX:TieredStopAtLevel=1",
                // HAProxy has to see in this time that it is not ready any more.
                "fluid.router.shutdown-delay=2s\nfluid.router.max-wait=10s\nfluid.router.slow-start=2s\nfluid.route.rolling.path=/\n"
                        + ports);
    }

    private static Plan plan(String name, Environment environment) {
        String urls = "tcp://127.0.0.1:" + ROUTERS.get(0).tunnelPort() + ",tcp://127.0.0.1:"
                + ROUTERS.get(1).tunnelPort();
        return Plan.of(
                name,
                environment,
                "fluid.function=rolling\nfluid.deployment=" + name + "\nfluid.router.urls=" + urls
                        + "\nfluid.tunnel.secret=" + Delivery.SECRET + "\nfluid.max-concurrency=200\n"
                        + "fluid.tunnel.redial-max=1s\n" + Workers.UNDAUNTED);
    }

    private static void awaitAllEverywhere() {
        await().atMost(PATIENCE).ignoreExceptionsInstanceOf(IOException.class).until(() -> {
            for (RouterServer router : ROUTERS) {
                List<InstanceView> all = InstanceView.of(router);
                if (all.size() != 3 || all.stream().anyMatch(one -> !one.state().matches("active|idle"))) {
                    return false;
                }
            }
            return true;
        });
    }

    @AfterAll
    static void stop() {
        if (proxy != null) {
            proxy.close();
        }
        if (workers != null) {
            workers.close();
        }
        ROUTERS.forEach(RouterServer::close);
        ROUTERS.clear();
    }

    private static Traffic mixed(Traffic traffic) {
        int events = STREAM_SECONDS * 10;
        return traffic.with("get", 48, "GET", "/app/work/wait?millis=5")
                .with("post", 40, "POST", "/app/work/wait?millis=5")
                .with("slowPost", 10, "POST", "/app/work/wait?millis=300")
                .with("events", 2, "GET", "/app/work/events?millis=100&count=" + events)
                .start(PER_SECOND / 2.0);
    }

    @Test
    void everyInstanceIsRestartedAndNobodyNotices() throws Exception {
        assertNobodyNotices("instances", () -> {
            restart(plan("first", Environment.TOMCAT_11));
            restart(plan("second", Environment.JETTY_12_1_EE10));
            restart(plan("third", Environment.TOMCAT_11));
        });
    }

    @Test
    void everyRouterIsRestartedAndNobodyNotices() throws Exception {
        assertNobodyNotices("routers", () -> {
            restartRouter(0);
            restartRouter(1);
        });
    }

    private interface Restarts {
        void run() throws Exception;
    }

    private static void assertNobodyNotices(String what, Restarts restarts) throws Exception {
        long begun = System.nanoTime();
        try (Traffic proxied = mixed(Traffic.to(what + "-proxied", proxy.port()));
                Traffic direct = mixed(Traffic.skipping(
                        what + "-direct",
                        ROUTERS.get(0).httpPort(),
                        ROUTERS.get(1).httpPort()))) {
            await().atMost(PATIENCE).until(() -> direct.outcomes().size() > PER_SECOND);
            restarts.run();
            int then = direct.sent();
            await().atMost(PATIENCE).until(() -> direct.sent() > then + PER_SECOND / 2);
            List<Outcome> all = new ArrayList<>(proxied.finish());
            all.addAll(direct.finish());

            Figures.add(
                    "rolling restart of " + what,
                    all.size() + " requests in " + (System.nanoTime() - begun) / MILLIS + " ms, "
                            + proxied.bad().count() + " and " + direct.bad().count() + " failed, " + direct.skipped()
                            + " skips of a router");
            assertThat(proxied.bad()).as("by HAProxy: %s", proxied.summary()).isEmpty();
            assertThat(direct.bad()).as("directly: %s", direct.summary()).isEmpty();
            Map<String, List<String>> begunWhere = workers.ledger();
            for (Outcome one : all) {
                assertThat(begunWhere.get(one.id())).as("%s", one).containsExactly(one.instance());
            }
            begunWhere.keySet().removeIf(id -> !id.startsWith(what));
            assertThat(begunWhere).hasSameSizeAs(all);
        }
    }

    private static void restart(Plan plan) throws Exception {
        ServerProcess before = workers.server(plan.name()).process();
        before.terminate();
        before.awaitExit(PATIENCE);
        workers.start(plan);
        awaitAllEverywhere();
    }

    /** On the ports it had: instances and proxy know no others. */
    private static void restartRouter(int number) {
        RouterServer before = ROUTERS.get(number);
        before.process().terminate();
        before.process().awaitExit(PATIENCE);
        ROUTERS.set(
                number,
                router(
                        number,
                        "fluid.router.http.port=" + before.httpPort() + "\nfluid.router.tunnel.port="
                                + before.tunnelPort() + "\nfluid.router.admin.port=" + before.adminPort() + "\n"));
        awaitAllEverywhere();
        await().atMost(PATIENCE).until(() -> proxy.uses(ROUTERS.get(number)));
    }
}
