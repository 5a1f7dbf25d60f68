/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Stands where Jetty expects a connection and its end point. Never the tunnel's own: whoever got hold of that could write
 * into the streams of others, as HTTP/1.1's {@code Upgrade} does. One for all streams; reads, writes and upgrades fail.
 */
final class PlaceholderConnection extends AbstractConnection {

    PlaceholderConnection(Scheduler scheduler, Executor executor) {
        super(new NoEndPoint(scheduler), executor);
        getEndPoint().setConnection(this);
    }

    @Override
    public void onFillable() {
        throw new IllegalStateException("a stream of a tunnel has no end point to read from");
    }

    private static final class NoEndPoint extends AbstractEndPoint {

        private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("tunnel", 0);

        NoEndPoint(Scheduler scheduler) {
            super(scheduler);
        }

        @Override
        public SocketAddress getLocalSocketAddress() {
            return NOWHERE;
        }

        @Override
        public SocketAddress getRemoteSocketAddress() {
            return NOWHERE;
        }

        @Override
        public Object getTransport() {
            return this;
        }

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            throw refused();
        }

        @Override
        public boolean flush(ByteBuffer... buffers) throws IOException {
            throw refused();
        }

        @Override
        public void upgrade(Connection newConnection) {
            throw new UnsupportedOperationException("a stream of a tunnel cannot be upgraded");
        }

        @Override
        protected void onIncompleteFlush() {}

        @Override
        protected void needsFillInterest() throws IOException {
            throw refused();
        }

        private static IOException refused() {
            return new IOException("a stream of a tunnel has no end point");
        }
    }
}
