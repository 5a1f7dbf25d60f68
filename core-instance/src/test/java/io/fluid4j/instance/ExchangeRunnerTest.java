/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExchangeRunnerTest {

    private static final long LIMIT = 250;

    private long now = 1_000;
    private final ArrayDeque<Runnable> submitted = new ArrayDeque<>();
    private final List<String> log = new ArrayList<>();
    private final ExecutorService pool = Executors.newFixedThreadPool(8);

    @AfterEach
    void endThreads() throws InterruptedException {
        pool.shutdownNow();
        assertThat(pool.awaitTermination(10, SECONDS)).isTrue();
    }

    private ExchangeRunner runner(Executor executor) {
        return new ExchangeRunner(executor, () -> now, () -> LIMIT, () -> log.add("room"));
    }

    private final class Logged implements ExchangeRunner.Task {
        private final String name;
        private final long admitted = now;
        private final Runnable work;

        Logged(String name, Runnable work) {
            this.name = name;
            this.work = work;
        }

        @Override
        public long admittedNanos() {
            return admitted;
        }

        @Override
        public void run(SliceClock clock, long nowNanos) {
            log.add("run " + name);
            work.run();
        }

        @Override
        public void tooLate() {
            log.add("late " + name);
        }

        @Override
        public void rejected() {
            log.add("rejected " + name);
        }
    }

    private Logged task(String name) {
        return new Logged(name, () -> {});
    }

    @Test
    void aBatchOfShortExchangesNeedsOneRunnerAndAtMostOneMoreOnItsWay() {
        ExchangeRunner runner = runner(submitted::add);
        for (int i = 0; i < 10; i++) {
            runner.offer(task("r" + i));
        }

        runner.handOver();
        assertThat(submitted).hasSize(1);
        submitted.poll().run();

        assertThat(log).hasSize(10).startsWith("run r0").endsWith("run r9");
        assertThat(submitted).hasSize(1);
        submitted.poll().run();
        assertThat(log).hasSize(10);
    }

    @Test
    void aBlockingExchangeHasSubmittedTheNextRunnerBefore() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(new Logged("blocks", () -> {
            assertThat(submitted).hasSize(1);
            submitted.poll().run(); // Another thread's work, as it were.
            log.add("unblocked");
        }));
        runner.offer(task("next"));

        runner.handOver();
        submitted.poll().run();

        assertThat(log).containsExactly("run blocks", "run next", "unblocked");
    }

    @Test
    void whatComesWhileAllRunnersAreBusyGetsARunner() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(new Logged("first", () -> {
            runner.offer(task("second"));
            runner.handOver();
            assertThat(submitted).hasSize(1);
        }));
        runner.handOver();

        submitted.poll().run();

        assertThat(log).containsExactly("run first", "run second");
    }

    @Test
    void allIsRejectedWhenTheExecutorRejects() {
        ExchangeRunner runner = runner(task -> {
            throw new RejectedExecutionException();
        });
        runner.offer(task("a"));
        runner.offer(task("b"));

        runner.handOver();

        assertThat(log).containsExactly("rejected a", "rejected b");
    }

    @Test
    void whatWaitedTooLongIsHandedBackUnstarted() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(task("old"));
        now += LIMIT + 1;
        runner.offer(task("new"));
        runner.handOver();

        submitted.poll().run();

        assertThat(log).containsExactly("late old", "run new", "room");
    }

    @Test
    void aStandingQueueIsCutShort() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(task("a"));
        runner.handOver();
        now += 10;
        runner.offer(task("b"));
        for (int i = 0; i < 3; i++) {
            now += 100;
            runner.offer(task("c" + i));
        }
        now += LIMIT / 10 + 1; // All but none have waited longer than a standing queue allows.
        runner.offer(task("last"));

        submitted.poll().run();

        assertThat(log)
                .startsWith("late a", "late b", "late c0", "late c1", "late c2")
                .endsWith("run last", "room");
    }

    @Test
    void aQueueThatMovesIsNotStalled() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(new Logged("a", () -> assertThat(runner.stalledNanos()).isEqualTo(0)));
        runner.offer(task("b"));
        runner.handOver();
        now += 100;
        assertThat(runner.stalledNanos()).isEqualTo(100);

        submitted.poll().run();

        assertThat(log).containsExactly("run a", "run b");
        assertThat(runner.stalledNanos()).isZero();
    }

    @Test
    void theSchedulerHandsBackWhatNoThreadCameFor() {
        ExchangeRunner runner = runner(submitted::add);
        runner.offer(task("stuck"));
        runner.handOver();
        now += LIMIT;
        assertThat(runner.expire()).isZero();
        assertThat(runner.stalledNanos()).isEqualTo(LIMIT);
        now += 1;

        assertThat(runner.expire()).isEqualTo(1);

        assertThat(log).containsExactly("late stuck");
        submitted.poll().run();
        assertThat(log).containsExactly("late stuck", "room");
    }

    @Test
    void nothingIsLostOrRunTwiceUnderContention() throws Exception {
        ExchangeRunner runner = new ExchangeRunner(pool, System::nanoTime, () -> Long.MAX_VALUE, () -> {});
        int readers = 3;
        int each = 20_000;
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(readers * each);
        List<Thread> threads = new ArrayList<>();
        for (int r = 0; r < readers; r++) {
            Thread reader = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    runner.offer(new ExchangeRunner.Task() {
                        private final AtomicInteger runs = new AtomicInteger();

                        @Override
                        public long admittedNanos() {
                            return System.nanoTime();
                        }

                        @Override
                        public void run(SliceClock clock, long nowNanos) {
                            if (runs.getAndIncrement() == 0) {
                                ran.incrementAndGet();
                            }
                            all.countDown();
                        }

                        @Override
                        public void tooLate() {}

                        @Override
                        public void rejected() {}
                    });
                    if (i % 7 == 0 || i == each - 1) {
                        runner.handOver();
                    }
                }
            });
            reader.start();
            threads.add(reader);
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(all.await(30, SECONDS)).isTrue();
        assertThat(ran).hasValue(readers * each);
    }
}
