/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * DNS over UDP: one thread, one buffer, two system calls for each query. A blocking channel is the fastest one there is:
 * a selector would add a third call and its bookkeeping. Nothing is allocated as long as queries come from the socket the
 * last one came from; for another one the JDK makes an address object.
 */
final class UdpListener implements AutoCloseable {

    /** Room for what arrives while the thread is off the processor: 4 MiB is about 20,000 queries. */
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;
    /** Larger than any query or response. What is cut off here is malformed. */
    private static final int MESSAGE_BYTES = 2_048;
    /** Every second response over the limit is sent truncated, so that real clients get through over TCP. */
    private static final int SLIP = 2;

    private static final int MAX_FAILURES_IN_A_ROW = 1_000;

    private static final Logger LOG = System.getLogger(UdpListener.class.getName());

    private final DatagramChannel channel;
    private final DnsResponder responder;
    private final DnsMetrics metrics;
    private final @Nullable RateLimiter limiter;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private final Thread thread;
    private int limited;

    private UdpListener(
            DatagramChannel channel, DnsResponder responder, DnsMetrics metrics, @Nullable RateLimiter limiter) {
        this.channel = channel;
        this.responder = responder;
        this.metrics = metrics;
        this.limiter = limiter;
        this.thread = new Thread(this::run, "fluid-dns-udp");
        this.thread.setDaemon(true);
    }

    static UdpListener bind(
            InetSocketAddress address, DnsResponder responder, DnsMetrics metrics, @Nullable RateLimiter limiter)
            throws IOException {
        boolean v4 = address.getAddress() instanceof Inet4Address;
        DatagramChannel channel = DatagramChannel.open(v4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        try {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
            channel.bind(address);
            return new UdpListener(channel, responder, metrics, limiter);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    void start() {
        thread.start();
    }

    int port() throws IOException {
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        try {
            thread.join(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        int failures = 0;
        while (channel.isOpen()) {
            try {
                step();
                failures = 0;
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException | RuntimeException e) {
                // One client's unreachable network is nobody else's business; a broken socket is.
                if (++failures == 1) {
                    LOG.log(Level.WARNING, "a query over UDP could not be answered", e);
                } else if (failures > MAX_FAILURES_IN_A_ROW) {
                    LOG.log(Level.ERROR, "DNS over UDP does not work any more", e);
                    return;
                }
            }
        }
    }

    /** One query. */
    private void step() throws IOException {
        message.clear();
        SocketAddress client = channel.receive(message);
        if (client == null) {
            return;
        }
        int length = message.position();
        int response = allowed(client)
                ? responder.respond(message, length, false)
                : limited++ % SLIP == 0 ? responder.truncate(message, length) : DnsResponder.NO_RESPONSE;
        if (response != DnsResponder.NO_RESPONSE) {
            message.limit(response).position(0);
            channel.send(message, client);
        }
    }

    private boolean allowed(SocketAddress client) {
        if (limiter == null || limiter.allows(((InetSocketAddress) client).getAddress(), System.nanoTime())) {
            return true;
        }
        metrics.count(DnsMetrics.Result.LIMITED);
        return false;
    }
}
