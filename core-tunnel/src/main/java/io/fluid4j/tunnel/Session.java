/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import java.net.SocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The protocol state on one tunnel after its handshake. Thread-safe; nothing here blocks. Frames gather and leave
 * together (CONCURRENCY.md C-4, C-5).
 */
@SuppressWarnings("DoNotCallSuggester")
public final class Session {

    private Session() {}

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

    /** A number for logs, unique in this process. */
    public long id() {
        throw new UnsupportedOperationException();
    }

    /** What the dialler said of itself; on the dialler's own side what it sent. */
    public Hello peerHello() {
        throw new UnsupportedOperationException();
    }

    /** What the acceptor said of itself; null on the acceptor's own side. */
    public @Nullable Welcome welcome() {
        throw new UnsupportedOperationException();
    }

    /** The other end's address. */
    public SocketAddress remoteAddress() {
        throw new UnsupportedOperationException();
    }

    /** True when the tunnel is TLS. */
    public boolean secure() {
        throw new UnsupportedOperationException();
    }

    /** True from the end of the handshake until the session is closed, also while it drains. */
    public boolean open() {
        throw new UnsupportedOperationException();
    }

    /**
     * Requester side: opens a stream. Any thread; cheap.
     *
     * @param requestHead an encoded request head, borrowed for the call
     * @param endOfRequest true when neither body nor trailers follow
     * @param listener hears about the response
     * @return the stream; null when the session cannot take one: closed, draining, as many in flight as the server
     *     takes (P-9.2), or out of ids
     */
    public @Nullable OutboundStream open(
            HeadWriter requestHead, boolean endOfRequest, OutboundStream.Listener listener) {
        throw new UnsupportedOperationException();
    }

    /** Streams whose work has not ended (P-5.6), in either role. */
    public int streamsInFlight() {
        throw new UnsupportedOperationException();
    }

    /** Server side: sends HEALTH; it overtakes bodies. */
    public void sendHealth(Health health) {
        throw new UnsupportedOperationException();
    }

    /** Announces a drain; it overtakes bodies. A requester opens no more streams after it. */
    public void sendDrain(Drain drain) {
        throw new UnsupportedOperationException();
    }

    /** Server side: the result of a drain that was asked for. */
    public void sendDrained(Drained drained) {
        throw new UnsupportedOperationException();
    }

    /** Server side: a log line of a request, or of the instance (id 0). Bounded: the oldest lines are dropped. */
    public void sendLog(int streamId, LogLine line) {
        throw new UnsupportedOperationException();
    }

    /** Server side: usage so far of a request. */
    public void sendUsage(int streamId, Usage usage) {
        throw new UnsupportedOperationException();
    }

    /** Server side: CPU nanoseconds per kind since boot of the process. */
    public void sendProcessUsage(Map<String, Long> cpuNanos) {
        throw new UnsupportedOperationException();
    }

    /** Requester side: asks the server to drain or undrain. */
    public void ask(Ask ask) {
        throw new UnsupportedOperationException();
    }

    /** Sends CLOSE, then closes the connection. Closing twice is harmless. */
    public void close(ErrorCode code, String detail) {
        throw new UnsupportedOperationException();
    }

    /** Writes what has gathered. Rarely needed: everything sent leaves by itself. */
    public void flush() {
        throw new UnsupportedOperationException();
    }

    /** What has passed through this session so far; plain counters, for metrics. */
    public Traffic traffic() {
        throw new UnsupportedOperationException();
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
    public record Traffic(long bytesIn, long bytesOut, long reads, long writes, long framesIn, long framesOut) {}
}
