/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.trace;

/** The span of one request. Thread-safe. */
public interface RequestSpan {

    /** The time in which a span is the current one of a thread; closed by that thread. */
    interface Current extends AutoCloseable {
        @Override
        void close();
    }

    /** The value of {@link Tracing#TRACE_PARENT} for what this span causes. */
    String traceParent();

    /** The value of {@link Tracing#TRACE_STATE} for what this span causes; may be empty. */
    String traceState();

    /**
     * Says something of the request.
     *
     * @param key name of the attribute
     * @param value its value
     */
    void attribute(String key, String value);

    /**
     * Says something of the request.
     *
     * @param key name of the attribute
     * @param value its value
     */
    void attribute(String key, long value);

    /**
     * Something has happened, now.
     *
     * @param name what
     * @param attributes keys and values in turn
     */
    void event(String name, String... attributes);

    /**
     * The request has failed.
     *
     * @param type why, one of few words: {@code error.type}
     */
    void failed(String type);

    /**
     * Makes it the current span of this thread, so that spans that begin here are its children.
     *
     * @return ends that
     */
    Current activate();

    /** Ends the span; what is said later is lost. */
    void end();
}
