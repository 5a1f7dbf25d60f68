/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks after responses: each on a virtual thread where the JVM has them, else on a pool; never more than a bound at
 * once, waiting ones included. Thread-safe.
 */
final class AfterResponseExecutor implements Executor, AutoCloseable {

    private static final long IDLE_SECONDS = 30;
    private static final long JOIN_SECONDS = 2;

    private final ExecutorService executor;
    private final int bound;
    private final AtomicInteger taken = new AtomicInteger();

    private AfterResponseExecutor(ExecutorService executor, int bound) {
        this.executor = executor;
        this.bound = bound;
    }

    /**
     * An executor.
     *
     * @param threads most threads, where there are no virtual ones
     * @param queued most tasks that wait for a thread
     */
    static AfterResponseExecutor create(int threads, int queued) {
        int bound = (int) Math.min(Integer.MAX_VALUE, (long) threads + queued);
        ExecutorService virtual = virtualThreads();
        if (virtual != null) {
            return new AfterResponseExecutor(virtual, bound);
        }
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                InstanceThreads.named("fluid-after-response"));
        pool.allowCoreThreadTimeOut(true);
        return new AfterResponseExecutor(pool, bound);
    }

    @Override
    public void execute(Runnable task) {
        if (taken.incrementAndGet() > bound) {
            taken.decrementAndGet();
            throw new RejectedExecutionException(bound + " tasks after responses wait or run already");
        }
        try {
            executor.execute(() -> {
                try {
                    task.run();
                } finally {
                    taken.decrementAndGet();
                }
            });
        } catch (RejectedExecutionException e) {
            taken.decrementAndGet();
            throw e;
        }
    }

    /** Interrupts what runs, and waits a little for its end. */
    @Override
    public void close() {
        executor.shutdownNow();
        InstanceThreads.join(executor, JOIN_SECONDS);
    }

    /** A virtual thread for each task (Java 21 and later), or null. */
    private static @Nullable ExecutorService virtualThreads() {
        try {
            MethodHandle factory = MethodHandles.publicLookup()
                    .findStatic(
                            java.util.concurrent.Executors.class,
                            "newVirtualThreadPerTaskExecutor",
                            MethodType.methodType(ExecutorService.class));
            return (ExecutorService) factory.invokeExact();
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null; // Java 17 to 20.
        } catch (Throwable e) {
            throw new IllegalStateException("virtual threads cannot be used", e);
        }
    }
}
