/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.function.Consumer;
import org.eclipse.jetty.server.Request;

/** Jetty's request, overheard where it registers who wants to know of a failure: see {@link FailureListeners}. */
final class TunnelRequest extends Request.Wrapper {

    private final HttpStreamOverTunnel stream;

    TunnelRequest(Request wrapped, HttpStreamOverTunnel stream) {
        super(wrapped);
        this.stream = stream;
    }

    HttpStreamOverTunnel stream() {
        return stream;
    }

    @Override
    public void addFailureListener(Consumer<Throwable> listener) {
        stream.failureListenerAdded(listener);
        super.addFailureListener(listener);
    }
}
