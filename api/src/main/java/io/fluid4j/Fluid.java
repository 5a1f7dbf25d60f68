/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * An application's door to the server it runs on. Every method works on any thread, and also outside Fluid4J, where the
 * work runs all the same but nobody waits for it; so a library may always call it.
 *
 * @since 0.1.0
 */
public final class Fluid {

    /** Name of the request attribute under which the container holds what {@link #from} reads. */
    public static final String CONTEXT_ATTRIBUTE = "io.fluid4j.context";

    private Fluid() {}

    /**
     * The context of the request that this thread works for: the thread that runs the servlet, a listener or an
     * asynchronous dispatch of it, a task of {@link #runAfterResponse}, or anything wrapped by {@link FluidContext#wrap}.
     *
     * @return the context; one with {@link FluidContext#active} false when this thread serves no request of Fluid4J
     */
    public static FluidContext current() {
        return FluidContext.over(Bridge.current());
    }

    /**
     * The context of a request, found by one of its attributes, for threads that {@link #current} does not know.
     *
     * @param attributes reads an attribute of the request, as {@code request::getAttribute}
     * @return the context; one with {@link FluidContext#active} false when the request did not come through Fluid4J
     */
    public static FluidContext from(Function<String, ?> attributes) {
        Object context = requireNonNull(attributes, "attributes").apply(CONTEXT_ATTRIBUTE);
        return FluidContext.over(Bridge.asContext(context));
    }

    /**
     * Tells the server that work goes on after the response: it counts as part of the request for draining, metering and
     * the deadline of such work. The response is not held back. Outside Fluid4J this does nothing.
     *
     * @param work the work; when it has not completed in time it is cancelled if it is a {@link java.util.concurrent.Future}
     * @throws IllegalStateException when the request's work has ended already
     */
    public static void waitUntil(CompletionStage<?> work) {
        current().waitUntil(work);
    }

    /**
     * Runs a task on a thread of the server once the response has been sent. Outside Fluid4J it runs at once on a common
     * thread.
     *
     * @param task the task; the class loader and the context of the request are those of the caller
     * @param <T> what it gives
     * @return completes with the task's result; never wait for it inside the request
     * @throws IllegalStateException when the request's work has ended already
     */
    public static <T> CompletableFuture<T> runAfterResponse(Callable<T> task) {
        return current().runAfterResponse(task);
    }
}
