/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Welcome;
import java.net.InetSocketAddress;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * The server socket that tunnels are dialled to. Thread-safe.
 *
 * <p>To put tunnels onto the selectors of an HTTP connector, give that connector's {@link SelectorManager} to
 * {@link Builder#selectors}: its {@code newSelector(int)} should return a {@link TunnelSelector}, and its
 * {@code newConnection(channel, endPoint, attachment)} must ask {@link TunnelConnectionFactory} when the attachment is
 * one.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class TunnelAcceptor implements AutoCloseable {

    private TunnelAcceptor() {}

    /** A builder; transport, address, welcome, authenticator and listener are required. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Binds and accepts.
     *
     * @throws java.io.UncheckedIOException when the address cannot be bound
     */
    public void start() {
        throw new UnsupportedOperationException();
    }

    /** The bound port; -1 before start. */
    public int localPort() {
        throw new UnsupportedOperationException();
    }

    /** Tunnels whose handshake is not complete (P-4.1). */
    public int handshakes() {
        throw new UnsupportedOperationException();
    }

    /** Handshakes that were refused, by whatever reason, since the start. */
    public long refused() {
        throw new UnsupportedOperationException();
    }

    /** Accepts no more; living sessions stay. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /** Collects what an acceptor needs. Not thread-safe. */
    public static final class Builder {

        private Builder() {}

        /** Buffers, timers, and selectors unless {@link #selectors} names others. */
        public Builder transport(TunnelTransport transport) {
            return this;
        }

        /** Other selectors to run the tunnels on. */
        public Builder selectors(SelectorManager selectors) {
            return this;
        }

        /** Where to listen; port 0 takes a free one. Without TLS it must be loopback (P-1.2). */
        public Builder bind(InetSocketAddress address) {
            return this;
        }

        /** TLS; null for plain TCP. Started by the caller ({@link TunnelTls}). */
        public Builder tls(SslContextFactory.@Nullable Server tls) {
            return this;
        }

        /** What is said to each dialler; asked for each handshake. */
        public Builder welcome(Supplier<Welcome> welcome) {
            return this;
        }

        /** Who may come in. */
        public Builder authenticator(Authenticator authenticator) {
            return this;
        }

        /** Makes the listener of each new session. */
        public Builder listener(Function<Session, Session.Listener> listener) {
            return this;
        }

        /** Most tunnels in handshake at once; more are closed at once. Default 256. */
        public Builder maxHandshakes(int handshakes) {
            return this;
        }

        /**
         * The acceptor, not started.
         *
         * @throws IllegalArgumentException naming what is missing or not allowed
         */
        public TunnelAcceptor build() {
            throw new UnsupportedOperationException();
        }
    }
}
