/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import java.net.SocketAddress;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The protocol state on one tunnel after its handshake. Thread-safe; nothing here blocks. Frames gather and leave
 * together (CONCURRENCY.md C-4, C-5).
 */
public final class Session {

    /** Fewer than the receiver's budget (P-9.4), so that a flapping state never ends a session. */
    private static final int HEALTH_UNITS = 80;

    private static final int HEALTH_UNITS_PER_SECOND = 30;

    private final TunnelConnection connection;
    private final long id;
    private final Hello hello;
    private final @Nullable Welcome welcome;
    private final SessionSide side;
    private final LogQueue logs = new LogQueue();
    private final Object healthLock = new Object();
    private final TokenBucket healthFrames;
    private final Listener listener;

    private volatile boolean open = true;

    /** The requester said that it opens no more, or the server that it takes no more. */
    private volatile boolean draining;

    /**
     * A session whose handshake is complete.
     *
     * @param dialled true at the end that dialled
     */
    Session(
            TunnelConnection connection,
            Hello hello,
            Welcome welcome,
            boolean dialled,
            Function<Session, Listener> listeners) {
        this.connection = connection;
        this.id = connection.id();
        this.hello = hello;
        this.welcome = dialled ? welcome : null;
        this.healthFrames = new TokenBucket(HEALTH_UNITS, HEALTH_UNITS_PER_SECOND, System.nanoTime());
        Settings own = dialled ? hello.settings() : welcome.settings();
        Settings peer = dialled ? welcome.settings() : hello.settings();
        boolean answers = dialled == (hello.role() == Hello.Role.INSTANCE);
        this.side = answers
                ? new ServerSide(this, own, peer, new Ticker(this, connection.scheduler(), logs))
                : new RequesterSide(this, own, peer);
        this.listener = requireNonNull(listeners.apply(this), "the listener of a session");
    }

    /** A number for logs, unique among the sessions of a transport. */
    public long id() {
        return id;
    }

    /** What the dialler said of itself; on the dialler's own side what it sent. */
    public Hello peerHello() {
        return hello;
    }

    /** What the acceptor said of itself; null on the acceptor's own side. */
    public @Nullable Welcome welcome() {
        return welcome;
    }

    /** The other end's address. */
    public SocketAddress remoteAddress() {
        return connection.remoteAddress();
    }

    /** True when the tunnel is TLS. */
    public boolean secure() {
        return connection.secure();
    }

    /** True from the end of the handshake until the session is closed, also while it drains. */
    public boolean open() {
        return open;
    }

    /** True when a drain was announced, by either side, so that no stream is opened here. */
    public boolean draining() {
        return draining;
    }

    /**
     * Requester side: opens a stream. Any thread; cheap.
     *
     * @param requestHead an encoded request head, borrowed for the call
     * @param endOfRequest true when neither body nor trailers follow
     * @param streamListener hears about the response
     * @return the stream; null when the session cannot take one: closed, draining, as many in flight as the server
     *     takes (P-9.2), or out of ids
     */
    public @Nullable OutboundStream open(
            HeadWriter requestHead, boolean endOfRequest, OutboundStream.Listener streamListener) {
        requireNonNull(streamListener, "streamListener");
        if (!open || draining) {
            return null;
        }
        return requester().open(requestHead, endOfRequest, streamListener);
    }

    /** Streams whose work has not ended (P-5.6), in either role. */
    public int streamsInFlight() {
        return side.streams();
    }

    /**
     * Server side: sends HEALTH; it overtakes bodies. More than the receiver's budget allows are dropped: the next one
     * in time carries the same state.
     */
    public void sendHealth(Health health) {
        synchronized (healthLock) {
            if (!healthFrames.take(System.nanoTime())) {
                return;
            }
        }
        outgoing().sendUrgent(FrameWriter.maxHealthBytes(health), out -> FrameWriter.health(out, health));
    }

    /**
     * Announces a drain; it overtakes bodies. A requester that leaves no time (0 ms) opens no more streams after it; one that
     * does may go on until it says so, or closes (P-8.4).
     */
    public void sendDrain(Drain drain) {
        if (side instanceof RequesterSide && drain.everything() && drain.timeoutMillis() == 0) {
            draining = true;
        }
        outgoing().sendUrgent(FrameWriter.maxDrainBytes(drain), out -> FrameWriter.drain(out, drain));
    }

    /** Server side: the result of a drain that was asked for. */
    public void sendDrained(Drained drained) {
        outgoing().sendUrgent(FrameWriter.DRAINED_BYTES, out -> FrameWriter.drained(out, drained));
    }

    /** Server side: a log line of a request, or of the instance (id 0). Bounded: the oldest lines are dropped. */
    public void sendLog(int streamId, LogLine line) {
        if (open) {
            logs.add(streamId, requireNonNull(line, "line"));
            server().ticker().arm();
        }
    }

    /** Server side: usage so far of a request. It leaves with other frames, within some milliseconds. */
    public void sendUsage(int streamId, Usage usage) {
        outgoing().putData(FrameWriter.MAX_WORK_END_BYTES, out -> FrameWriter.usage(out, streamId, usage));
        server().ticker().arm();
    }

