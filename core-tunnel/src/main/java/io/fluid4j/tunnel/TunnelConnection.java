/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.Close;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameLimits;
import io.fluid4j.frame.FrameReader;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Side;
import io.fluid4j.frame.Welcome;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.EventListener;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A tunnel as jetty-io sees it: reads what has come on the selector thread (C-2, C-7, C-8), and ends in one way. It
 * lives from the handshake to the end of its session. It uses nothing of jetty-io that differs between 12.0 and 12.1.
 */
final class TunnelConnection implements Connection, Flusher.Owner {

    /** From the connection to WELCOME (P-4.1). */
    static final long HANDSHAKE_MILLIS = 5_000;

    /** How long CLOSE may take to be written. */
    private static final long CLOSE_MILLIS = 2_000;

    /** Below this round trip a small socket buffer keeps a line busy. */
    private static final long NEAR_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Urgent frames cannot overtake what lies in the socket. */
    private static final int NEAR_SEND_BUFFER_BYTES = 256 * 1024;

    /**
     * Reads in a row before the selector gets its turn: a peer that keeps the socket full would else keep every other
     * connection of the selector waiting, and its own answers in the queue, uncounted.
     */
    private static final int READS_PER_TURN = 8;

    /** Room for the plain octets of one more TLS record. */
    private static final int TLS_RECORD_BYTES = 17 * 1024;

    private static final System.Logger LOGGER = System.getLogger(TunnelConnection.class.getName());

    /** What the ends do differently. Called by the reader thread, or the one that found the end. */
    interface Owner {

        /** Dialler or acceptor: the frames of the handshake. */
        Handshake handshake(TunnelConnection connection);

        /** Makes the listener of a new session. */
        Function<Session, Session.Listener> listeners();

        /** Takes the instance id of a dialler; false when another one has it. */
        boolean claim(TunnelConnection connection, Hello hello);

        /** The handshake is complete. */
        void onEstablished(TunnelConnection connection, Session session);

        /** The tunnel is over, exactly once; session is null when the handshake was not completed. */
        void onEnd(
                TunnelConnection connection,
                @Nullable Session session,
                ErrorCode code,
                String detail,
                @Nullable Throwable cause);
    }

    private record End(
            ErrorCode code, String detail, @Nullable Throwable cause) {}

    private final TunnelTransport transport;
    private final EndPoint endPoint;
    private final @Nullable SSLEngine tls;
    private final Owner owner;
    private final long id;
    private final long createdMillis;
    /** Taken at once: a closed socket does not tell it any more, and refusals are logged after the close. */
    private final SocketAddress remoteAddress;

    private final Flusher flusher;
    private final Outgoing outgoing;
    private final Handshake handshake;
    private final Incoming incoming;
    private final FrameReader reader;
    private final Fillable fillable = new Fillable();

    /** Who delivers events: whoever brings it from 0 to 1; what others wanted is done before it is 0 again. */
    private final AtomicInteger delivering = new AtomicInteger();

    private final AtomicReference<@Nullable End> end = new AtomicReference<>();
    private boolean endDelivered;
    private @Nullable ReadBuffer readBuffer;
    private boolean bound;
    private volatile @Nullable Session session;
    private volatile @Nullable KeepAlive keepAlive;
    private volatile Scheduler.@Nullable Task deadline;
    private volatile long lastReadNanos = System.nanoTime();
    private volatile long roundTripNanos = TimeUnit.MILLISECONDS.toNanos(1);
    private volatile long bytesIn;
    private volatile long reads;

    TunnelConnection(TunnelTransport transport, EndPoint endPoint, @Nullable SSLEngine tls, Side peer, Owner owner) {
        this.transport = transport;
        this.endPoint = endPoint;
        this.tls = tls;
        this.owner = owner;
        this.id = transport.nextId();
        this.createdMillis = endPoint.getCreatedTimeStamp();
        SocketAddress address = endPoint.getRemoteSocketAddress();
        this.remoteAddress = address == null ? transport.unknownAddress() : address;
        this.flusher = new Flusher(endPoint, this);
        this.outgoing = new Outgoing(transport.buffers(), flusher);
        this.handshake = owner.handshake(this);
        this.incoming = new Incoming(this, handshake);
        this.reader = new FrameReader(peer, FrameLimits.HANDSHAKE, incoming);
    }

    long id() {
        return id;
    }

    Outgoing outgoing() {
        return outgoing;
    }

    Flusher flusher() {
        return flusher;
    }

    Scheduler scheduler() {
        return transport.scheduler();
    }

    ByteBudget budget() {
        return transport.budget();
    }

    boolean secure() {
        return tls != null;
    }

    SocketAddress remoteAddress() {
        return remoteAddress;
    }

    long lastReadNanos() {
        return lastReadNanos;
    }

    long roundTripNanos() {
        return roundTripNanos;
    }

