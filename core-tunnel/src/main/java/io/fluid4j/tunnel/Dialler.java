/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;
import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Side;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one session to one router alive: dials, and dials again with jittered exponential back-off after every failure,
 * whatever it was. One per router address, for life. Thread-safe.
 */
public final class Dialler implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(Dialler.class.getName());

    /** A session that lived this long was one: the next failure is a new one. */
    private static final long LIVED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Builder config;
    private final TunnelTransport transport;
    private final URI router;
    private final @Nullable ArrayByteBufferPool tlsBuffers;

    private final Object lock = new Object();
    private final BackOff backOff; // Guarded by lock.
    private boolean started; // Guarded by lock.
    private @Nullable Attempt current; // Guarded by lock.
    private long established; // Guarded by lock.

    private volatile boolean stopped;
    private volatile @Nullable Session session;
    private volatile @Nullable Throwable lastFailure;

    private Dialler(Builder config, TunnelTransport transport, URI router) {
        this.config = config;
        this.transport = transport;
        this.router = router;
        this.tlsBuffers = config.tls == null ? null : new ArrayByteBufferPool();
        this.backOff = new BackOff(config.shortestBackOff, config.longestBackOff, () -> ThreadLocalRandom.current()
                .nextDouble());
    }

    /** A builder; transport, address, hello, listener and a credential are required. */
    public static Builder builder() {
        return new Builder();
    }

    /** Dials for the first time; returns at once. */
    public void start() {
        synchronized (lock) {
            if (started) {
                return;
            }
            started = true;
        }
        dialLater(0);
    }

    /** The address it dials. */
    public URI router() {
        return router;
    }

    /** The living session, if any. */
    public Optional<Session> session() {
        return Optional.ofNullable(session);
    }

    /** How many sessions were established after the first one. */
    public long reconnects() {
        synchronized (lock) {
            return Math.max(0, established - 1);
        }
    }

    /** Why the last attempt failed or the last session ended; null while all is well. */
    public @Nullable Throwable lastFailure() {
        return lastFailure;
    }

    /** Dials no more; a living session stays until it ends. Drain and close it first where that matters. */
    public void stop() {
        stopped = true;
    }

    /** Dials no more and closes the session with SHUTDOWN. */
    @Override
    public void close() {
        stopped = true;
        Attempt attempt;
        synchronized (lock) {
            attempt = current;
        }
        if (attempt != null) {
            attempt.abandon();
        }
    }

    private SelectorManager selectors() {
        return config.selectors == null ? transport.selectorManager() : config.selectors;
    }

    private void dialLater(long delayMillis) {
        transport
                .scheduler()
                .schedule(
                        () -> {
                            try {
                                transport.executor().execute(this::dial);
                            } catch (RuntimeException e) {
                                // A full or stopping executor is a failure like any other.
                                failed(e);
                            }
                        },
                        delayMillis,
                        TimeUnit.MILLISECONDS);
    }

    /** One attempt. May look up a name, so it runs on the executor. */
    private void dial() {
        if (stopped) {
            return;
        }
        Attempt attempt = new Attempt();
        synchronized (lock) {
            current = attempt;
        }
        long deadlineMillis = config.connectTimeout.toMillis() + 2 * TunnelConnection.HANDSHAKE_MILLIS;
        transport.scheduler().schedule(attempt::expire, deadlineMillis, TimeUnit.MILLISECONDS);
        try {
            attempt.connect();
        } catch (Throwable e) {
            attempt.connectionFailed(e);
        }
    }

    /** Every failure is treated alike: wait, dial again. */
    private void failed(Throwable cause) {
        lastFailure = cause;
        config.onFailure.accept(cause);
        if (stopped) {
            return;
        }
        long delayMillis;
        synchronized (lock) {
            current = null;
            delayMillis = backOff.nextMillis();
        }
        LOGGER.log(WARNING, "no tunnel to {0}: {1}; next try in {2} ms", router, cause, delayMillis);
        dialLater(delayMillis);
    }

    /** One connection, from the dial to the end of its session. */
    private final class Attempt implements TunnelConnectionFactory, TunnelConnection.Owner {

        private final AtomicBoolean over = new AtomicBoolean();
        private volatile @Nullable SocketChannel channel;
        private volatile @Nullable TunnelConnection tunnel;
        private volatile long establishedNanos;
        private volatile boolean isEstablished;

        void connect() throws IOException {
            InetSocketAddress address = new InetSocketAddress(router.getHost(), router.getPort());
            if (address.isUnresolved()) {
                throw new UnknownHostException(router.getHost());
            }
            if (config.tls == null && !Loopback.is(address)) {
                throw new IOException(notLoopback(router));
            }
            SocketChannel opened = SocketChannel.open();
            channel = opened;
            opened.configureBlocking(false);
            opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
            transport
                    .scheduler()
                    .schedule(this::expireConnect, config.connectTimeout.toMillis(), TimeUnit.MILLISECONDS);
            if (opened.connect(address)) {
                selectors().accept(opened, this);
            } else {
                selectors().connect(opened, this);
            }
        }

        @Override
        public Connection newConnection(EndPoint endPoint) {
            SslContextFactory.Client tls = config.tls;
            if (tls == null) {
                return tunnel(endPoint, null);
            }
            SSLEngine engine = tls.newSSLEngine(router.getHost(), router.getPort());
            engine.setUseClientMode(true);
            SslConnection ssl =
                    new SslConnection(requireNonNull(tlsBuffers), transport.executor(), tls, endPoint, engine);
            EndPoint plain = ssl.getSslEndPoint();
            plain.setConnection(tunnel(plain, engine));
            return ssl;
        }

        private TunnelConnection tunnel(EndPoint endPoint, @Nullable SSLEngine engine) {
            TunnelConnection made = new TunnelConnection(transport, endPoint, engine, Side.ACCEPTOR, this);
            tunnel = made;
            return made;
        }

        @Override
        public Handshake handshake(TunnelConnection connection) {
            return new DiallerHandshake(connection, requireNonNull(config.hello).get(), config.secret);
        }

        @Override
        public Function<Session, Session.Listener> listeners() {
            return requireNonNull(config.listener);
        }

        @Override
        public boolean claim(TunnelConnection connection, Hello hello) {
            return true; // Only acceptors look at instance ids.
        }

        @Override
        public void onEstablished(TunnelConnection connection, Session made) {
            isEstablished = true;
            establishedNanos = System.nanoTime();
            synchronized (lock) {
                established++;
            }
            lastFailure = null;
            session = made;
            LOGGER.log(INFO, "tunnel to {0} stands: {1}", router, made);
            if (stopped) {
                abandon();
            }
        }

        @Override
        public void connectionFailed(Throwable cause) {
            end(cause);
        }

        @Override
        public void onEnd(
                TunnelConnection connection,
                @Nullable Session ended,
                ErrorCode code,
                String detail,
                @Nullable Throwable cause) {
            if (ended != null) {
                session = null;
                if (System.nanoTime() - establishedNanos >= LIVED_NANOS) {
                    synchronized (lock) {
                        backOff.reset();
                    }
                }
            }
            end(new IOException(detail.isEmpty() ? code.toString() : code + ": " + detail, cause));
        }

        /** The connection does not stand in time. */
        void expireConnect() {
            if (tunnel == null) {
                end(new IOException("no connection within " + config.connectTimeout.toMillis() + " ms"));
            }
        }

        /** Neither a session nor a failure came, whatever the reason. */
        void expire() {
            if (!isEstablished) {
                end(new IOException("no session in time"));
            }
        }

        void abandon() {
            TunnelConnection living = tunnel;
            if (living != null) {
                living.end(ErrorCode.SHUTDOWN, "the process ends", null, true);
            } else {
                end(new IOException("closed"));
            }
        }

        private void end(Throwable cause) {
            if (!over.compareAndSet(false, true)) {
                return;
            }
            SocketChannel opened = channel;
            if (opened != null && tunnel == null) {
                try {
                    opened.close();
                } catch (IOException e) {
                    LOGGER.log(DEBUG, "a connection that failed did not close cleanly", e);
                }
            }
            failed(cause);
        }
    }

    private static String notLoopback(URI router) {
        return "a tunnel without TLS to " + router
                + " (expected in fluid.router.urls: tls://, or tcp:// to a loopback address)";
    }

    /** Collects what a dialler needs. Not thread-safe. */
    public static final class Builder {

        private @Nullable TunnelTransport transport;
        private @Nullable URI router;
        private @Nullable Supplier<Hello.Builder> hello;
        private @Nullable Secret secret;
        private SslContextFactory.@Nullable Client tls;
        private @Nullable Function<Session, Session.Listener> listener;
        private Duration shortestBackOff = Duration.ofMillis(100);
        private Duration longestBackOff = Duration.ofSeconds(10);
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Consumer<Throwable> onFailure = cause -> {};
        private @Nullable SelectorManager selectors;

        private Builder() {}

        /** Runs the sockets. */
        public Builder transport(TunnelTransport value) {
            transport = requireNonNull(value, "transport");
            return this;
        }

        /** {@code tcp://host:port} (loopback only, P-1.2) or {@code tls://host:port}. */
        public Builder router(URI value) {
            router = requireNonNull(value, "router");
            return this;
        }

        /** Who dials; asked before each dial. Nonce, key id and authentication are filled in. */
        public Builder hello(Supplier<Hello.Builder> value) {
            hello = requireNonNull(value, "hello");
            return this;
        }

        /** The shared secret. Without one, the client certificate of {@link #tls} is used. */
        public Builder secret(@Nullable Secret value) {
            secret = value;
            return this;
        }

        /** Required for {@code tls://}; started by the caller ({@link TunnelTls}). */
        public Builder tls(SslContextFactory.@Nullable Client value) {
            tls = value;
            return this;
        }

        /** Makes the listener of each new session. */
        public Builder listener(Function<Session, Session.Listener> value) {
            listener = requireNonNull(value, "listener");
            return this;
        }

        /** Shortest and longest back-off. Default 100 ms and 10 s. */
        public Builder backOff(Duration shortest, Duration longest) {
            if (shortest.toMillis() < 1 || longest.compareTo(shortest) < 0) {
                throw new IllegalArgumentException("back-off " + shortest + " to " + longest);
            }
            shortestBackOff = shortest;
            longestBackOff = longest;
            return this;
        }

        /** Until the connection stands. Default 5 s. */
        public Builder connectTimeout(Duration value) {
            connectTimeout = requireNonNull(value, "connectTimeout");
            return this;
        }

        /**
         * Selectors of somebody else, as of {@link TunnelAcceptor.Builder#selectors}, whose {@code connectionFailed} must tell
         * the {@link TunnelConnectionFactory} as well. Default: those of the transport.
         */
        public Builder selectors(@Nullable SelectorManager value) {
            selectors = value;
            return this;
        }

        /**
         * Hears that an attempt has failed or a session has ended, before the next attempt is planned: {@link #stop} in
         * there means that there is none. Called by any thread; must not block.
         */
        public Builder onFailure(Consumer<Throwable> value) {
            onFailure = requireNonNull(value, "onFailure");
            return this;
        }

        /**
         * The dialler, not started.
         *
         * @throws IllegalArgumentException naming what is missing or not allowed
         */
        public Dialler build() {
            if (transport == null || router == null || hello == null || listener == null) {
                throw new IllegalArgumentException("a dialler needs transport, router, hello and listener");
            }
            boolean secure = "tls".equals(router.getScheme());
            if (!secure && !"tcp".equals(router.getScheme())) {
                throw new IllegalArgumentException(
                        router + " (expected in fluid.router.urls: tcp://host:port or tls://host:port)");
            }
            if (router.getHost() == null || router.getPort() <= 0) {
                throw new IllegalArgumentException(router + " (expected in fluid.router.urls: host and port)");
            }
            if (secure && tls == null) {
                throw new IllegalArgumentException(router + " needs fluid.tunnel.tls.*");
            }
            if (!secure && !Loopback.names(router.getHost())) {
                throw new IllegalArgumentException(notLoopback(router));
            }
            if (secret == null && !secure) {
                throw new IllegalArgumentException(router + " needs fluid.tunnel.secret");
            }
            return new Dialler(copy(secure), transport, router);
        }

        private Builder copy(boolean secure) {
            Builder copy = new Builder();
            copy.transport = transport;
            copy.router = router;
            copy.hello = hello;
            copy.secret = secret;
            copy.tls = secure ? tls : null;
            copy.listener = listener;
            copy.shortestBackOff = shortestBackOff;
            copy.longestBackOff = longestBackOff;
            copy.connectTimeout = connectTimeout;
            copy.onFailure = onFailure;
            copy.selectors = selectors;
            return copy;
        }
    }
}
