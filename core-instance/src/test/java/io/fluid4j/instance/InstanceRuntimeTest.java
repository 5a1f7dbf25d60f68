/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static io.fluid4j.instance.FakeRouter.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.Fluid;
import io.fluid4j.FluidContext;
import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.Usage;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.HealthSignalProvider;
import io.fluid4j.spi.health.Reading;
import io.fluid4j.spi.health.SignalContext;
import io.fluid4j.tunnel.Session;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An instance on a real tunnel, with the least that makes a container behind it. */
@Timeout(150)
class InstanceRuntimeTest {

    private static final long MILLIS = 1_000_000L;

    private final FakeRouter router = new FakeRouter();
    private final List<Runnable> cleanUp = new ArrayList<>();
    private final FakeContainer container = new FakeContainer().at("/hello", request -> "hello");
    private final CountDownLatch released = new CountDownLatch(1);
    private ExecutorService pool = Executors.newFixedThreadPool(4);
    private ClassLoader pluginLoader = getClass().getClassLoader();
    private InstanceRuntime instance;

    @AfterEach
    void close() throws InterruptedException {
        released.countDown();
        cleanUp.forEach(Runnable::run);
        if (instance != null) {
            instance.close();
        }
        router.close();
        pool.shutdownNow();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    private Session start(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "fluid.function", "shop",
                "fluid.deployment", "v42",
                "fluid.router.urls", router.url(),
                "fluid.tunnel.secret", FakeRouter.SECRET,
                // How busy this machine is must not decide what is refused here.
                "fluid.admission.scheduler-lag", "off",
                "fluid.admission.queue-delay", "off",
                "fluid.admission.cpu-throttled", "off",
                "fluid.admission.gc-time", "off",
                "fluid.admission.memory", "off",
                "fluid.health.interval", "50ms"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        Config config = Config.builder()
                .role(Role.INSTANCE)
                .explicit(all)
                .environment(Map.of())
                .systemProperties(new Properties())
                .noDefaultFiles()
                .build();
        instance = InstanceRuntime.builder()
                .config(config)
                .loader(pluginLoader)
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container)
                .build();
        instance.start();
        return router.session();
    }

    private String block(FakeContainer.Request request) throws InterruptedException {
        released.await();
        return "unblocked";
    }

    @Test
    void saysWhoItIsAndAnswersARequest() {
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/hello");

        assertThat(FakeRouter.get(answer.status)).isEqualTo(200);
        assertThat(FakeRouter.get(answer.usage).wallNanos()).isPositive();
        assertThat(answer.body()).isEqualTo("hello");
        assertThat(session.peerHello().function()).isEqualTo("shop");
        assertThat(session.peerHello().deployment()).isEqualTo("v42");
        assertThat(session.peerHello().instanceId()).isEqualTo(instance.instanceId());
        assertThat(session.peerHello().container()).isEqualTo("test/1");
        until("the permit is closed", () -> instance.inFlight() == 0);
    }

    @Test
    void usageComesWithTheEnd() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        container.at("/burn", request -> {
            long begin = System.nanoTime();
            long cpu = threads.getCurrentThreadCpuTime();
            while (System.nanoTime() - begin < 30 * MILLIS || threads.getCurrentThreadCpuTime() - cpu < 5 * MILLIS) {
                Thread.onSpinWait();
            }
            return "burned";
        });
        Session session = start();

        Usage usage = FakeRouter.get(router.get(session, "/burn").usage);