    /** A round trip was measured; what cannot be one is left out. */
    void roundTrip(long nanos) {
        if (nanos > 0 && nanos < TimeUnit.MINUTES.toNanos(1)) {
            roundTripNanos = nanos;
        }
    }

    /** Who owns the slices that are being delivered; reader thread, during a read. */
    Retainable readOwner() {
        ReadBuffer current = readBuffer;
        if (current == null) {
            throw new IllegalStateException("nothing is being read");
        }
        return current;
    }

    /** The peer's certificate, when TLS has verified one. */
    @Nullable
    X509Certificate peerCertificate() {
        if (tls != null) {
            try {
                Certificate[] chain = tls.getSession().getPeerCertificates();
                return chain.length > 0 && chain[0] instanceof X509Certificate leaf ? leaf : null;
            } catch (SSLPeerUnverifiedException e) {
                return null; // None was sent: that is an answer, not a fault.
            }
        }
        return null;
    }

    boolean claim(Hello hello) {
        return owner.claim(this, hello);
    }

    Session.Traffic traffic() {
        return new Session.Traffic(
                bytesIn, flusher.bytesOut(), reads, flusher.writes(), incoming.frames(), outgoing.frames());
    }

    /** The handshake is complete; WELCOME was queued or has come. Reader thread. */
    void established(Hello hello, Welcome welcome, boolean dialled) {
        cancelDeadline();
        boolean answers = dialled == (hello.role() == Hello.Role.INSTANCE);
        var own = dialled ? hello.settings() : welcome.settings();
        var peer = dialled ? welcome.settings() : hello.settings();
        reader.established(answers ? Side.REQUESTER : Side.SERVER, FrameLimits.of(own));
        outgoing.established(peer.sessionWindowBytes(), peer.maxFrameBytes());
        if (roundTripNanos < NEAR_NANOS) {
            option(StandardSocketOptions.SO_SNDBUF, NEAR_SEND_BUFFER_BYTES);
        }
        Session made = new Session(this, hello, welcome, dialled, owner.listeners());
        session = made;
        incoming.established(made);
        KeepAlive pings = new KeepAlive(this, transport.scheduler(), own.pingIntervalMillis());
        keepAlive = pings;
        pings.start();
        owner.onEstablished(this, made);
        made.listener().onOpen(made);
    }

    /** The peer said CLOSE: nothing more is read, nothing is answered. Reader thread. */
    void onPeerClose(Close close) {
        ErrorCode code = close.code();
        String number = code.number() == close.codeNumber() ? "" : "code " + close.codeNumber() + " ";
        end(code, number + close.detail(), null, false);
    }