    /** Server side: CPU nanoseconds per kind since boot of the process. It leaves within some milliseconds. */
    public void sendProcessUsage(Map<String, Long> cpuNanos) {
        outgoing().putData(FrameWriter.maxProcessUsageBytes(cpuNanos), out -> FrameWriter.processUsage(out, cpuNanos));
        server().ticker().arm();
    }

    /** Requester side: asks the server to drain or undrain. */
    public void ask(Ask ask) {
        outgoing().sendUrgent(FrameWriter.ASK_BYTES, out -> FrameWriter.ask(out, ask));
    }

    /**
     * Sends CLOSE, then closes the connection. With NONE everything that is queued is sent before. Closing twice is
     * harmless.
     */
    public void close(ErrorCode code, String detail) {
        connection.end(requireNonNull(code, "code"), requireNonNull(detail, "detail"), null, true);
    }

    /** Writes what has gathered. Rarely needed: everything sent leaves by itself. */
    public void flush() {
        flusher().flush();
    }

    /** What has passed through this session so far, for metrics. */
    public Traffic traffic() {
        return connection.traffic();
    }

    /** The round trip as last measured, in nanoseconds. */
    public long roundTripNanos() {
        return connection.roundTripNanos();
    }

    /** Id and remote address. */
    @Override
    public String toString() {
        return "session " + id + " with " + remoteAddress();
    }

    SessionSide side() {
        return side;
    }

    RequesterSide requester() {
        if (side instanceof RequesterSide requester) {
            return requester;
        }
        throw new IllegalStateException("this end answers streams, it does not open them");
    }

    ServerSide server() {
        if (side instanceof ServerSide server) {
            return server;
        }
        throw new IllegalStateException("this end opens streams, it does not answer them");
    }

    Listener listener() {
        return listener;
    }

    Outgoing outgoing() {
        return connection.outgoing();
    }

    Flusher flusher() {
        return connection.flusher();
    }

    ByteBudget budget() {
        return connection.budget();
    }

    void chargeOverhead() throws SessionException {
        side.charge();
    }

    /** DRAIN has come. */
    void onDrain(Drain drain) {
        if (drain.everything()) {
            draining = true;
        }
        listener.onDrain(this, drain);
    }

    /** HEALTH has come, newer than all before; ACCEPTING ends a drain (P-8.4). */
    void onHealth(Health health) {
        if (draining && health.state() == Health.State.ACCEPTING) {
            draining = false;
        }
        listener.onHealth(this, health);
    }

    /** Nothing may be opened or sent any more; streams are told later, by {@link #onEnd}. */
    void markClosed() {
        open = false;
    }

    /** The session is over: streams first, then the listener. Not concurrent with any other event. */
    void onEnd(ErrorCode code, String detail, @Nullable Throwable cause) {
        open = false;
        try {
            side.onLost(code == ErrorCode.NONE ? ErrorCode.CONNECTION_LOST : code, detail, cause);
        } finally {
            listener.onClosed(this, code, cause);
        }
    }

    /**
     * What happens on a session. Every method runs on the session's reader (selector) thread, one after another, and
     * must not block; an exception closes the session with INTERNAL.
     */
    public interface Listener {

        /** The handshake is done; streams may be opened from here on. */
        default void onOpen(Session session) {}

        /**
         * Server side: a request has come.
         *
         * @param stream the stream to answer on
         * @param head the request
         * @return who hears about the request's body and cancellation, or null when the stream was nacked
         */
        default InboundStream.@Nullable Listener onRequest(InboundStream stream, RequestHead head) {
            throw new IllegalStateException("a requester's listener got a request");
        }

        /** All frames of one read have been delivered: hand exchanges on together, write responses together (C-9). */
        default void onBatchEnd(Session session) {}

        /** Requester side: the server's health. */
        default void onHealth(Session session, Health health) {}

        /** The peer drains. */
        default void onDrain(Session session, Drain drain) {}

        /** Server side: somebody asks for a drain or its end. */
        default void onAsk(Session session, Ask ask) {}

        /** Requester side: the result of a drain. */
        default void onDrained(Session session, Drained drained) {}

        /** Requester side: a log line of a request, or of the instance when the stream id is 0. */
        default void onLog(Session session, int streamId, LogLine line) {}

        /** Requester side: CPU nanoseconds per kind since the boot of the server's process (P-5.26). */
        default void onProcessUsage(Session session, Map<String, Long> cpuNanos) {}

        /** The session has ended; exactly once, after every live stream has got its failure. */
        default void onClosed(Session session, ErrorCode code, @Nullable Throwable cause) {}
    }

    /**
     * Counters of a session or of a whole transport since its begin.
     *
     * @param bytesIn octets read
     * @param bytesOut octets written
     * @param reads socket reads that brought octets
     * @param writes socket writes
     * @param framesIn frames decoded
     * @param framesOut frames encoded
     */
    public record Traffic(long bytesIn, long bytesOut, long reads, long writes, long framesIn, long framesOut) {

        /** The sum. */
        public Traffic plus(Traffic other) {
            return new Traffic(
                    bytesIn + other.bytesIn,
                    bytesOut + other.bytesOut,
                    reads + other.reads,
                    writes + other.writes,
                    framesIn + other.framesIn,
                    framesOut + other.framesOut);
        }
    }
}
