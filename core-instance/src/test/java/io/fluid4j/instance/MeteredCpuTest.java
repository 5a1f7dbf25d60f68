/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluid4j.frame.Usage;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.tunnel.Session;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Work of known cost through a real tunnel: what is metered is what was burnt, and the parts add up to the process. */
class MeteredCpuTest {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long BURN_NANOS = 5_000_000;
    /** Longer than an interval of the meter. */
    private static final long LONG_NANOS = 1_500_000_000;

    private final FakeRouter router = new FakeRouter();
    private final LongAdder burnt = new LongAdder();
    private final FakeContainer container = new FakeContainer()
            .at("/burn", request -> burn(BURN_NANOS))
            .at("/burnLong", request -> burn(LONG_NANOS))
            .at("/waitLong", request -> {
                LockSupport.parkNanos(2 * LONG_NANOS);
                return "waited";
            })
            .at("/wait", request -> {
                LockSupport.parkNanos(10_000_000);
                return "waited";
            });
    private ExecutorService pool;
    private InstanceRuntime instance;

    @AfterEach
    void stop() throws Exception {
        instance.close();
        router.close();
        pool.shutdownNow();
        assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Uses the processor until the thread's own clock says so; on a virtual thread there is none, so by the wall clock. */
    private String burn(long nanos) {
        long cpu = THREADS.getCurrentThreadCpuTime();
        long wall = System.nanoTime();
        long used = 0;
        while (used < nanos) {
            used = cpu < 0 ? System.nanoTime() - wall : THREADS.getCurrentThreadCpuTime() - cpu;
        }
        burnt.add(used);
        return "burnt";
    }

    private Session start(ExecutorService executor) {
        pool = executor;
        instance = InstanceRuntime.builder()
                .config(Config.builder()
                        .role(Role.INSTANCE)
                        .explicit(Map.of(
                                "fluid.function", "shop",
                                "fluid.router.urls", router.url(),
                                "fluid.tunnel.secret", FakeRouter.SECRET,
                                "fluid.max-concurrency", "64",
                                "fluid.admission.scheduler-lag", "off",
                                "fluid.admission.queue-delay", "off",
                                "fluid.admission.cpu-throttled", "off",
                                "fluid.admission.gc-time", "off",
                                "fluid.admission.memory", "off"))
                        .environment(Map.of())
                        .systemProperties(new Properties())
                        .noDefaultFiles()
                        .build())
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container)
                .build();
        instance.start();
        return router.session();
    }

