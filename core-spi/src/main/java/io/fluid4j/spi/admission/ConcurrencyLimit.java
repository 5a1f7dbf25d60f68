/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.admission;

/**
 * Finds out how many requests at once serve this instance best. Thread-safe: samples come from many threads, and none of
 * the methods may block.
 *
 * @since 0.1.0
 */
public interface ConcurrencyLimit {
    /**
     * The limit now. Read for each request, so it must be a plain read.
     *
     * @return at least 1
     */
    int limit();

    /**
     * A request has begun to answer. Times until the first byte are given, never the length of a response, so that long
     * streams do not look like a slow server.
     *
     * @param nowNanos monotonic time, in nanoseconds
     * @param firstByteNanos from admission to the first byte of the response, in nanoseconds
     * @param inFlight requests in flight when this one was admitted, itself included
     */
    void onFirstByte(long nowNanos, long firstByteNanos, int inFlight);

    /**
     * A request begins to run.
     *
     * @param nowNanos monotonic time, in nanoseconds
     * @param waitedNanos how long it has waited for a thread of the container since it was admitted, in nanoseconds
     */
    default void onStart(long nowNanos, long waitedNanos) {}

    /**
     * What one request, taken at random, has used and missed of the processors while a thread of the container ran it. Said
     * some times a second, where the operating system tells (Linux, platform threads).
     *
     * @param nowNanos monotonic time, in nanoseconds
     * @param waitedNanos how long the thread was ready to run, but no processor was free for it, in nanoseconds
     * @param ranNanos how long it ran, in nanoseconds
     */
    default void onProcessorWait(long nowNanos, long waitedNanos, long ranNanos) {}

    /**
     * A request was refused after it had been admitted, because it had waited too long to start. A clear sign of too
     * much.
     *
     * @param nowNanos monotonic time, in nanoseconds
     * @param inFlight requests in flight now
     */
    void onOverload(long nowNanos, int inFlight);

    /**
     * The limit is in the way: as many requests are in flight as it allows, or one was refused because of it. Said now and
     * then while that lasts, also when no response begins meanwhile, as with long streams.
     *
     * @param nowNanos monotonic time, in nanoseconds
     * @param inFlight requests in flight now
     */
    default void onCrowded(long nowNanos, int inFlight) {}
}
