/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A client's HTTP/1 connection that keeps its read interest while a request is under way.
 *
 * <p>Jetty drops the read interest when it has parsed a request and, once an asynchronous response is complete, hands
 * the connection to a pool thread that reads again just to find nothing. A router answers every request
 * asynchronously, so that would be one thread hand-off, one useless read and two changes of the selection key for each
 * request; and a client that goes away while the application works would not be noticed. Here the interest stays
 * ({@link #watch}), and the next request is read when the selector reports it.
 *
 * <p>Only overridable members of {@link HttpConnection} are used, those of 12.0 and of 12.1: {@code fillInterested},
 * {@code isFillInterested}, {@code getExecutor}. When they are not called as expected the connection behaves as
 * Jetty's own.
 *
 * <p>State is guarded by {@link #lock}: the selector thread of the connection and the one of the tunnel that completes
 * a response may differ.
 */
final class ClientConnection extends HttpConnection {

    /** Taken in while a request is under way; a client that pipelines more waits for its turn in the socket. */
    private static final int PIPELINED_BYTES = 2048;

    private static final String TOO_SLOW =
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    private static final AtomicLongFieldUpdater<ClientConnection> HEAD_BEGAN =
            AtomicLongFieldUpdater.newUpdater(ClientConnection.class, "headBeganNanos");

    private enum State {
        /** Jetty's: no read interest of ours. */
        PLAIN,
        /** A request is under way and the read interest is ours. */
        WATCHING,
        /** A request is under way; the selector thread looks at what has come. */
        READING,
        /** As READING, and the response has been completed meanwhile. */
        READING_DONE,
        /** No request is under way; what comes is the next one. */
        IDLE
    }

    private final Object lock = new Object();
    private final Callback watcher = new Watcher();
    private final Executor resumer = this::resume;
    private State state = State.PLAIN;
    private @Nullable ClientWatch watch;
    /** Jetty 12.1 reads by a callback of its own. */
    private @Nullable Callback reader;

    /** When the head that is under way began, 0 when none is; written by the selector thread and the sweep. */
    @SuppressWarnings("UnusedVariable")
    private volatile long headBeganNanos;

    /** The idle timeout has found neither a request nor anybody who waits for one. */
    private volatile boolean unread;

    private @Nullable ByteBuffer pipelined;
    private boolean inputEnded;

    ClientConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    /** Requests are handled where they are read, whatever other handlers the server may have. */
    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    /**
     * Keeps an eye on the client from now on until the response is complete. To be called by the thread that handles
     * the request, once its body has been read to the end.
     */
    void watch(ClientWatch client) {
        synchronized (lock) {
            if (state != State.PLAIN || !isRequestBufferEmpty() || pipelined != null || inputEnded) {
                return;
            }
            watch = client;
            state = State.WATCHING;
        }
        if (!getEndPoint().isOpen()) {
            unwatch();
            return;
        }
        // Fails when Jetty has an interest of its own; then it is Jetty's connection again.
        if (!tryInterest()) {
            unwatch();
        }
    }

    /**
     * True when nothing can be answered any more: what comes must not be served, so that its client may safely ask again
     * elsewhere (RFC 9112 section 9.6). When the router begins to stop while the last of a response is being written, whose
     * head has not said that the connection ends, Jetty ends the connection there and reads on all the same.
     */
    boolean hasSaidItsLast() {
        return getEndPoint().isOutputShutdown();
    }

    /**
     * During a request the timeouts of the router count, between two the one of the connection. It ends only by a failure of
     * the read interest, which one of two can take: who reads the next request, or this. Jetty would close it whenever
     * nobody is interested, and somebody who is just reading is not: that request would be served, and never answered.
     */
    @Override
    public boolean onIdleExpired(TimeoutException timeout) {
        if (getHttpChannel().getRequest() != null || octetsWait()) {
            return false;
        }
        if (getEndPoint() instanceof AbstractEndPoint own
                && own.getFillInterest().onFail(timeout)) {
            return false;
        }
        // No request has begun since the last time either: nobody reads here.
        boolean again = unread;
        unread = true;
        return again;
    }

    /** A request has come that the selector thread has not read yet: to close now would reset the connection under it. */
    private boolean octetsWait() {
        EndPoint endPoint = getEndPoint();
        if (!endPoint.isFillInterested()) {
            return false;
        }
        while (endPoint instanceof EndPoint.Wrapper outer) {
            endPoint = outer.unwrap();
        }
        try {
            return endPoint instanceof SocketChannelEndPoint plain
                    && plain.getChannel().socket().getInputStream().available() > 0;
        } catch (IOException e) {
            // It is closed already.
            return false;
        }
    }

    @Override
    public boolean isFillInterested() {
        synchronized (lock) {
            // Jetty takes an interest at the end of a response for a read that the handler has left behind.
            return switch (state) {
                case WATCHING, READING, READING_DONE, IDLE -> false;
                case PLAIN -> super.isFillInterested();
            };
        }
    }

    @Override
    public void fillInterested() {
        if (!becomeIdle(null)) {
            super.fillInterested();
        }
    }

    /** Overrides a method that Jetty 12.1 has and 12.0 has not. */
    public void fillInterested(Callback callback) {
        if (!becomeIdle(callback)) {
            getEndPoint().fillInterested(callback);
        }
    }

    @Override
    protected Executor getExecutor() {
        // Called by the constructor of the super class, too.
        return resumer == null ? super.getExecutor() : resumer;
    }

    @Override
    protected RequestHandler newRequestHandler() {
        return new HeadTimer();
    }

    /**
     * Answers 408 when a head has been under way for too long, however lively its octets drip in. Any thread.
     *
     * @param nowNanos the time
     * @param timeoutNanos how long a head may take
     * @return the client's address when this call closes the connection, else null
     */
    @Nullable
    String closeSlowHead(long nowNanos, long timeoutNanos) {
        long began = headBeganNanos;
        if (began == 0 || nowNanos - began < timeoutNanos || !HEAD_BEGAN.compareAndSet(this, began, 0)) {
            return null;
        }
        // A closed connection knows no address any more.
        String client = String.valueOf(getEndPoint().getRemoteSocketAddress());
        getEndPoint()
                .write(
                        Callback.from(this::closeSilently, failure -> closeSilently()),
                        ByteBuffer.wrap(TOO_SLOW.getBytes(StandardCharsets.US_ASCII)));
        return client;
    }

    private void closeSilently() {
        getEndPoint().close();
    }

    private boolean tryInterest() {
        EndPoint endPoint = getEndPoint();
        if (endPoint.isFillInterested()) {
            return false;
        }
        return endPoint.tryFillInterested(watcher);
    }

    private void unwatch() {
        synchronized (lock) {
            state = State.PLAIN;
            watch = null;
        }
    }

    /**
     * Jetty wants to hear of the next request. True when that is seen to here: by the interest that is there already, or
     * because octets of that request have been taken in, or are just being taken in, while the response was on its way.
     */
    private boolean becomeIdle(@Nullable Callback callback) {
        synchronized (lock) {
            switch (state) {
                case WATCHING, IDLE -> {
                    state = State.IDLE;
                    watch = null;
                    reader = callback;
                    return true;
                }
                case READING -> {
                    // Who reads goes on with the connection.
                    state = State.READING_DONE;
                    watch = null;
                    return true;
                }
                case READING_DONE -> {
                    return true;
                }
                case PLAIN -> {
                    if (pipelined == null) {
                        return false;
                    }
                    watch = null;
                }
            }
        }
        resumePlain();
        return true;
    }

    /** Jetty's way to go on after a response that was completed by another call than the one that read the request. */
    private void resume(Runnable task) {
        if (task != this) {
            super.getExecutor().execute(task);
            return;
        }
        synchronized (lock) {
            watch = null;
            switch (state) {
                case WATCHING -> {
                    state = State.IDLE;
                    reader = null;
                    return;
                }
                case READING -> {
                    state = State.READING_DONE;
                    return;
                }
                case PLAIN, READING_DONE, IDLE -> {}
            }
        }
        resumePlain();
    }

    private void resumePlain() {
        ByteBuffer bytes;
        synchronized (lock) {
            bytes = pipelined;
            pipelined = null;
        }
        if (bytes != null) {
            super.onUpgradeTo(bytes);
        }
        super.getExecutor().execute(this);
    }

    private void onReadable() {
        ClientWatch client;
        Callback next;
        synchronized (lock) {
            if (state == State.IDLE) {
                state = State.PLAIN;
                next = reader;
                reader = null;
                client = null;
            } else if (state == State.WATCHING) {
                state = State.READING;
                next = null;
                client = watch;
            } else {
                return;
            }
        }
        if (client != null) {
            look(client);
        } else if (next != null) {
            next.succeeded();
        } else {
            onFillable();
        }
    }

    /** Something has come while a request is under way: the next request, or the end. */
    private void look(ClientWatch client) {
        ByteBuffer bytes = BufferUtil.allocate(PIPELINED_BYTES);
        int filled;
        Throwable gone = null;
        try {
            filled = fill(bytes);
        } catch (IOException e) {
            filled = -1;
            gone = e;
        }
        boolean done;
        synchronized (lock) {
            if (filled > 0) {
                pipelined = bytes;
            } else if (filled < 0) {
                inputEnded = true;
            }
            done = state == State.READING_DONE;
            // Once something has been taken in nothing more is read: memory stays bounded.
            state = filled == 0 && !done ? State.WATCHING : State.PLAIN;
        }
        if (done) {
            resumePlain();
        } else if (filled == 0) {
            if (!tryInterest()) {
                unwatch();
            }
        } else if (gone != null) {
            client.onClientGone(gone);
        } else if (filled < 0) {
            client.onClientHalfClosed();
        }
    }

    /** Reads past Jetty's endpoint where that is possible, because it shows a reset as a plain end. */
    private int fill(ByteBuffer bytes) throws IOException {
        EndPoint endPoint = getEndPoint();
        if (endPoint instanceof SocketChannelEndPoint socket && !endPoint.isInputShutdown()) {
            int position = BufferUtil.flipToFill(bytes);
            try {
                int read = socket.getChannel().read(bytes);
                if (read >= 0) {
                    return read;
                }
            } finally {
                BufferUtil.flipToFlush(bytes, position);
            }
        }
        return endPoint.fill(bytes);
    }

    private void onReadFailed(Throwable cause) {
        ClientWatch client;
        Callback next;
        boolean idle;
        synchronized (lock) {
            idle = state == State.IDLE;
            client = watch;
            next = reader;
            reader = null;
            watch = null;
            state = State.PLAIN;
        }
        if (client != null) {
            client.onClientGone(cause);
        } else if (idle && next != null) {
            next.failed(cause);
        } else if (idle) {
            onFillInterestedFailed(cause);
        }
    }

    /** Notes when a head has begun to come, and when it is complete. */
    private final class HeadTimer extends RequestHandler {
        @Override
        public void messageBegin() {
            headBeganNanos = System.nanoTime() | 1;
            unread = false;
            super.messageBegin();
        }

        @Override
        public boolean headerComplete() {
            headBeganNanos = 0;
            return super.headerComplete();
        }

        @Override
        public void badMessage(HttpException failure) {
            headBeganNanos = 0;
            super.badMessage(failure);
        }
    }

    private final class Watcher implements Callback {
        @Override
        public void succeeded() {
            onReadable();
        }

        @Override
        public void failed(Throwable cause) {
            onReadFailed(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
