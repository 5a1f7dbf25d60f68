/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** DNS over UDP: one thread, which answers in rounds as its {@link Datagrams} have them. */
final class UdpListener implements AutoCloseable {

    /** Every second response over the limit is sent truncated, so that real clients get through over TCP. */
    private static final int SLIP = 2;

    private static final int MAX_FAILURES_IN_A_ROW = 1_000;

    private static final Logger LOG = System.getLogger(UdpListener.class.getName());

    private final Datagrams datagrams;
    private final DnsResponder responder;
    private final DnsMetrics metrics;
    private final @Nullable RateLimiter limiter;
    private final Thread thread;
    private volatile boolean closed;
    private int limited;

    private UdpListener(
            Datagrams datagrams, DnsResponder responder, DnsMetrics metrics, @Nullable RateLimiter limiter) {
        this.datagrams = datagrams;
        this.responder = responder;
        this.metrics = metrics;
        this.limiter = limiter;
        this.thread = new Thread(this::run, "fluid-dns-udp");
        this.thread.setDaemon(true);
    }

    /**
     * Binds the port.
     *
     * @param batched whether many messages may go with one system call, where that can be done
     */
    static UdpListener bind(
            InetSocketAddress address,
            boolean batched,
            DnsResponder responder,
            DnsMetrics metrics,
            @Nullable RateLimiter limiter)
            throws IOException {
        String missing = batched ? SystemCalls.missing() : "switched off";
        Datagrams datagrams = missing == null ? BatchedDatagrams.bind(address) : NioDatagrams.bind(address);
        LOG.log(
                Level.INFO,
                missing == null
                        ? "DNS over UDP: batched system calls"
                        : "DNS over UDP: a system call for each message (not batched: {0})",
                missing);
        return new UdpListener(datagrams, responder, metrics, limiter);
    }

    void start() {
        thread.start();
    }

    int port() {
        return datagrams.port();
    }

    /** After the start the thread gives the port back: nobody else knows when it is through. */
    @Override
    public void close() {
        if (thread.getState() == Thread.State.NEW) {
            datagrams.close();
            return;
        }
        closed = true;
        if (thread.isAlive()) {
            datagrams.wake();
        }
        try {
            thread.join(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        int failures = 0;
        try {
            while (!closed) {
                try {
                    round();
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
        } finally {
            datagrams.close();
        }
    }

    private void round() throws IOException {
        int count = datagrams.receive();
        for (int i = 0; i < count; i++) {
            int length = datagrams.length(i);
            int response = allowed(i)
                    ? responder.respond(datagrams.message(i), length, false)
                    : limited++ % SLIP == 0
                            ? responder.truncate(datagrams.message(i), length)
                            : DnsResponder.NO_RESPONSE;
            if (response != DnsResponder.NO_RESPONSE) {
                datagrams.reply(i, response);
            }
        }
        datagrams.send();
    }

    private boolean allowed(int index) {
        if (limiter == null || limiter.allows(datagrams.network(index), System.nanoTime())) {
            return true;
        }
        metrics.count(DnsMetrics.Result.LIMITED);
        return false;
    }
}