    /** Requests of both kinds, alternately; what each kind was metered, in nanoseconds. */
    private long[] load(Session session, int requests, int atOnce) throws InterruptedException {
        Semaphore places = new Semaphore(atOnce);
        List<FakeRouter.Answer> answers = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            assertThat(places.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            FakeRouter.Answer answer = router.get(session, i % 2 == 0 ? "/burn" : "/wait");
            answer.usage.whenComplete((usage, failure) -> places.release());
            answers.add(answer);
        }
        long[] metered = new long[2];
        for (int i = 0; i < answers.size(); i++) {
            Usage usage = FakeRouter.get(answers.get(i).usage);
            metered[i % 2] += usage.activeCpuNanos();
        }
        return metered;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32})
    void onPlatformThreadsEachRouteIsMeteredWhatItBurnt(int atOnce) throws Exception {
        Session session = start(Executors.newFixedThreadPool(32));
        load(session, 200, atOnce); // Classes are loaded and compiled by whoever comes first.
        burnt.reset();

        long[] metered = load(session, 400, atOnce);

        // A tenth is half a millisecond for each request: what a slow machine needs around the burning.
        long tenth = burnt.sum() / 10;
        assertThat(metered[0]).as("burning").isCloseTo(burnt.sum(), within(tenth));
        assertThat(metered[1]).as("waiting").isLessThan(tenth);
        assertThat(metered[0] + metered[1]).as("together").isCloseTo(burnt.sum(), within(2 * tenth));
    }

    /** All that is billed: what is shared out, too. The router of this test is in the process, and the only one who is not seen. */
    @Test
    void aSliceThatGoesOnForSecondsIsBilledOnceAndToNobodyElse() throws Exception {
        Session session = start(Executors.newFixedThreadPool(32));
        usageAfter(router.processUsages.size()); // The start of all this belongs to nobody once an interval has ended.

        FakeRouter.Answer burning = router.get(session, "/burnLong");
        FakeRouter.Answer waiting = router.get(session, "/waitLong");

        Usage ofBurning = FakeRouter.get(burning.usage);
        Usage ofWaiting = FakeRouter.get(waiting.usage);
        long slack = LONG_NANOS / 5;
        assertThat(billed(ofBurning)).isCloseTo(burnt.sum(), within(slack));
        assertThat(billed(ofWaiting)).isLessThan(slack);
    }

    /** As when a task of {@code AsyncContext.start} has dispatched, and has not come to its end yet. */
    @Test
    void aSliceThatEndsAfterTheRequestIsBilled() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        container.at("/handOver", request -> {
            pool.execute(request.scope.slice(() -> {
                burn(BURN_NANOS);
                pool.execute(request.scope.slice(() -> {
                    request.answer("handed over");
                    request.scope.completed(null);
                    ended.countDown();
                }));
                await(ended);
            }));
            return null;
        });
        Session session = start(Executors.newFixedThreadPool(4));

        FakeRouter.Answer answer = router.get(session, "/handOver");

        assertThat(billed(FakeRouter.get(answer.usage))).isGreaterThanOrEqualTo(burnt.sum());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static long billed(Usage usage) {
        return usage.activeCpuNanos() + usage.apportionedCpuNanos();
    }

    @Test
    void thePartsAddUpToTheProcessOnPlatformThreads() throws Exception {
        thePartsAddUp(Executors.newFixedThreadPool(32), 0.9);
    }

    /** Where this Java has none, plain threads made for each task stand for them: nothing but their kind differs. */
    @Test
    void thePartsAddUpToTheProcessOnThreadsForEachTask() throws Exception {
        thePartsAddUp(threadForEachTask(), 0.0);
    }

    private static ExecutorService threadForEachTask() throws ReflectiveOperationException {
        return Runtime.version().feature() < 21
                ? Executors.newCachedThreadPool()
                : (ExecutorService) Executors.class
                        .getMethod("newVirtualThreadPerTaskExecutor")
                        .invoke(null);
    }

    private void thePartsAddUp(ExecutorService executor, double leastDirect) throws Exception {
        Session session = start(executor);
        Map<String, Long> before = usageAfter(router.processUsages.size());
        long processBefore = processNanos();
        load(session, 1_200, 16);
        Map<String, Long> after = usageAfter(router.processUsages.size());
        long processAfter = processNanos();

        long process = grown(before, after, "process");
        long parts = 0;
        for (String kind : List.of("gc", "jit", "tunnel", "direct", "shared", "other")) {
            parts += grown(before, after, kind);
        }
        assertThat(parts).isCloseTo(process, within(process / 50));
        // The kernel counts the process in steps of 10 ms, and is asked a little later.
        assertThat(processAfter - processBefore).isCloseTo(process, within(process / 10 + 50_000_000));
        assertThat(grown(before, after, "direct")).isGreaterThanOrEqualTo((long) (leastDirect * burnt.sum()));
        long ofRequests = grown(before, after, "direct") + grown(before, after, "shared");
        assertThat(ofRequests).isLessThanOrEqualTo(process + process / 50);
    }

    /** The next two frames after that many: the first one may have been made before. */
    private Map<String, Long> usageAfter(int frames) {
        FakeRouter.until("two more frames", () -> router.processUsages.size() >= frames + 2);
        return router.processUsages.get(frames + 1);
    }

    private static long grown(Map<String, Long> before, Map<String, Long> after, String kind) {
        return after.get(kind) - before.get(kind);
    }

    /** Not the way the meter reads it: utime and stime of the process, in ticks of 10 ms. */
    private static long processNanos() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 10_000_000L;
    }
}
