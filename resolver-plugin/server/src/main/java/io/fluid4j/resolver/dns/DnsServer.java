/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.resolve.Resolver;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;

/** Answers DNS queries over UDP and TCP from what a {@link Resolver} knows. Start and close are for one thread. */
public final class DnsServer implements AutoCloseable {

    /** A port that is free for UDP may be taken for TCP. */
    private static final int PORT_ATTEMPTS = 20;

    private final UdpListener udp;
    private final TcpListener tcp;
    private final DnsMetrics metrics;
    private final int port;

    private DnsServer(UdpListener udp, TcpListener tcp, DnsMetrics metrics, int port) {
        this.udp = udp;
        this.tcp = tcp;
        this.metrics = metrics;
        this.port = port;
    }

    /**
     * Binds both ports; {@link #start} begins to answer.
     *
     * @param address where to listen; port 0 takes one that is free for both
     * @param zone the zone that is answered for
     * @param resolver what is answered; stays the caller's to close
     * @param options how
     * @return the server, not started
     * @throws IOException when a port cannot be bound
     * @throws IllegalArgumentException when the key of the options is not one
     */
    public static DnsServer bind(InetSocketAddress address, String zone, Resolver resolver, DnsOptions options)
            throws IOException {
        requireNonNull(resolver, "resolver");
        DnsMetrics metrics = new DnsMetrics();
        DnsZone content = new DnsZone(zone, resolver::stale);
        Signatures signatures = options.signatures();
        int perSecond = options.responsesPerSecond();
        boolean open = !address.getAddress().isLoopbackAddress();
        for (int attempt = 1; ; attempt++) {
            RateLimiter limiter = open && perSecond > 0 ? new RateLimiter(perSecond, System.nanoTime()) : null;
            UdpListener udp = UdpListener.bind(
                    address, options.batched(), new DnsResponder(content, metrics, signatures), metrics, limiter);
            try {
                int port = udp.port();
                TcpListener tcp = TcpListener.bind(
                        new InetSocketAddress(address.getAddress(), port),
                        () -> new DnsResponder(content, metrics, signatures));
                resolver.watch(content);
                return new DnsServer(udp, tcp, metrics, port);
            } catch (BindException e) {
                udp.close();
                if (address.getPort() != 0 || attempt == PORT_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /**
     * Begins to answer.
     *
     * @return this
     */
    public DnsServer start() {
        udp.start();
        tcp.start();
        return this;
    }

    /** The port of both. */
    public int port() {
        return port;
    }

    /** What has become of queries. */
    public DnsMetrics metrics() {
        return metrics;
    }

    @Override
    public void close() throws IOException {
        try {
            udp.close();
        } finally {
            tcp.close();
        }
    }
}
