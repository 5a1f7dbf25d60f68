/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Hello;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one session to one router alive: dials, and dials again with jittered exponential back-off after every failure,
 * whatever it was. One per router address, for life. Thread-safe.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class Dialler implements AutoCloseable {

    private Dialler() {}

    /** A builder; transport, address, hello, listener and a credential are required. */
    public static Builder builder() {
        return new Builder();
    }

    /** Dials for the first time; returns at once. */
    public void start() {
        throw new UnsupportedOperationException();
    }

    /** The address it dials. */
    public URI router() {
        throw new UnsupportedOperationException();
    }

    /** The living session, if any. */
    public Optional<Session> session() {
        throw new UnsupportedOperationException();
    }

    /** How many sessions were established after the first one. */
    public long reconnects() {
        throw new UnsupportedOperationException();
    }

    /** Why the last attempt failed or the last session ended; null while all is well. */
    public @Nullable Throwable lastFailure() {
        throw new UnsupportedOperationException();
    }

    /** Dials no more; a living session stays until it ends. Drain and close it first where that matters. */
    public void stop() {
        throw new UnsupportedOperationException();
    }

    /** Dials no more and closes the session with SHUTDOWN. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /** Collects what a dialler needs. Not thread-safe. */
    public static final class Builder {

        private Builder() {}

        /** Runs the sockets. */
        public Builder transport(TunnelTransport transport) {
            return this;
        }

        /** {@code tcp://host:port} (loopback only, P-1.2) or {@code tls://host:port}. */
        public Builder router(URI router) {
            return this;
        }

        /** Who dials; asked before each dial. Nonce, key id and authentication are filled in. */
        public Builder hello(Supplier<Hello.Builder> hello) {
            return this;
        }

        /** The shared secret. Without one, the client certificate of {@link #tls} is used. */
        public Builder secret(@Nullable Secret secret) {
            return this;
        }

        /** Required for {@code tls://}; started by the caller ({@link TunnelTls}). */
        public Builder tls(SslContextFactory.@Nullable Client tls) {
            return this;
        }

        /** Makes the listener of each new session. */
        public Builder listener(Function<Session, Session.Listener> listener) {
            return this;
        }

        /** Shortest and longest back-off. Default 100 ms and 10 s. */
        public Builder backOff(Duration shortest, Duration longest) {
            return this;
        }

        /** Until the connection stands. Default 5 s. */
        public Builder connectTimeout(Duration timeout) {
            return this;
        }

        /**
         * The dialler, not started.
         *
         * @throws IllegalArgumentException naming what is missing or not allowed
         */
        public Dialler build() {
            throw new UnsupportedOperationException();
        }
    }
}
