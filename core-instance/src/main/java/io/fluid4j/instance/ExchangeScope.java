/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Accounts for one admitted request: its permit, its processor time, and the context the application sees. Thread-safe.
 *
 * <p>Each piece of work a container does for the request (a <em>slice</em>: the servlet call, an asynchronous dispatch, a
 * read or write callback, a listener) lies between {@link #enter} and {@link #exit} on one thread, or is wrapped by
 * {@link #slice}. {@link Exchange#run} already does. Slices may nest and may run on several threads at once.
 */
public interface ExchangeScope {
    /**
     * Wraps a slice that the container will run on a thread of its own.
     *
     * @param containerTask the work
     * @return the same work inside a slice
     */
    Runnable slice(Runnable containerTask);

    /** Begins a slice on this thread. Costs one read of the thread's CPU clock. */
    void enter();

    /** Ends the slice on this thread that the matching {@link #enter} began; belongs in a {@code finally}. */
    void exit();

    /**
     * The head of the response is about to be sent. Gives the time to the first byte, which the concurrency limit lives
     * on. Calls after the first do nothing.
     *
     * @param status the status of the response
     */
    void responseStarted(int status);

    /**
     * The container has finished with the request: the response has ended or failed, and no slice will follow. Closes the
     * permit, unless work given to {@code waitUntil} goes on; records the usage; completes the stream. Calls after the first do
     * nothing, so it belongs on every path.
     *
     * @param failure what went wrong inside the container or the application, or null
     */
    void completed(@Nullable Throwable failure);

    /**
     * Attributes the container puts on its request, so that the application finds the context there too.
     *
     * @return names and values, immutable
     */
    Map<String, Object> requestAttributes();

    /**
     * What the application is to find in {@code traceparent} instead of what has come, so that its own spans are
     * children of the request's. Known from {@link Exchange#run} on.
     *
     * @return the value; null to leave the field as it has come
     */
    default @Nullable String traceParent() {
        return null;
    }

    /**
     * The {@code tracestate} that belongs to {@link #traceParent}.
     *
     * @return the value, possibly empty for none; null to leave the field as it has come
     */
    default @Nullable String traceState() {
        return null;
    }
}
