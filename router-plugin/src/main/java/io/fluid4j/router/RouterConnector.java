/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.tunnel.TunnelConnectionFactory;
import io.fluid4j.tunnel.TunnelSelector;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The router's sockets: plain HTTP, HTTPS and tunnels on the same selectors, so that a request, its frames and its
 * response stay on one thread when there is one selector, and no wake-up crosses threads.
 */
final class RouterConnector extends ServerConnector {

    /** Marks a channel of the HTTPS port. */
    private enum Port {
        HTTPS
    }

    /**
     * Connections that may wait until a selector accepts them. Java's 50 is soon exceeded by a burst, and then a client
     * waits for a second and more until its system tries again.
     */
    private static final int ACCEPT_QUEUE = 1024;

    private static final Logger LOG = System.getLogger(RouterConnector.class.getName());

    /** Clients can cause such a line as often as they like. */
    private static final long NAMED_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Offenders offenders;
    private final boolean plain;
    private final @Nullable ConnectionFactory https;
    private final @Nullable InetSocketAddress httpsAddress;
    private volatile @Nullable ServerSocketChannel httpsChannel;
    private volatile int httpsPort = -1;
    private int slowHeads;
    private String slowClient = "";
    private long slowHeadsNamedNanos = System.nanoTime() - NAMED_EVERY_NANOS;

    /**
     * A connector without threads of its own to accept: selectors do that.
     *
     * @param offenders whose connections are closed as they come
     * @param plain true when the connector's own port is plain HTTP, false when it is HTTPS
     * @param https the first connection of an HTTPS client, null without HTTPS
     * @param httpsAddress where HTTPS listens beside plain HTTP, null without
     */
    RouterConnector(
            Server server,
            Offenders offenders,
            int selectors,
            boolean plain,
            @Nullable ConnectionFactory https,
            @Nullable InetSocketAddress httpsAddress,
            ConnectionFactory... factories) {
        super(server, server.getThreadPool(), server.getScheduler(), null, 0, selectors, factories);
        setAcceptQueueSize(ACCEPT_QUEUE);
        this.offenders = offenders;
        this.plain = plain;
        this.https = https;
        this.httpsAddress = plain ? httpsAddress : null;
    }

    @Override
    protected SelectorManager newSelectorManager(Executor executor, Scheduler scheduler, int selectors) {
        return new Manager(executor, scheduler, selectors);
    }

    @Override
    public void open() throws IOException {
        super.open();
        InetSocketAddress address = httpsAddress;
        if (address != null && httpsChannel == null) {
            ServerSocketChannel channel = ServerSocketChannel.open();
            channel.socket().setReuseAddress(getReuseAddress());
            channel.socket().bind(address, getAcceptQueueSize());
            channel.configureBlocking(false);
            httpsPort = channel.socket().getLocalPort();
            httpsChannel = channel;
        }
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        ServerSocketChannel channel = httpsChannel;
        if (channel != null) {
            getSelectorManager().acceptor(channel);
        }
    }

    @Override
    public void close() {
        ServerSocketChannel first = (ServerSocketChannel) getTransport();
        ServerSocketChannel second = httpsChannel;
        httpsChannel = null;
        super.close();
        // Jetty itself closes it here only when it has threads of its own to accept.
        stopListening(first);
        stopListening(second);
        // Where a selector has its key, the system listens on until that selector turns the next time.
        for (ManagedSelector selector : getSelectorManager().getBeans(ManagedSelector.class)) {
            selector.submit(key -> {});
        }
    }

    private void stopListening(@Nullable ServerSocketChannel channel) {
        if (channel == null) {
            return;
        }
        takeThoseWhoWait(channel);
        try {
            channel.close();
        } catch (IOException e) {
            // The socket is closed all the same; there is nobody to tell.
            return;
        }
    }

    /** Clients whose connections stand already would be reset when the socket closes, though nobody has refused them. */
    private void takeThoseWhoWait(ServerSocketChannel from) {
        try {
            while (from.isOpen() && !from.isBlocking()) {
                SocketChannel client = from.accept();
                if (client == null) {
                    return;
                }
                ((Manager) getSelectorManager()).accepted(client);
            }
        } catch (IOException e) {
            // It is being closed; there is nobody to tell.
            return;
        }
    }

    /** The bound port of plain HTTP; -1 without. */
    int httpPort() {
        return plain ? getLocalPort() : -1;
    }

    /** The bound HTTPS port; -1 without HTTPS. */
    int httpsPort() {
        return plain ? httpsPort : getLocalPort();
    }

