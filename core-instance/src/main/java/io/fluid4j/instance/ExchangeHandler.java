/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;

/** The adapter's half: makes a container's exchange for an admitted stream. Thread-safe. */
@FunctionalInterface
public interface ExchangeHandler {
    /**
     * Makes the container's request objects. Runs on the reader thread of the tunnel, so it must not run application code
     * and must not block (C-1). An exception is answered by a nack.
     *
     * @param stream the stream, not started yet
     * @param head its request head
     * @param scope accounts for the request; the exchange calls {@link ExchangeScope#completed} when its work has ended
     * @return the exchange, which is then either run or discarded, once
     */
    Exchange accept(InboundStream stream, RequestHead head, ExchangeScope scope);
}
