/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * DNS over TCP: messages with their length in two octets before them. For the few answers that UDP has no room for, so a
 * thread for each connection, up to a limit; more are closed at once.
 */
final class TcpListener implements AutoCloseable {

    private static final int MAX_CONNECTIONS = 128;
    private static final int BACKLOG = 128;
    /** For a whole message, from its first octet or from the response before it. */
    private static final long MESSAGE_TIMEOUT_MILLIS = 10_000;

    private static final long KEEP_THREAD_SECONDS = 10;
    /** Larger than the largest answer there is. */
    private static final int MESSAGE_BYTES = 16_384;

    private static final int LENGTH_BYTES = 2;

    private static final Logger LOG = System.getLogger(TcpListener.class.getName());

    private final ServerSocket server;
    private final Supplier<DnsResponder> responders;
    private final ThreadPoolExecutor workers;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;

    private TcpListener(ServerSocket server, Supplier<DnsResponder> responders) {
        this.server = server;
        this.responders = responders;
        AtomicInteger number = new AtomicInteger();
        this.workers = new ThreadPoolExecutor(
                0, MAX_CONNECTIONS, KEEP_THREAD_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(task, "fluid-dns-tcp-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        this.acceptor = new Thread(this::accept, "fluid-dns-tcp");
        this.acceptor.setDaemon(true);
    }

    static TcpListener bind(InetSocketAddress address, Supplier<DnsResponder> responders) throws IOException {
        ServerSocket server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            server.bind(address, BACKLOG);
            return new TcpListener(server, responders);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    void start() {
        acceptor.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
        workers.shutdown();
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                try {
                    workers.execute(() -> serve(socket));
                } catch (RejectedExecutionException e) {
                    end(socket);
                }
            } catch (IOException e) {
                if (!server.isClosed()) {
                    LOG.log(Level.WARNING, "a DNS connection could not be accepted", e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        DnsResponder responder = responders.get();
        byte[] octets = new byte[LENGTH_BYTES + MESSAGE_BYTES];
        ByteBuffer message =
                ByteBuffer.wrap(octets, LENGTH_BYTES, MESSAGE_BYTES).slice();
        try {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            while (true) {
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MESSAGE_TIMEOUT_MILLIS);
                if (!read(socket, in, octets, 0, LENGTH_BYTES, end)) {
                    return;
                }
                int length = (octets[0] & 0xff) << 8 | (octets[1] & 0xff);
                if (length > MESSAGE_BYTES || !read(socket, in, octets, LENGTH_BYTES, length, end)) {
                    return;
                }
                int response = responder.respond(message, length, true);
                if (response == DnsResponder.NO_RESPONSE) {
                    return;
                }
                octets[0] = (byte) (response >>> 8);
                octets[1] = (byte) response;
                out.write(octets, 0, LENGTH_BYTES + response);
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a DNS connection has ended", e);
        } finally {
            end(socket);
        }
    }

    /** False at the end of the stream, or when the message takes too long: one octet now and then holds no thread. */
    private static boolean read(Socket socket, InputStream in, byte[] into, int from, int length, long endNanos)
            throws IOException {
        int at = 0;
        while (at < length) {
            long left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
            if (left <= 0) {
                return false;
            }
            socket.setSoTimeout((int) left);
            try {
                int count = in.read(into, from + at, length - at);
                if (count < 0) {
                    return false;
                }
                at += count;
            } catch (SocketTimeoutException e) {
                return false;
            }
        }
        return true;
    }

    private void end(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a DNS connection could not be closed", e);
        }
    }
}