    /**
     * Ends connections on which the head of a request takes too long, and names one of them in a second. For one thread.
     */
    void closeSlowHeads(long nowNanos, long timeoutNanos) {
        for (EndPoint endPoint : getConnectedEndPoints()) {
            Connection connection = endPoint.getConnection();
            if (connection instanceof SslConnection ssl) {
                connection = ssl.getSslEndPoint().getConnection();
            }
            String closed =
                    connection instanceof ClientConnection client ? client.closeSlowHead(nowNanos, timeoutNanos) : null;
            if (closed != null) {
                slowHeads++;
                slowClient = closed;
            }
        }
        if (slowHeads > 0 && nowNanos - slowHeadsNamedNanos >= NAMED_EVERY_NANOS) {
            LOG.log(
                    Level.WARNING,
                    "client {0} is cut off: its request head was not complete after {1} ms, one of {2} such",
                    slowClient,
                    TimeUnit.NANOSECONDS.toMillis(timeoutNanos),
                    slowHeads);
            slowHeadsNamedNanos = nowNanos;
            slowHeads = 0;
        }
    }

    private final class Manager extends ServerConnectorManager {

        Manager(Executor executor, Scheduler scheduler, int selectors) {
            super(executor, scheduler, selectors);
        }

        @Override
        protected ManagedSelector newSelector(int id) {
            return new TunnelSelector(this, id);
        }

        @Override
        protected void accepted(SelectableChannel channel) throws IOException {
            if (channel instanceof SocketChannel from && turnsAway(from)) {
                return;
            }
            if (httpsPort > 0
                    && channel instanceof SocketChannel client
                    && client.socket().getLocalPort() == httpsPort) {
                client.configureBlocking(false);
                Socket socket = client.socket();
                configure(socket);
                accept(client, Port.HTTPS);
            } else {
                super.accepted(channel);
            }
        }

        private boolean turnsAway(SocketChannel client) throws IOException {
            InetAddress address = client.socket().getInetAddress();
            if (address == null || !offenders.turnsAway(address)) {
                return false;
            }
            // A reset leaves nothing behind, neither here nor in the system.
            client.setOption(StandardSocketOptions.SO_LINGER, 0);
            client.close();
            return true;
        }

        @Override
        protected SocketChannelEndPoint newEndPoint(
                SelectableChannel channel, ManagedSelector selector, SelectionKey key) throws IOException {
            if (key.attachment() instanceof TunnelConnectionFactory) {
                // A tunnel has its own signs of life; the clients' idle timeout is not for it.
                return new TunnelEndPoint((SocketChannel) channel, selector, key, getScheduler());
            }
            ClientEndPoint client =
                    new ClientEndPoint((SocketChannel) channel, (TunnelSelector) selector, key, getScheduler());
            client.setIdleTimeout(getIdleTimeout());
            return client;
        }

        @Override
        public Connection newConnection(SelectableChannel channel, EndPoint endPoint, @Nullable Object attachment)
                throws IOException {
            if (attachment instanceof TunnelConnectionFactory tunnel) {
                return tunnel.newConnection(endPoint);
            }
            ConnectionFactory secure = https;
            if (secure != null && (attachment == Port.HTTPS || !plain)) {
                return secure.newConnection(RouterConnector.this, endPoint);
            }
            return super.newConnection(channel, endPoint, attachment);
        }

        @Override
        protected void connectionFailed(SelectableChannel channel, Throwable cause, @Nullable Object attachment) {
            if (attachment instanceof TunnelConnectionFactory tunnel) {
                tunnel.connectionFailed(cause);
            } else {
                super.connectionFailed(channel, cause, attachment);
            }
        }

        @Override
        protected void endPointOpened(EndPoint endPoint) {
            // Jetty closes the end points it knows when the connector stops; tunnels have their own end.
            if (!(endPoint instanceof TunnelEndPoint)) {
                super.endPointOpened(endPoint);
            }
        }

        @Override
        protected void endPointClosed(EndPoint endPoint) {
            if (!(endPoint instanceof TunnelEndPoint)) {
                super.endPointClosed(endPoint);
            }
        }
    }

    /** A client's socket: takes its turn beside the tunnels (CONCURRENCY.md C-5a). */
    private static final class ClientEndPoint extends SocketChannelEndPoint implements Http2Names.Reader {
        private final Http2Names names = new Http2Names();
        private final TunnelSelector turns;

        ClientEndPoint(SocketChannel channel, TunnelSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
            this.turns = selector;
        }

        @Override
        public Http2Names names() {
            return names;
        }

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            int filled = super.fill(buffer);
            names.filled(buffer, filled);
            return filled;
        }

        @Override
        public @Nullable Runnable onSelected() {
            return turns.inTurn(super.onSelected());
        }
    }

    private static final class TunnelEndPoint extends SocketChannelEndPoint {
        TunnelEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
        }
    }
}
