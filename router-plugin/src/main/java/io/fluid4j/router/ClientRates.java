/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.time.Duration;
import org.eclipse.jetty.http2.RateControl;
import org.eclipse.jetty.http2.WindowRateControl;
import org.eclipse.jetty.io.EndPoint;

/**
 * Bounds what costs a server more than the client on an HTTP/2 connection: resets, pings, settings, priorities, empty
 * and unknown frames. Whoever sends more is cut off, and named once. For any thread.
 */
final class ClientRates implements RateControl.Factory {

    private static final Logger LOG = System.getLogger(ClientRates.class.getName());

    /** What a client may send of these in a second; one that cancels a page full of images stays below it. */
    static final int MAX_EVENTS_PER_SECOND = 128;

    @Override
    public RateControl newRateControl(EndPoint endPoint) {
        return new Watched(endPoint.getRemoteSocketAddress());
    }

    private static final class Watched extends WindowRateControl {
        private final SocketAddress client;
        private boolean named;

        Watched(SocketAddress client) {
            super(MAX_EVENTS_PER_SECOND, Duration.ofSeconds(1));
            this.client = client;
        }

        @Override
        public boolean onEvent(Object event) {
            boolean fits = super.onEvent(event);
            if (!fits && !named) {
                named = true;
                LOG.log(
                        Level.WARNING,
                        "client {0} is cut off: more than {1} resets, pings, settings or empty frames in a second",
                        client,
                        MAX_EVENTS_PER_SECOND);
            }
            return fits;
        }
    }
}