    /**
     * Ends the tunnel; the first call decides how. Any thread, no lock held.
     *
     * @param answer true to send CLOSE first
     */
    void end(ErrorCode code, String detail, @Nullable Throwable cause, boolean answer) {
        if (!end.compareAndSet(null, new End(code, detail, cause))) {
            return;
        }
        Session living = session;
        if (living != null) {
            living.markClosed();
        }
        cancelDeadline();
        KeepAlive pings = keepAlive;
        if (pings != null) {
            pings.stop();
        }
        if (answer && endPoint.isOpen()) {
            // P-4.1: until WELCOME only the code is told.
            outgoing.seal(Close.of(code, living == null ? "" : detail));
            transport.scheduler().schedule(endPoint::close, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            outgoing.seal(null);
        }
        if (delivering.getAndIncrement() == 0) {
            try {
                transport.executor().execute(this::deliverEnd);
            } catch (RejectedExecutionException e) {
                LOGGER.log(DEBUG, "the executor is stopping: session " + id + " ends on the calling thread", e);
                deliverEnd();
            }
        }
    }

    // ---- Connection ------------------------------------------------------------------------------------------------

    @Override
    public void onOpen() {
        transport.opened(this);
        option(StandardSocketOptions.TCP_NODELAY, true);
        endPoint.setIdleTimeout(0);
        deadline = transport
                .scheduler()
                .schedule(
                        () -> end(ErrorCode.TIMEOUT, "no handshake in time", null, true),
                        HANDSHAKE_MILLIS,
                        TimeUnit.MILLISECONDS);
        handshake.start();
        endPoint.fillInterested(fillable);
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        end(ErrorCode.CONNECTION_LOST, "the connection was closed", cause, false);
    }

    @Override
    public EndPoint getEndPoint() {
        return endPoint;
    }

    @Override
    public void close() {
        endPoint.close();
    }

    /** Tunnels are kept alive by pings, not by Jetty's idle timer. */
    @Override
    public boolean onIdleExpired(TimeoutException timeout) {
        return false;
    }

    @Override
    public void addEventListener(EventListener listener) {}

    @Override
    public void removeEventListener(EventListener listener) {}

    @Override
    public long getMessagesIn() {
        return incoming.frames();
    }

    @Override
    public long getMessagesOut() {
        return outgoing.frames();
    }

    @Override
    public long getBytesIn() {
        return bytesIn;
    }

    @Override
    public long getBytesOut() {
        return flusher.bytesOut();
    }

    @Override
    public long getCreatedTimeStamp() {
        return createdMillis;
    }

    // ---- Flusher.Owner ---------------------------------------------------------------------------------------------

    @Override
    public void onWriteFailed(Throwable cause) {
        end(ErrorCode.CONNECTION_LOST, "a write failed", cause, false);
    }

    @Override
    public void onLastWrite() {
        endPoint.close();
    }

    @Override
    public void onCallbackFailed(Throwable cause) {
        LOGGER.log(WARNING, "session " + id + ": the callback of a send threw", cause);
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private void onFillable() {
        if (delivering.getAndIncrement() != 0) {
            return; // The end is being delivered: nothing is read any more.
        }
        boolean again = false;
        try {
            if (!bound) {
                bind();
            }
            again = fill();
        } catch (SessionException e) {
            end(e.code(), e.detail(), e, !e.silent());
        } catch (IOException e) {
            end(ErrorCode.CONNECTION_LOST, "a read failed", e, false);
        } catch (Throwable e) {
            LOGGER.log(WARNING, "session " + id + ": a listener threw", e);
            end(ErrorCode.INTERNAL, "a fault of this end", e, true);
        } finally {
            releaseReadBuffer();
            if (delivering.decrementAndGet() != 0) {
                deliverEnd();
            } else if (again) {
                endPoint.fillInterested(fillable);
            }
        }
    }

    /** With TLS the first reads may run on another thread: the first one on a selector's thread tells which it is. */
    private void bind() {
        TunnelSelector cycles = TunnelSelector.current();
        if (cycles != null) {
            bound = true;
            flusher.bind(cycles);
        }
    }

    /** Reads what is there, within a turn's measure; true when more may come. */
    private boolean fill() throws IOException, SessionException {
        int turn = 0;
        while (end.get() == null) {
            ReadBuffer target = readBuffer;
            if (target == null) {
                target = new ReadBuffer(transport.buffers());
                readBuffer = target;
            }
            // Jetty fills a buffer that is empty when flipped.
            ByteBuffer buffer = target.buffer().position(0).limit(0);
            int count = endPoint.fill(buffer);
            if (count == 0) {
                return true;
            }
            if (count < 0) {
                end(ErrorCode.CONNECTION_LOST, "the peer closed the connection", null, false);
                return false;
            }
            if (tls != null) {
                fillMore(buffer);
            }
            deliver(buffer, buffer.remaining());
            if (!target.exclusive()) {
                releaseReadBuffer(); // Somebody kept a slice (C-7).
            }
            if (tls == null && count < BufferPool.BUFFER_BYTES) {
                return true; // C-8
            }
            if (++turn == READS_PER_TURN) {
                return true; // C-8
            }
        }
        return false;
    }

    /** TLS hands out one record at a time: what has come together is delivered together (C-9). */
    private void fillMore(ByteBuffer buffer) throws IOException {
        while (buffer.capacity() - buffer.limit() >= TLS_RECORD_BYTES && endPoint.fill(buffer) > 0) {
            // The octets are in the buffer.
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // Only the reader writes the counters.
    private void deliver(ByteBuffer buffer, int count) throws SessionException {
        lastReadNanos = System.nanoTime();
        bytesIn += count;
        reads++;
        flusher.batchBegin();
        try {
            reader.read(buffer);
            incoming.onBatchEnd();
        } finally {
            flusher.batchEnd();
        }
    }

    private void releaseReadBuffer() {
        ReadBuffer current = readBuffer;
        if (current != null) {
            readBuffer = null;
            current.release();
        }
    }

    private void deliverEnd() {
        End how = end.get();
        if (how == null || endDelivered) {
            return;
        }
        endDelivered = true;
        Session over = session;
        try {
            if (over != null) {
                over.onEnd(how.code(), how.detail(), how.cause());
            }
        } catch (Throwable e) {
            LOGGER.log(WARNING, "session " + id + ": a listener threw at the end", e);
        } finally {
            transport.closed(this);
            owner.onEnd(this, over, how.code(), how.detail(), how.cause());
        }
    }

    private void cancelDeadline() {
        Scheduler.Task task = deadline;
        if (task != null) {
            task.cancel();
        }
    }

    private <T> void option(SocketOption<T> name, T value) {
        Object below = endPoint.getTransport();
        while (below instanceof EndPoint wrapped) {
            below = wrapped.getTransport(); // TLS stands on the end point of the socket.
        }
        if (below instanceof SocketChannel channel) {
            try {
                channel.setOption(name, value);
            } catch (IOException e) {
                LOGGER.log(DEBUG, "session " + id + ": " + name + " cannot be set", e);
            }
        }
    }

    /** Says that there is something to read; on the selector thread (C-2). */
    private final class Fillable implements Callback {

        @Override
        public void succeeded() {
            onFillable();
        }

        @Override
        public void failed(Throwable cause) {
            end(ErrorCode.CONNECTION_LOST, "the connection was closed", cause, false);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
