/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;
import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Side;
import io.fluid4j.frame.Welcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The server socket that tunnels are dialled to. Thread-safe.
 *
 * <p>To put tunnels onto the selectors of an HTTP connector, give that connector's {@link SelectorManager} to
 * {@link Builder#selectors}: its {@code newSelector(int)} should return a {@link TunnelSelector}, and its
 * {@code newConnection(channel, endPoint, attachment)} must ask {@link TunnelConnectionFactory} when the attachment is
 * one.
 */
public final class TunnelAcceptor implements AutoCloseable {

    /** A flood of bad handshakes must not become a flood of lines: so many at once, then so many a second. */
    private static final int REFUSALS_LOGGED_AT_ONCE = 50;

    private static final int REFUSALS_LOGGED_PER_SECOND = 5;

    private static final System.Logger LOGGER = System.getLogger(TunnelAcceptor.class.getName());

    /** Enough for a fleet that comes back at once, few enough to hold (P-4.1). */
    private static final int DEFAULT_MAX_HANDSHAKES = 256;

    private static final int BACKLOG = 1024;

    /** After a failed accept, such as one without a free descriptor. */
    private static final long ACCEPT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Builder config;
    private final TunnelTransport transport;
    private final SelectorManager selectors;
    private final @Nullable ArrayByteBufferPool tlsBuffers;
    private final AtomicInteger handshakes = new AtomicInteger();
    /** Those in handshake, the oldest first, and some whose handshake is over; guarded by itself. */
    private final ArrayDeque<Attempt> oldest = new ArrayDeque<>();

    private final LogThrottle refusals = new LogThrottle(REFUSALS_LOGGED_AT_ONCE, REFUSALS_LOGGED_PER_SECOND);
    private final LongAdder refused = new LongAdder();

    /** Living sessions by instance id (P-4.7). */
    private final Map<String, Claim> claims = new ConcurrentHashMap<>();

    private volatile @Nullable ServerSocketChannel server;
    private volatile int localPort = -1;
    private @Nullable Thread thread;

    private record Claim(Hello first, int sessions) {}

    private TunnelAcceptor(Builder config, TunnelTransport transport) {
        this.config = config;
        this.transport = transport;
        this.selectors = config.selectors == null ? transport.selectorManager() : config.selectors;
        this.tlsBuffers = config.tls == null ? null : new ArrayByteBufferPool();
    }

    /** A builder; transport, address, welcome, authenticator and listener are required. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Binds and accepts.
     *
     * @throws UncheckedIOException when the address cannot be bound
     */
    public void start() {
        InetSocketAddress address = requireNonNull(config.address);
        ServerSocketChannel bound;
        try {
            bound = ServerSocketChannel.open();
            try {
                bound.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                bound.bind(address, BACKLOG);
                localPort = ((InetSocketAddress) bound.getLocalAddress()).getPort();
            } catch (IOException e) {
                bound.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on " + address, e);
        }
        server = bound;
        Thread accepting = new Thread(() -> acceptAll(bound), "fluid-tunnel-acceptor-" + localPort);
        accepting.setDaemon(true);
        thread = accepting;
        accepting.start();
    }

    /** The bound port; -1 before start. */
    public int localPort() {
        return localPort;
    }

    /** Tunnels whose handshake is not complete (P-4.1). */
    public int handshakes() {
        return handshakes.get();
    }

    /** Handshakes that were refused, by whatever reason, since the start. */
    public long refused() {
        return refused.sum();
    }

    /** Accepts no more; living sessions stay. */
    @Override
    public void close() {
        ServerSocketChannel bound = server;
        if (bound == null) {
            return;
        }
        server = null;
        try {
            bound.close();
        } catch (IOException e) {
            LOGGER.log(DEBUG, "the server socket of the tunnels did not close cleanly", e);
        }
        Thread accepting = thread;
        if (accepting != null && accepting != Thread.currentThread()) {
            try {
                accepting.join(TimeUnit.SECONDS.toMillis(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void acceptAll(ServerSocketChannel bound) {
        while (bound.isOpen()) {
            try {
                accept(bound.accept());
            } catch (ClosedChannelException e) {
                return; // close() was called.
            } catch (IOException | RuntimeException e) {
                LOGGER.log(WARNING, "a tunnel could not be accepted", e);
                LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
            }
        }
    }

    private void accept(SocketChannel channel) throws IOException {
        Attempt attempt = new Attempt(channel);
        if (handshakes.incrementAndGet() > config.maxHandshakes) {
            giveUpOldest();
        }
        synchronized (oldest) {
            oldest.removeIf(Attempt::over);
            oldest.addLast(attempt);
        }
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            attempt.expiry = transport
                    .scheduler()
                    .schedule(attempt::expire, 2 * TunnelConnection.HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
            selectors.accept(channel, attempt);
        } catch (IOException | RuntimeException e) {
            var unused = attempt.handshakeOver();
            channel.close();
            throw e;
        }
    }

    /**
     * An honest handshake takes milliseconds: when there are too many it is the one that has taken longest which goes,
     * so that a flood of half open ones keeps nobody out.
     */
    private void giveUpOldest() {
        while (true) {
            Attempt attempt;
            synchronized (oldest) {
                attempt = oldest.pollFirst();
            }
            if (attempt == null) {
                return;
            }
            Object from = attempt.remote();
            if (attempt.giveUp()) {
                refused.increment();
                refusals.log(
                        LOGGER,
                        "tunnel from {0} refused: more than " + config.maxHandshakes
                                + " tunnels in handshake, and this one has taken longest",
                        from);
                return;
            }
        }
    }

    /** One accepted channel, from the accept to the end of its session. */
    private final class Attempt implements TunnelConnectionFactory, TunnelConnection.Owner {

        private final SocketChannel channel;
        private final AtomicInteger inHandshake = new AtomicInteger(1);
        private @Nullable AcceptorHandshake handshake;
        private @Nullable String claimed;
        private volatile @Nullable EndPoint endPoint;
        private volatile Scheduler.@Nullable Task expiry;

        Attempt(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public Connection newConnection(EndPoint endPoint) {
            this.endPoint = endPoint;
            SslContextFactory.Server tls = config.tls;
            if (tls == null) {
                return new TunnelConnection(transport, endPoint, null, Side.DIALLER, this);
            }
            SSLEngine engine = endPoint.getRemoteSocketAddress() instanceof InetSocketAddress remote
                    ? tls.newSSLEngine(remote)
                    : tls.newSSLEngine();
            engine.setUseClientMode(false);
            SslConnection ssl =
                    new SslConnection(requireNonNull(tlsBuffers), transport.executor(), tls, endPoint, engine);
            EndPoint plain = ssl.getSslEndPoint();
            plain.setConnection(new TunnelConnection(transport, plain, engine, Side.DIALLER, this));
            return ssl;
        }

        @Override
        public Handshake handshake(TunnelConnection connection) {
            AcceptorHandshake made = new AcceptorHandshake(
                    connection, requireNonNull(config.authenticator), requireNonNull(config.welcome));
            handshake = made;
            return made;
        }

        @Override
        public Function<Session, Session.Listener> listeners() {
            return requireNonNull(config.listener);
        }

        @Override
        public boolean claim(TunnelConnection connection, Hello hello) {
            if (hello.role() != Hello.Role.INSTANCE) {
                return true;
            }
            boolean[] granted = {true};
            claims.compute(hello.instanceId(), (id, old) -> {
                if (old == null) {
                    return new Claim(hello, 1);
                }
                granted[0] = old.first().sameGroup(hello);
                return granted[0] ? new Claim(old.first(), old.sessions() + 1) : old;
            });
            claimed = granted[0] ? hello.instanceId() : null;
            return granted[0];
        }

        @Override
        public void onEstablished(TunnelConnection connection, Session session) {
            var unused = handshakeOver();
        }

        @Override
        public void onEnd(
                TunnelConnection connection,
                @Nullable Session session,
                ErrorCode code,
                String detail,
                @Nullable Throwable cause) {
            boolean inTime = handshakeOver();
            String mine = claimed;
            if (mine != null) {
                claims.computeIfPresent(
                        mine, (id, old) -> old.sessions() == 1 ? null : new Claim(old.first(), old.sessions() - 1));
            }
            // Who was given up has been named and counted there.
            if (session == null && inTime) {
                refused.increment();
                AcceptorHandshake refusedHandshake = handshake;
                Hello hello = refusedHandshake == null ? null : refusedHandshake.hello();
                refusals.log(
                        LOGGER,
                        "tunnel from {0} refused: {1} ({2}), claims function {3}",
                        connection.remoteAddress(),
                        code,
                        detail,
                        hello == null ? "nothing" : hello.function());
            }
        }

        /** A connection that never came to life, such as one that fails in TLS, must not count for ever. */
        void expire() {
            giveUp();
        }

        /** False when the handshake was over already. */
        boolean giveUp() {
            if (!handshakeOver()) {
                return false;
            }
            EndPoint open = endPoint;
            if (open != null) {
                // So that its connection hears of it, and with its timer and buffers is garbage now.
                open.close();
                return true;
            }
            try {
                channel.close();
            } catch (IOException e) {
                LOGGER.log(DEBUG, "a half open tunnel did not close cleanly", e);
            }
            return true;
        }

        /** True the first time. */
        boolean handshakeOver() {
            if (inHandshake.compareAndSet(1, 0)) {
                handshakes.decrementAndGet();
                Scheduler.Task pending = expiry;
                if (pending != null) {
                    pending.cancel();
                }
                return true;
            }
            return false;
        }

        boolean over() {
            return inHandshake.get() == 0;
        }

        Object remote() {
            try {
                return String.valueOf(channel.getRemoteAddress());
            } catch (IOException e) {
                return "a closed connection";
            }
        }
    }

    /** Collects what an acceptor needs. Not thread-safe. */
    public static final class Builder {

        private @Nullable TunnelTransport transport;
        private @Nullable SelectorManager selectors;
        private @Nullable InetSocketAddress address;
        private SslContextFactory.@Nullable Server tls;
        private @Nullable Function<Hello, Welcome> welcome;
        private @Nullable Authenticator authenticator;
        private @Nullable Function<Session, Session.Listener> listener;
        private int maxHandshakes = DEFAULT_MAX_HANDSHAKES;

        private Builder() {}

        /** Buffers, timers, and selectors unless {@link #selectors} names others. */
        public Builder transport(TunnelTransport value) {
            transport = requireNonNull(value, "transport");
            return this;
        }

        /** Other selectors to run the tunnels on. */
        public Builder selectors(SelectorManager value) {
            selectors = requireNonNull(value, "selectors");
            return this;
        }

        /** Where to listen; port 0 takes a free one. Without TLS it must be loopback (P-1.2). */
        public Builder bind(InetSocketAddress value) {
            address = requireNonNull(value, "address");
            return this;
        }

        /** TLS; null for plain TCP. Started by the caller ({@link TunnelTls}). */
        public Builder tls(SslContextFactory.@Nullable Server value) {
            tls = value;
            return this;
        }

        /** What is said to each dialler; asked for each handshake. */
        public Builder welcome(Supplier<Welcome> value) {
            requireNonNull(value, "welcome");
            welcome = hello -> value.get();
            return this;
        }

        /** What is said to each dialler, by what it has said of itself and proved; asked after the proof. */
        public Builder welcomeFor(Function<Hello, Welcome> value) {
            welcome = requireNonNull(value, "welcome");
            return this;
        }

        /** Who may come in. */
        public Builder authenticator(Authenticator value) {
            authenticator = requireNonNull(value, "authenticator");
            return this;
        }

        /** Makes the listener of each new session. */
        public Builder listener(Function<Session, Session.Listener> value) {
            listener = requireNonNull(value, "listener");
            return this;
        }

        /** Most tunnels in handshake at once; beyond it the one that has taken longest is closed. Default 256. */
        public Builder maxHandshakes(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("handshakes " + value + " (expected: > 0)");
            }
            maxHandshakes = value;
            return this;
        }

        /**
         * The acceptor, not started.
         *
         * @throws IllegalArgumentException naming what is missing or not allowed
         */
        public TunnelAcceptor build() {
            if (transport == null || address == null || welcome == null || authenticator == null || listener == null) {
                throw new IllegalArgumentException(
                        "an acceptor needs transport, address, welcome, authenticator and listener");
            }
            if (tls == null && !Loopback.is(address)) {
                throw new IllegalArgumentException("tunnels without TLS on " + address
                        + " (expected: a loopback address in fluid.router.tunnel.bind, or fluid.tunnel.tls.*)");
            }
            return new TunnelAcceptor(copy(), transport);
        }

        private Builder copy() {
            Builder copy = new Builder();
            copy.transport = transport;
            copy.selectors = selectors;
            copy.address = address;
            copy.tls = tls;
            copy.welcome = welcome;
            copy.authenticator = authenticator;
            copy.listener = listener;
            copy.maxHandshakes = maxHandshakes;
            return copy;
        }
    }
}
