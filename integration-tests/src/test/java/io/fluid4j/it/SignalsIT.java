/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An instance that is really harmed says why it takes nothing, another one takes its requests, no client sees an error,
 * and it takes requests again when the harm is over. Two instances, one of which is harmed.
 */
@Timeout(300)
class SignalsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PER_SECOND = 50;
    private static final int MAX_DESCRIPTORS = 1_000;

    private static RouterServer router;
    private static Workers workers;
    private static Path group;

    @BeforeAll
    static void start() throws Exception {
        router = RouterServer.start(
                "signals-router",
                "-Xmx128m -XX:TieredStopAtLevel=1",
                // Both are to be used, however little there is to do.
                "fluid.router.selector=round-robin\nfluid.router.slow-start=0\nfluid.router.max-wait=10s\n");
        group = Build.work("signals-cgroup");
        throttle(0, 0);
        Build.write(group.resolve("cpu.max"), "100000 100000\n");
        workers = new Workers("signals");
        String common = router.instanceProperties("signals") + "fluid.admission.scheduler-lag=off\n"
                + "fluid.admission.gc-time=off\nfluid.max-concurrency=50\n";
        workers.start(
                Workers.Plan.of(
                        "well",
                        Environment.TOMCAT_11,
                        common + "fluid.deployment=well\nfluid.admission.cpu-throttled=off\n"),
                Workers.Plan.of(
                        "ill",
                        Environment.TOMCAT_11,
                        common + "fluid.deployment=ill\nfluid.health.cgroup-root=" + group + "\n"));
        await().atMost(PATIENCE).until(() -> InstanceView.of(router).size() == 2);
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

    private static InstanceView ill() throws IOException {
        return InstanceView.of(router, "ill");
    }

    /** What is harmed, and how it is healed. */
    private interface Step {
        void run() throws Exception;
    }

    private static void harmedAndHealed(String reason, Step harm, Step heal) throws Exception {
        try (Traffic traffic = Traffic.to(reason, router.httpPort())
                .with("get", 50, "GET", "/app/work/wait?millis=10")
                .with("post", 50, "POST", "/app/work/wait?millis=10")
                .start(PER_SECOND)) {
            awaitUsed();
            long begun = System.nanoTime();
            long noticed;
            harm.run();
            try {
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> ill().state().equals("paused")
                                && ill().reasons().contains(reason));
                noticed = System.nanoTime() - begun;
                long before = ill().requests();
                int sent = traffic.sent();
                await().atMost(PATIENCE).until(() -> traffic.sent() > sent + PER_SECOND);
                assertThat(ill().requests()).as("nothing is sent there").isEqualTo(before);
            } finally {
                heal.run();
            }
            begun = System.nanoTime();
            awaitUsed();
            Figures.add(
                    "signal " + reason,
                    "noticed after " + noticed / 1_000_000 + " ms, used again "
                            + (System.nanoTime() - begun) / 1_000_000 + " ms after the end");
            traffic.finish();
            assertThat(traffic.bad()).as("%s", traffic.summary()).isEmpty();
        }
    }

    private static void awaitUsed() throws IOException {
        long before = ill().requests();
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> ill().state().equals("active") && ill().requests() > before);
    }

    @Test
    void openDescriptors() throws Exception {
        assumeThat(limitDescriptors()).as("prlimit is there").isTrue();
        harmedAndHealed(
                "descriptors",
                () -> workers.own("ill", "/descriptors?count=" + MAX_DESCRIPTORS * 85 / 100),
                () -> workers.own("ill", "/descriptors?count=0"));
    }

    private static boolean limitDescriptors() throws Exception {
        long pid = workers.server("ill").process().pid();
        try {
            Process limit = new ProcessBuilder(
                            "prlimit", "--pid", Long.toString(pid), "--nofile=" + MAX_DESCRIPTORS + ":")
                    .inheritIO()
                    .start();
            return limit.waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The kernel's file says that the quota cuts short every other period. */
    @Test
    void throttledProcessor() throws Exception {
        AtomicInteger periods = new AtomicInteger();
        AtomicInteger throttled = new AtomicInteger();
        AtomicInteger share = new AtomicInteger();
        ScheduledExecutorService kernel = Executors.newSingleThreadScheduledExecutor();
        try {
            kernel.scheduleAtFixedRate(
                    () -> throttle(periods.addAndGet(10), throttled.addAndGet(share.get())),
                    0,
                    100,
                    TimeUnit.MILLISECONDS);
            harmedAndHealed("cpu-throttled", () -> share.set(5), () -> share.set(0));
        } finally {
            kernel.shutdownNow();
        }
    }

    private static void throttle(int periods, int throttled) {
        try {
            Path next = group.resolve("next");
            Files.writeString(next, "nr_periods " + periods + "\nnr_throttled " + throttled + "\nthrottled_usec 0\n");
            Files.move(
                    next,
                    group.resolve("cpu.stat"),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
