/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.concurrent.Executor;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.thread.Scheduler;

/** Sockets, selectors and buffers of tunnels: one per process and role. Thread-safe. */
@SuppressWarnings("DoNotCallSuggester")
public final class TunnelTransport implements AutoCloseable {

    private TunnelTransport() {}

    /** A builder with defaults: own threads, own scheduler, one selector. */
    public static Builder builder() {
        return new Builder();
    }

    /** The selectors that tunnels of this transport run on. */
    public SelectorManager selectorManager() {
        throw new UnsupportedOperationException();
    }

    /** Runs what may not run on a selector thread. */
    public Executor executor() {
        throw new UnsupportedOperationException();
    }

    /** Timers; what they run must be short. */
    public Scheduler scheduler() {
        throw new UnsupportedOperationException();
    }

    /** Starts selectors and threads. */
    public void start() {
        throw new UnsupportedOperationException();
    }

    /** Closes every tunnel and ends the threads that this transport started. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /** The sum over all sessions of this transport, closed ones included. */
    public Session.Traffic traffic() {
        throw new UnsupportedOperationException();
    }

    /** Collects what a transport needs. Not thread-safe. */
    public static final class Builder {

        private Builder() {}

        /** Part of thread names: {@code fluid-NAME-selector-1}. */
        public Builder name(String name) {
            return this;
        }

        /** Threads for selectors; the transport does not stop it. Default: own threads. */
        public Builder executor(Executor executor) {
            return this;
        }

        /** Timers; the transport does not stop it. Default: an own one. */
        public Builder scheduler(Scheduler scheduler) {
            return this;
        }

        /** Number of selectors, 1 to 64. Default 1. */
        public Builder selectors(int selectors) {
            return this;
        }

        /** Octets that all streams together may queue before their windows shrink (P-7.4). Default 64 MiB. */
        public Builder byteBudget(long bytes) {
            return this;
        }

        /** The transport, not started. */
        public TunnelTransport build() {
            return new TunnelTransport();
        }
    }
}
