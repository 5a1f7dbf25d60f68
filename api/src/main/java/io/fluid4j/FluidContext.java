/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the server knows about one request. Thread-safe; may be kept and used by other threads while the request's work
 * goes on.
 *
 * @since 0.1.0
 */
public final class FluidContext {

    private static final FluidContext OUTSIDE = new FluidContext(null);

    private final @Nullable Function<String, Object> server;

    private FluidContext(@Nullable Function<String, Object> server) {
        this.server = server;
    }

    static FluidContext over(@Nullable Function<String, Object> server) {
        return server == null ? OUTSIDE : new FluidContext(server);
    }

    /**
     * Whether there is a request of Fluid4J behind this context.
     *
     * @return false outside Fluid4J; every other method then says nothing, or does the work without the server
     */
    public boolean active() {
        return server != null;
    }

    /**
     * The request's id, as in the {@code Fluid-Request-Id} header of the response.
     *
     * @return 32 lower-case hexadecimal digits; empty outside Fluid4J
     */
    public String requestId() {
        return text(Bridge.REQUEST_ID);
    }

    /**
     * The random id of this server process.
     *
     * @return the id; empty outside Fluid4J
     */
    public String instanceId() {
        return text(Bridge.INSTANCE_ID);
    }

    /**
     * The function this server runs.
     *
     * @return the name; empty outside Fluid4J
     */
    public String function() {
        return text(Bridge.FUNCTION);
    }

    /**
     * The deployment this server runs.
     *
     * @return the name; empty outside Fluid4J
     */
    public String deployment() {
        return text(Bridge.DEPLOYMENT);
    }

    /**
     * The time left until the response must have begun.
     *
     * @return the time left, zero when it has passed; empty when there is no deadline
     */
    public Optional<Duration> deadline() {
        return value(Bridge.REMAINING_NANOS) instanceof Long nanos
                ? Optional.of(Duration.ofNanos(Math.max(0, nanos)))
                : Optional.empty();
    }

    /**
     * Whether nobody waits for the response any more: the client has gone, or the deadline has passed.
     *
     * @return true from then on
     */
    public boolean cancelled() {
        return Boolean.TRUE.equals(value(Bridge.CANCELLED));
    }

    /**
     * As {@link Fluid#waitUntil}, for this request.
     *
     * @param work the work
     * @throws IllegalStateException when the request's work has ended already
     */
    public void waitUntil(CompletionStage<?> work) {
        requireNonNull(work, "work");
        if (value(Bridge.WAIT_UNTIL) instanceof Consumer<?> consumer) {
            accept(consumer, work);
        }
    }

    /**
     * As {@link Fluid#runAfterResponse}, for this request.
     *
     * @param task the task
     * @param <T> what it gives
     * @return completes with the task's result
     * @throws IllegalStateException when the request's work has ended already
     */
    public <T> CompletableFuture<T> runAfterResponse(Callable<T> task) {
        requireNonNull(task, "task");
        if (value(Bridge.RUN_AFTER_RESPONSE) instanceof Function<?, ?> runner) {
            return run(runner, task);
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        ForkJoinPool.commonPool().execute(() -> complete(result, task));
        return result;
    }

    /**
     * Makes a task work for this request when it runs on a thread of the application's own: {@link Fluid#current} finds
     * the request there, and the processor time is counted for it.
     *
     * @param task the task
     * @return the task to hand to an executor; the given one outside Fluid4J
     */
    public Runnable wrap(Runnable task) {
        requireNonNull(task, "task");
        return value(Bridge.WRAP) instanceof UnaryOperator<?> wrapper ? wrap(wrapper, task) : task;
    }

    private String text(String key) {
        return value(key) instanceof String text ? text : "";
    }

    private @Nullable Object value(String key) {
        return server == null ? null : server.apply(key);
    }

    // The types below are what the bridge promises for these keys; only JDK types cross it.

    @SuppressWarnings("unchecked")
    private static void accept(Consumer<?> consumer, CompletionStage<?> work) {
        ((Consumer<CompletionStage<?>>) consumer).accept(work);
    }

    @SuppressWarnings("unchecked")
    private static <T> CompletableFuture<T> run(Function<?, ?> runner, Callable<T> task) {
        return ((Function<Callable<T>, CompletableFuture<T>>) runner).apply(task);
    }

    @SuppressWarnings("unchecked")
    private static Runnable wrap(UnaryOperator<?> wrapper, Runnable task) {
        return ((UnaryOperator<Runnable>) wrapper).apply(task);
    }

    private static <T> void complete(CompletableFuture<T> result, Callable<T> task) {
        try {
            result.complete(task.call());
        } catch (Throwable failure) {
            result.completeExceptionally(failure);
        }
    }
}