        assertThat(usage.activeCpuNanos()).isBetween(5 * MILLIS, usage.wallNanos());
        assertThat(usage.wallNanos()).isGreaterThanOrEqualTo(30 * MILLIS);
        assertThat(usage.allocatedBytes()).isPositive();
    }

    @Test
    void aWaitingRequestUsesNoCpu() {
        container.at("/wait", request -> {
            new CountDownLatch(1).await(200, TimeUnit.MILLISECONDS);
            return "waited";
        });
        Session session = start();

        Usage usage = FakeRouter.get(router.get(session, "/wait").usage);

        assertThat(usage.wallNanos()).isGreaterThan(150 * MILLIS);
        assertThat(usage.activeCpuNanos()).isLessThan(usage.wallNanos() / 2);
    }

    @Test
    void moreThanTheLimitIsNackedAndRoomIsToldAtOnce() {
        container.at("/block", this::block);
        Session session = start("fluid.max-concurrency", "2", "fluid.health.interval", "60s");
        FakeRouter.Answer first = router.get(session, "/block");
        FakeRouter.Answer second = router.get(session, "/block");

        FakeRouter.Answer third = router.get(session, "/hello");

        assertThat(FakeRouter.get(third.nack).reason()).isEqualTo(NackReason.LIMIT);
        assertThat(instance.nacks(NackReason.LIMIT)).isEqualTo(1);
        long restsOn = FakeRouter.get(third.nack).healthSequence();
        released.countDown();
        assertThat(FakeRouter.get(first.status)).isEqualTo(200);
        assertThat(FakeRouter.get(second.status)).isEqualTo(200);
        until(
                "a newer HEALTH, long before the interval is over",
                () -> router.health().sequence() > restsOn);
        assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);
    }

    @Test
    void whatWaitsTooLongForAThreadIsNackedUnstarted() {
        container.at("/block", this::block);
        // Long enough that the first four get their threads in time on any machine.
        Session session = start("fluid.admission.queue-delay", "3s");
        for (int i = 0; i < 4; i++) {
            router.get(session, "/block");
        }
        until("all threads are busy", () -> instance.inFlight() == 4);

        FakeRouter.Answer late = router.get(session, "/hello");

        assertThat(FakeRouter.get(late.nack).reason()).isEqualTo(NackReason.QUEUE_DELAY);
        assertThat(container.discarded).containsExactly("/hello");
        assertThat(instance.inFlight()).isEqualTo(4);
        released.countDown();
        until("the threads are free again", () -> instance.inFlight() == 0);
        until("requests are taken again", () -> router.health().state() == Health.State.ACCEPTING);
        assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);
    }

    /** A NACK would pause the instance for all other requests, P-5.24. */
    @Test
    void whatIsCancelledWhileItWaitsForAThreadIsNotNacked() {
        container.at("/block", this::block);
        Session session = start("fluid.admission.queue-delay", "off");
        for (int i = 0; i < 4; i++) {
            router.get(session, "/block");
        }
        until("all threads are busy", () -> instance.inFlight() == 4);
        FakeRouter.Answer waiting = router.get(session, "/hello");
        until("it waits", () -> instance.inFlight() == 5);

        waiting.stream.cancel(ErrorCode.CLIENT_GONE);
        assertThat(take(container.cancels)).isEqualTo(ErrorCode.CLIENT_GONE);
        released.countDown();

        assertThat(FakeRouter.get(waiting.failure).code()).isEqualTo(ErrorCode.CLIENT_GONE);
        assertThat(waiting.nack).isNotDone();
        assertThat(container.discarded).containsExactly("/hello");
        until("the permits are closed", () -> instance.inFlight() == 0);
    }

    @Test
    void anExecutorThatRejectsGivesANack() {
        Session session = start();
        pool.shutdown();

        FakeRouter.Answer answer = router.get(session, "/hello");

        assertThat(FakeRouter.get(answer.nack).reason()).isEqualTo(NackReason.EXECUTOR_REJECTED);
        until("the permit is closed", () -> instance.inFlight() == 0);
    }

    @Test
    void aContainerThatCannotTakeTheRequestGivesANack() {
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/unknown-to-the-container");

        assertThat(FakeRouter.get(answer.nack).reason()).isEqualTo(NackReason.FAILING);
        assertThat(instance.inFlight()).isZero();
        assertThat(instance.state()).isEqualTo(Health.State.ACCEPTING);
    }

    @Test
    void exceptionsAndErrorsClosePermitsAndHurtNobodyElse() {
        container.at("/throws", request -> {
            throw new IllegalArgumentException("on purpose");
        });
        container.at("/overflows", request -> {
            throw new StackOverflowError("on purpose");
        });
        Session session = start();

        for (int i = 0; i < 10; i++) {
            assertThat(FakeRouter.get(router.get(session, "/throws").failure).code())
                    .isEqualTo(ErrorCode.INTERNAL);
            assertThat(FakeRouter.get(router.get(session, "/overflows").failure).code())
                    .isEqualTo(ErrorCode.INTERNAL);
        }

        until("all permits are closed", () -> instance.inFlight() == 0);
        assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);
    }

    @Test
    void outOfMemoryTakesTheInstanceOutOfService() {
        container.at("/oom", request -> {
            throw new OutOfMemoryError("on purpose");
        });
        Session session = start();

        router.get(session, "/oom");

        until("it says so", () -> router.health().state() == Health.State.FAILING);
        until("it drains", () -> !router.drains.isEmpty());
        assertThat(router.drains.get(0).reason()).isEqualTo(Drain.Reason.FAILING);
    }

    @Test
    void aCancelledRequestKeepsItsPermitUntilItsWorkHasEnded() {
        CountDownLatch running = new CountDownLatch(1);
        container.at("/block", request -> {
            running.countDown();
            return block(request);
        });
        Session session = start();
        FakeRouter.Answer answer = router.get(session, "/block");
        await(running);

        answer.stream.cancel(ErrorCode.CLIENT_GONE);

        assertThat(take(container.cancels)).isEqualTo(ErrorCode.CLIENT_GONE);
        assertThat(instance.inFlight()).isEqualTo(1);
        released.countDown();
        until("the permit is closed", () -> instance.inFlight() == 0);
    }

    @Test
    void deadlinesThatPassAreCountedAndTakeNobodysRoom() {
        BlockingQueue<String> running = new LinkedBlockingQueue<>();
        container.at("/hangs", request -> {
            running.add("yes");
            return block(request);
        });
        Session session = start("fluid.max-concurrency", "0");
        int before = new InstanceBean(instance).getLimit();
        for (int i = 0; i < 3; i++) {
            FakeRouter.Answer answer = router.get(session, "/hangs", 50);
            take(running);
            answer.stream.cancel(ErrorCode.DEADLINE);
            assertThat(take(container.cancels)).isEqualTo(ErrorCode.DEADLINE);
        }

        assertThat(instance.parts().accounts().outcomes().timeouts()).isEqualTo(3);
        assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);
        assertThat(new InstanceBean(instance).getLimit()).isGreaterThanOrEqualTo(before);
    }

    @Test
    void drainTellsFirstFinishesAndReports() {
        CountDownLatch running = new CountDownLatch(1);
        container.at("/block", request -> {
            running.countDown();
            return block(request);
        });
        Session session = start();
        FakeRouter.Answer answer = router.get(session, "/block");
        await(running);

        CompletableFuture<DrainResult> drain = instance.drain(Duration.ofSeconds(30), Drain.Reason.SHUTDOWN);

        until("the router knows", () -> !router.drains.isEmpty());
        assertThat(router.drains.get(0).reason()).isEqualTo(Drain.Reason.SHUTDOWN);
        until("HEALTH says it too", () -> router.health().state() == Health.State.DRAINING);
        assertThat(instance.drain(Duration.ofSeconds(1), Drain.Reason.ASKED)).isSameAs(drain);
        assertThat(drain).isNotDone();
        released.countDown();
        assertThat(FakeRouter.get(answer.status)).isEqualTo(200);
        DrainResult result = FakeRouter.get(drain);
        assertThat(result.finished()).isEqualTo(1);
        assertThat(result.cut()).isZero();
    }

    @Test
    void drainCutsWhatDoesNotEndInTime() {
        CountDownLatch running = new CountDownLatch(1);
        container.at("/block", request -> {
            running.countDown();
            return block(request);
        });
        Session session = start();
        FakeRouter.Answer answer = router.get(session, "/block");
        await(running);

        DrainResult result = FakeRouter.get(instance.drain(Duration.ofMillis(100), Drain.Reason.SHUTDOWN));

        assertThat(result.cut()).isEqualTo(1);
        assertThat(result.finished()).isZero();
        assertThat(result.took()).isBetween(Duration.ofMillis(90), Duration.ofSeconds(30));
        assertThat(FakeRouter.get(answer.failure).code()).isEqualTo(ErrorCode.SHUTDOWN);
        assertThat(take(container.cancels)).isEqualTo(ErrorCode.SHUTDOWN);
    }

    @Test
    void aRouterAsksForADrainAndItsEnd() {
        Session session = start();

        router.ask(session, Ask.Action.DRAIN, Duration.ofSeconds(10));

        until("the result comes", () -> !router.drained.isEmpty());
        assertThat(router.drained.get(0).cut()).isZero();
        router.ask(session, Ask.Action.UNDRAIN, Duration.ZERO);
        until("it accepts again", () -> router.health().state() == Health.State.ACCEPTING);
        until("a stream can be opened", () -> instance.state() == Health.State.ACCEPTING);
    }

    @Test
    void aContextThatDrainsTakesNothingNewAndTheOthersDo() {
        container.at("/shop/a", request -> "a").at("/other/b", request -> "b");
        Session session = start();
        assertThat(FakeRouter.get(router.get(session, "/shop/a").status)).isEqualTo(200);

        instance.drainContext("/shop");

        assertThat(FakeRouter.get(router.get(session, "/shop/a").nack).reason()).isEqualTo(NackReason.NOT_DEPLOYED);
        assertThat(FakeRouter.get(router.get(session, "/other/b").status)).isEqualTo(200);
        until("the router knows", () -> !router.drains.isEmpty());
        assertThat(router.drains.get(0).path()).isEqualTo("/shop");
        instance.contextDeployed("/shop");
        assertThat(FakeRouter.get(router.get(session, "/shop/a").status)).isEqualTo(200);
    }

    @Test
    void theApplicationFindsItsRequest() {
        AtomicReference<FluidContext> seen = new AtomicReference<>();
        AtomicReference<FluidContext> byAttribute = new AtomicReference<>();
        container.at("/context", request -> {
            seen.set(Fluid.current());
            byAttribute.set(Fluid.from(request.scope.requestAttributes()::get));
            assertThat(Fluid.current().deadline()).isPresent();
            return Fluid.current().requestId();
        });
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/context", 5_000);

        assertThat(FakeRouter.get(answer.usage).wallNanos()).isPositive();
        assertThat(answer.body()).isEqualTo("00000000000000000000000000000001");
        assertThat(seen.get().active()).isTrue();
        assertThat(seen.get().instanceId()).isEqualTo(instance.instanceId());
        assertThat(seen.get().function()).isEqualTo("shop");
        assertThat(seen.get().deployment()).isEqualTo("v42");
        assertThat(byAttribute.get().requestId()).isEqualTo(answer.body());
        assertThat(Fluid.current().active()).isFalse();
    }

    @Test
    void workAfterTheResponseIsWaitedForButHoldsNothingBack() {
        CompletableFuture<String> work = new CompletableFuture<>();
        container.at("/more", request -> {
            Fluid.waitUntil(work);
            return "answered";
        });
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/more");

        assertThat(FakeRouter.get(answer.endWithMoreWork)).isTrue();
        assertThat(answer.usage).isNotDone();
        assertThat(instance.inFlight()).isEqualTo(1);
        until("HEALTH counts it", () -> router.health().tasksAfterResponse() == 1);
        CompletableFuture<DrainResult> drain = instance.drain(Duration.ofSeconds(30), Drain.Reason.SHUTDOWN);
        assertThat(drain).isNotDone();
        work.complete("done");
        assertThat(FakeRouter.get(drain).cut()).isZero();
        assertThat(FakeRouter.get(answer.usage).wallNanos()).isPositive();
        assertThat(instance.inFlight()).isZero();
    }

    @Test
    void tasksRunAfterTheResponseWithTheContextOfTheRequest() {
        AtomicBoolean responded = new AtomicBoolean();
        AtomicReference<CompletableFuture<String>> future = new AtomicReference<>();
        ClassLoader loader = new ClassLoader(getClass().getClassLoader()) {};
        container.at("/later", request -> {
            Thread.currentThread().setContextClassLoader(loader);
            future.set(Fluid.runAfterResponse(() -> {
                assertThat(responded).isTrue();
                assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(loader);
                return Fluid.current().requestId();
            }));
            responded.set(true);
            return "answered";
        });
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/later");

        assertThat(FakeRouter.get(answer.status)).isEqualTo(200);
        until("the task was given", () -> future.get() != null);
        assertThat(FakeRouter.get(future.get())).isEqualTo("00000000000000000000000000000001");
        until("its work has ended", () -> instance.inFlight() == 0);
    }

    @Test
    void workAfterTheResponseHasItsTime() {
        CompletableFuture<String> endless = new CompletableFuture<>();
        BlockingQueue<String> interrupted = new LinkedBlockingQueue<>();
        container.at("/endless", request -> {
            Fluid.waitUntil(endless);
            CompletableFuture<String> unused = Fluid.runAfterResponse(() -> {
                try {
                    new CountDownLatch(1).await();
                    return "never";
                } catch (InterruptedException e) {
                    interrupted.add("yes");
                    throw e;
                }
            });
            return "answered";
        });
        Session session = start("fluid.wait-until.timeout", "3s");

        FakeRouter.Answer answer = router.get(session, "/endless");

        assertThat(FakeRouter.get(answer.endWithMoreWork)).isTrue();
        until("the permit is closed", () -> instance.inFlight() == 0);
        until("the stage was cancelled", endless::isCancelled);
        assertThat(take(interrupted)).isEqualTo("yes");
        until("both were counted", () -> taskOutcomes().get("timed-out") == 2);
    }

    @Test
    void failuresOfSuchWorkAreCountedAndChangeNothing() {
        container.at("/fails", request -> {
            Fluid.waitUntil(CompletableFuture.failedFuture(new IllegalStateException("on purpose")));
            CompletableFuture<String> unused = Fluid.runAfterResponse(() -> {
                throw new java.io.IOException("on purpose");
            });
            return "answered";
        });
        Session session = start();

        FakeRouter.Answer answer = router.get(session, "/fails");

        assertThat(FakeRouter.get(answer.status)).isEqualTo(200);
        until("both were counted", () -> taskOutcomes().get("failed") == 2);
        until("the permit is closed", () -> instance.inFlight() == 0);
    }

    @Test
    void workAfterTheEndIsRefused() {
        AtomicReference<FluidContext> kept = new AtomicReference<>();
        container.at("/keep", request -> {
            kept.set(Fluid.current());
            return "answered";
        });
        Session session = start();
        FakeRouter.get(router.get(session, "/keep").status);
        until("the work has ended", () -> instance.inFlight() == 0);

        assertThatThrownBy(() -> kept.get().waitUntil(new CompletableFuture<>()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("00000000000000000000000000000001");
        assertThatThrownBy(() -> kept.get().runAfterResponse(() -> "late")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void wrappedTasksKnowTheRequestOnOtherThreads() {
        ExecutorService own = Executors.newSingleThreadExecutor();
        AtomicReference<String> without = new AtomicReference<>();
        AtomicReference<String> with = new AtomicReference<>();
        container.at("/async", request -> {
            own.submit(() -> without.set(Fluid.current().requestId())).get();
            own.submit(Fluid.current().wrap(() -> with.set(Fluid.current().requestId())))
                    .get();
            return "answered";
        });
        Session session = start();

        FakeRouter.get(router.get(session, "/async").status);

        assertThat(without).hasValue("");
        assertThat(with).hasValue("00000000000000000000000000000001");
        own.shutdownNow();
    }

    /** What a third party's jar would hold. */
    public static final class TemperatureProvider implements HealthSignalProvider {
        static final AtomicReference<Double> DEGREES = new AtomicReference<>(20.0);

        @Override
        public String name() {
            return "temperature";
        }

        @Override
        public HealthSignal create(SignalContext context) {
            assertThat(context.function()).isEqualTo("shop");
            return new HealthSignal() {
                @Override
                public String name() {
                    return "temperature";
                }

                @Override
                public double threshold() {
                    return 80;
                }

                @Override
                public Reading read(long nowNanos) {
                    return Reading.of(DEGREES.get());
                }
            };
        }
    }

    @Test
    void aSignalOfAPluginIsFoundAndRefusesWithItsName(@TempDir Path plugin) throws Exception {
        Path services = Files.createDirectories(plugin.resolve("META-INF/services"));
        Files.writeString(services.resolve(HealthSignalProvider.class.getName()), TemperatureProvider.class.getName());
        TemperatureProvider.DEGREES.set(20.0);
        try (URLClassLoader plugins = new URLClassLoader(
                new URL[] {plugin.toUri().toURL()}, getClass().getClassLoader())) {
            pluginLoader = plugins;
            Session session = start();
            assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);

            TemperatureProvider.DEGREES.set(95.0);
            until("it is too hot", () -> router.health().state() == Health.State.OVERLOADED);
            Nack nack = FakeRouter.get(router.get(session, "/hello").nack);

            assertThat(nack.reason()).isEqualTo(NackReason.SIGNAL);
            assertThat(nack.signal()).isEqualTo("temperature");
            assertThat(nack.valueThousandths()).isEqualTo(95_000);
            TemperatureProvider.DEGREES.set(60.0);
            until("it has cooled down", () -> router.health().state() == Health.State.ACCEPTING);
            assertThat(FakeRouter.get(router.get(session, "/hello").status)).isEqualTo(200);
        }
    }

    @Test
    void healthComesAllTheTimeWithAGrowingSequence() {
        start();

        until("several frames", () -> router.healths.size() >= 5);

        long before = 0;
        for (Health health : router.healths) {
            assertThat(health.sequence()).isGreaterThan(before);
            before = health.sequence();
            assertThat(health.limit()).isPositive();
        }
        assertThat(router.health().signals()).extracting(Health.Signal::name).contains("heap", "descriptors");
    }

    @Test
    void whatIsLoggedForARequestGoesToItsRouterInOrder() {
        Logger logger = Logger.getLogger("shop.Cart");
        System.Logger other = System.getLogger("shop.Other");
        container.at("/logs", request -> {
            logger.log(Level.WARNING, "item {0} of {1}", new Object[] {3, "cart"});
            logger.log(Level.FINE, "not logged at all");
            other.log(System.Logger.Level.INFO, "by the logger of the system");
            logger.log(Level.SEVERE, "broken", new IllegalStateException("why"));
            return "ok";
        });
        container.at("/poison", request -> {
            logger.log(Level.INFO, "value {0}", new Object() {
                @Override
                public String toString() {
                    throw new IllegalStateException("no text");
                }
            });
            logger.info("after it");
            return "ok";
        });
        Session session = start();
        logger.info("of no request");
        assertThat(FakeRouter.get(router.get(session, "/logs").status)).isEqualTo(200);
        until("three lines", () -> router.logged.size() >= 3);
        assertThat(FakeRouter.get(router.get(session, "/poison").status)).isEqualTo(200);
        until("the lines after", () -> router.logged.size() >= 5);

        assertThat(router.logged).extracting(FakeRouter.Logged::stream).containsExactly(1, 1, 1, 2, 2);
        assertThat(router.logged)
                .extracting(logged -> logged.line().level())
                .containsExactly(LogLine.WARNING, LogLine.INFO, LogLine.ERROR, LogLine.INFO, LogLine.INFO);
        assertThat(router.logged.get(0).line().logger()).isEqualTo("shop.Cart");
        assertThat(router.logged.get(0).line().message()).isEqualTo("item 3 of cart");
        assertThat(router.logged.get(2).line().message())
                .startsWith("broken\njava.lang.IllegalStateException: why\n\tat ");
        assertThat(router.logged.get(3).line().message()).isEqualTo("value {0}");
        assertThat(router.logged.get(4).line().message()).isEqualTo("after it");
    }

    @Test
    void aFloodOfLinesDoesNotHoldTheRequestUpAndTheDroppedOnesAreCounted() {
        // A console would be what holds the request up.
        Handler[] consoles = Logger.getLogger("").getHandlers();
        for (Handler console : consoles) {
            Logger.getLogger("").removeHandler(console);
        }
        cleanUp.add(() -> {
            for (Handler console : consoles) {
                Logger.getLogger("").addHandler(console);
            }
        });
        Logger logger = Logger.getLogger("shop.Loud");
        int lines = 20_000;
        container.at("/loud", request -> {
            for (int i = 0; i < lines; i++) {
                logger.info("line " + i);
            }
            return "ok";
        });
        Session session = start();

        assertThat(FakeRouter.get(router.get(session, "/loud").status)).isEqualTo(200);
        until("the last line", () -> router.logged.stream()
                .anyMatch(logged -> logged.line().message().equals("line " + (lines - 1))));

        long dropped = router.logged.stream()
                .mapToLong(logged -> logged.line().droppedBefore())
                .sum();
        assertThat(dropped).isPositive();
        assertThat(router.logged.size() + dropped).isEqualTo(lines);
        assertThat(router.logged)
                .extracting(logged -> Integer.parseInt(logged.line().message().substring(5)))
                .isSorted();
    }

    @Test
    void nothingIsSentWhereLinesAreNotToBeCaptured() {
        container.at("/logs", request -> {
            Logger.getLogger("shop").warning("secret");
            return "ok";
        });
        Session session = start("fluid.log.capture", "false");

        assertThat(FakeRouter.get(router.get(session, "/logs").status)).isEqualTo(200);
        until("two frames that came later", () -> router.processUsages.size() >= 2);

        assertThat(router.logged).isEmpty();
    }

    @Test
    void processorTimeOfTheProcessIsTold() {
        start();

        until("two frames", () -> router.processUsages.size() >= 2);

        assertThat(router.processUsages.get(1)).containsKey("process");
        assertThat(router.processUsages.get(1).get("process")).isPositive();
    }

    @Test
    void aLostTunnelComesBack() {
        Session session = start();

        session.close(ErrorCode.INTERNAL, "on purpose");

        Session next = router.session();
        assertThat(FakeRouter.get(router.get(next, "/hello").status)).isEqualTo(200);
        assertThat(next.peerHello().instanceId()).isEqualTo(instance.instanceId());
    }

    @Test
    void startAndCloseAreIdempotentAndLeaveNoThread() {
        start();
        instance.start();

        instance.close();
        instance.close();

        until("every thread has ended", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("fluid-instance")));
        assertThatThrownBy(instance::start).isInstanceOf(IllegalStateException.class);
        until("the router saw the end", () -> router.closed.contains(ErrorCode.SHUTDOWN));
    }

    @Test
    void jmxShowsTheInstance() throws Exception {
        Session session = start("fluid.max-concurrency", "7");
        FakeRouter.get(router.get(session, "/hello").status);
        until("the request has ended", () -> instance.inFlight() == 0);
        Set<ObjectName> names = ManagementFactory.getPlatformMBeanServer()
                .queryNames(new ObjectName("io.fluid4j:type=Instance,*"), null);
        assertThat(names).hasSize(1);
        ObjectName name = names.iterator().next();

        assertThat(attribute(name, "Limit")).isEqualTo(7);
        assertThat(attribute(name, "State")).isEqualTo("accepting");
        assertThat(attribute(name, "Ended")).isEqualTo(1L);
        assertThat(attribute(name, "InFlight")).isEqualTo(0);
        assertThat((String[]) attribute(name, "Tunnels")).hasSize(1);

        instance.close();
        assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(name))
                .isFalse();
    }

    private static Object attribute(ObjectName name, String attribute) throws Exception {
        return ManagementFactory.getPlatformMBeanServer().getAttribute(name, attribute);
    }

    private Map<String, Long> taskOutcomes() {
        return new InstanceBean(instance).getTaskOutcomes();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static <T> T take(BlockingQueue<T> queue) {
        try {
            T next = queue.poll(30, TimeUnit.SECONDS);
            assertThat(next).isNotNull();
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
