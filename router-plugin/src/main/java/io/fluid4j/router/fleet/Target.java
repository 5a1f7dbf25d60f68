/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.fleet;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.tunnel.OutboundStream;
import org.jspecify.annotations.Nullable;

/** What a request can be handed to: an instance, or another router. For any thread. */
public interface Target {

    /** What people call it. */
    String targetName();

    /**
     * Sends a request there. It counts as under way from here until {@link #released}.
     *
     * @param head the encoded head, borrowed for the call
     * @param endOfRequest true when neither body nor trailers follow
     * @param listener hears what becomes of it
     * @return the stream, or null when no tunnel takes it
     */
    @Nullable
    OutboundStream open(HeadWriter head, boolean endOfRequest, OutboundStream.Listener listener);

    /** The work behind a stream has ended. */
    void released();
}
