/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.tunnel.InboundStream;

/**
 * A request inside a container. Its stream events come on the reader thread of the tunnel; {@link #run} comes on a thread
 * of the container's executor.
 *
 * <p>Before {@link #run} only {@link InboundStream.Listener#onCancel} may come, when the requester gives up while the
 * exchange waits for a thread; {@link #discard} follows it then, and {@link #run} never.
 */
public interface Exchange extends InboundStream.Listener {
    /**
     * Runs the container's pipeline. Called once, inside a slice of the exchange's {@link ExchangeScope}, right after the
     * stream was marked as started (P-5.2). What is thrown is logged, and ends the request.
     */
    void run();

    /**
     * Called instead of {@link #run} when the request was answered without having started: give back what
     * {@link ExchangeHandler#accept} made. Any thread; {@link ExchangeScope#completed} need not be called.
     */
    default void discard() {}
}
