/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** Sockets, selectors and buffers of tunnels: one per process and role. Thread-safe. */
public final class TunnelTransport implements AutoCloseable {

    /** Large enough for a thousand streams at their first window. */
    private static final long MAX_DEFAULT_BYTE_BUDGET = 256L * 1024 * 1024;
    /** What is queued may take that part of the heap, unless another budget is set. */
    private static final int HEAP_SHARE = 4;

    private static final int MAX_SELECTORS = 64;
    private static final long CLOSE_MILLIS = 1_000;
    private static final long CONNECT_MILLIS = 5_000;

    private final BufferPool buffers;
    private final ByteBudget budget;
    private final Executor executor;
    private final Scheduler scheduler;
    private final @Nullable QueuedThreadPool ownThreads;
    private final @Nullable Scheduler ownScheduler;
    private final SelectorManager selectors;
    private final SocketAddress unknownAddress = InetSocketAddress.createUnresolved("unknown", 0);
    private final AtomicLong lastId = new AtomicLong();
    private final Set<TunnelConnection> living = ConcurrentHashMap.newKeySet();
    private final Object endedLock = new Object();
    private Session.Traffic ended = new Session.Traffic(0, 0, 0, 0, 0, 0);

    private TunnelTransport(Builder builder) {
        String name = "fluid-" + builder.name;
        Executor threads = builder.executor;
        if (threads == null) {
            ownThreads = new QueuedThreadPool(builder.selectors + 8, builder.selectors + 1);
            ownThreads.setName(name + "-selector");
            ownThreads.setDaemon(true);
            executor = ownThreads;
        } else {
            ownThreads = null;
            executor = threads;
        }
        Scheduler timers = builder.scheduler;
        if (timers == null) {
            ownScheduler = new ScheduledExecutorScheduler(name + "-scheduler", true);
            scheduler = ownScheduler;
        } else {
            ownScheduler = null;
            scheduler = timers;
        }
        budget = new ByteBudget(builder.byteBudgetBytes);
        buffers = new BufferPool(builder.byteBudgetBytes);
        selectors = new TunnelSelectors(executor, scheduler, builder.selectors);
        selectors.setConnectTimeout(CONNECT_MILLIS);
    }

    /** A builder with defaults: own threads, own scheduler, one selector. */
    public static Builder builder() {
        return new Builder();
    }

    /** The selectors that tunnels of this transport run on. */
    public SelectorManager selectorManager() {
        return selectors;
    }

    /** Runs what may not run on a selector thread. */
    public Executor executor() {
        return executor;
    }

    /** Timers; what they run must be short. */
    public Scheduler scheduler() {
        return scheduler;
    }

    /**
     * Starts selectors and threads.
     *
     * @throws IllegalStateException when that fails
     */
    public void start() {
        try {
            if (ownThreads != null) {
                ownThreads.start();
            }
            if (ownScheduler != null) {
                ownScheduler.start();
            }
            selectors.start();
        } catch (Exception e) {
            throw new IllegalStateException("the transport cannot be started", e);
        }
    }

    /** Closes every tunnel with SHUTDOWN and ends the threads that this transport started. Waits a second at most. */
    @Override
    public void close() {
        for (TunnelConnection connection : living) {
            connection.end(ErrorCode.SHUTDOWN, "the process ends", null, true);
        }
        awaitEnds();
        try {
            selectors.stop();
            if (ownScheduler != null) {
                ownScheduler.stop();
            }
            if (ownThreads != null) {
                ownThreads.stop();
            }
        } catch (Exception e) {
            throw new IllegalStateException("the transport cannot be stopped", e);
        }
    }

    /** The sum over all sessions of this transport, closed ones included. */
    public Session.Traffic traffic() {
        Session.Traffic sum;
        synchronized (endedLock) {
            sum = ended;
        }
        for (TunnelConnection connection : living) {
            sum = sum.plus(connection.traffic());
        }
        return sum;
    }

    /** Tunnels that live now, those in handshake included. */
    public int tunnels() {
        return living.size();
    }

    /** Body octets that peers may have lying here: granted and not consumed, all streams together. */
    public long committedBytes() {
        return budget.committedBytes();
    }

    BufferPool buffers() {
        return buffers;
    }

    ByteBudget budget() {
        return budget;
    }

    SocketAddress unknownAddress() {
        return unknownAddress;
    }

    long nextId() {
        return lastId.incrementAndGet();
    }

    void opened(TunnelConnection connection) {
        living.add(connection);
    }

    void closed(TunnelConnection connection) {
        if (living.remove(connection)) {
            synchronized (endedLock) {
                ended = ended.plus(connection.traffic());
            }
        }
        if (living.isEmpty()) {
            synchronized (living) {
                living.notifyAll();
            }
        }
    }

    private void awaitEnds() {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
        synchronized (living) {
            long left = until - System.nanoTime();
            while (!living.isEmpty() && left > 0) {
                try {
                    living.wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
                left = until - System.nanoTime();
            }
        }
    }

    /** Collects what a transport needs. Not thread-safe. */
    public static final class Builder {

        private String name = "tunnel";
        private @Nullable Executor executor;
        private @Nullable Scheduler scheduler;
        private int selectors = 1;
        private long byteBudgetBytes =
                Math.min(MAX_DEFAULT_BYTE_BUDGET, Runtime.getRuntime().maxMemory() / HEAP_SHARE);

        private Builder() {}

        /** Part of thread names: {@code fluid-NAME-selector-1}. */
        public Builder name(String value) {
            name = requireNonNull(value, "name");
            return this;
        }

        /** Threads for selectors; the transport does not stop it. Default: own threads. */
        public Builder executor(Executor value) {
            executor = requireNonNull(value, "executor");
            return this;
        }

        /** Timers; the transport does not stop it. Default: an own one. */
        public Builder scheduler(Scheduler value) {
            scheduler = requireNonNull(value, "scheduler");
            return this;
        }

        /** Number of selectors, 1 to 64. Default 1. */
        public Builder selectors(int value) {
            if (value < 1 || value > MAX_SELECTORS) {
                throw new IllegalArgumentException("selectors " + value + " (expected: 1 to " + MAX_SELECTORS + ")");
            }
            selectors = value;
            return this;
        }

        /**
         * Octets that all streams together may have granted and not consumed before their windows shrink (P-7.4).
         * Default a quarter of the heap, 256 MiB at most.
         */
        public Builder byteBudget(long bytes) {
            if (bytes <= 0) {
                throw new IllegalArgumentException("byte budget " + bytes + " (expected: > 0)");
            }
            byteBudgetBytes = bytes;
            return this;
        }

        /** The transport, not started. */
        public TunnelTransport build() {
            return new TunnelTransport(this);
        }
    }
}
