/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What metering costs a request: a slice, beside the two readings of the thread's processor clock that it cannot do
 * without. In this package because that is where the meter is.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 6, time = 1)
@Fork(1)
public class MeterBenchmark {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private RequestScope scope = scope();

    /** Makes what a slice belongs to. */
    @Setup
    public void prepare() {
        scope = scope();
    }

    /** Ends the threads. */
    @TearDown
    public void end() {
        scheduler.shutdownNow();
    }

    @SuppressWarnings("NullAway") // A slice asks its request for neither stream nor head.
    private RequestScope scope() {
        ConcurrencyLimit limit = AdaptiveLimit.forProcessors(2);
        Accounts accounts = new Accounts(
                new Identity("instance", "function", "deployment"),
                new AdmissionController(limit),
                limit,
                new CpuAccounts(System.nanoTime()),
                new RunDelay(java.nio.file.Path.of("/proc"), System.nanoTime()),
                new Outcomes(),
                new AfterResponse(Runnable::run, scheduler, Duration.ofSeconds(30)),
                System::nanoTime,
                failure -> {},
                null);
        return new RequestScope(accounts, null, null, System.nanoTime());
    }

    /**
     * The readings alone.
     *
     * @return the second one less the first one
     */
    @Benchmark
    public long twoReadingsOfTheClock() {
        long begin = THREADS.getCurrentThreadCpuTime();
        return THREADS.getCurrentThreadCpuTime() - begin;
    }

    /** A slice with nothing in it. */
    @Benchmark
    public void slice() {
        scope.enter();
        scope.exit();
    }
}
