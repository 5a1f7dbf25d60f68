/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Close;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * What a session has to send (C-3 to C-6): urgent frames, data frames, and the streams whose content waits for credit
 * or room. Everything is encoded under one lock, the out lock, and written by {@link Flusher}. Thread-safe; nothing
 * here waits.
 */
final class Outgoing {

    /** Content beyond this many queued octets stays with its sender (C-4). */
    static final int DATA_HIGH_BYTES = 128 * 1024;

    /** Small content is taken up to here, so that it does not wait for its turn behind large ones. */
    private static final int DATA_MAX_BYTES = 256 * 1024;

    private static final int SMALL_CONTENT_BYTES = 16 * 1024;

    /** Nothing urgent waits for long behind one frame (P-9.1). */
    private static final int MAX_BODY_FRAME_BYTES = 32 * 1024;

    /** A body frame shorter than this is not worth its header while a fresh buffer would take more. */
    private static final int MIN_BODY_FRAME_BYTES = 1024;

    /** Answers that queue while the peer does not read (P-9.3). */
    private static final int MAX_REPLY_BYTES = 64 * 1024;

    private final Object lock = new Object();
    private final FrameQueue urgent;
    private final FrameQueue data;
    private final Flusher flusher;

    /** Octets the peer still takes on the session. */
    private long sessionWindow;

    private int maxBodyBytes = MAX_BODY_FRAME_BYTES;

    /** Streams with content that wait for their turn; each has credit of its own. */
    private @Nullable TunnelStream parkedHead;

    private @Nullable TunnelStream parkedTail;
    private long replyBytes;
    private boolean overloaded;
    private boolean sealed;
    private long frames;

    Outgoing(BufferPool pool, Flusher flusher) {
        this.urgent = new FrameQueue(pool);
        this.data = new FrameQueue(pool);
        this.flusher = flusher;
        flusher.attach(this);
    }

    /** What the peer takes is known now. */
    void established(int peerSessionWindow, int peerMaxFrameBytes) {
        synchronized (lock) {
            sessionWindow = peerSessionWindow;
            maxBodyBytes = Math.min(MAX_BODY_FRAME_BYTES, peerMaxFrameBytes);
        }
    }

    Object lock() {
        return lock;
    }

    // ---- frames of the session -------------------------------------------------------------------------------------

    /** A frame of the handshake; nothing else is sent then. */
    void sendHandshake(FrameType type, byte[] payload) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.frame(urgent.room(FrameWriter.HEADER_BYTES + payload.length), type, 0, 0, payload);
            frames++;
        }
        flusher.flushSoon();
    }

    void sendPing(long octets) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.ping(urgent.room(FrameWriter.PING_BYTES), octets);
            frames++;
        }
        flusher.flushSoon();
    }

    void sendPong(long octets) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.pong(urgent.room(FrameWriter.PING_BYTES), octets);
            reply(FrameWriter.PING_BYTES);
        }
        flusher.flushSoon();
    }

    void sendCredit(int stream, int increment) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.credit(urgent.room(FrameWriter.CREDIT_BYTES), stream, increment);
            reply(FrameWriter.CREDIT_BYTES);
        }
        flusher.flushSoon();
    }

    void sendNack(int stream, Nack nack) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.nack(urgent.room(FrameWriter.MAX_NACK_BYTES), stream, nack);
            reply(FrameWriter.MAX_NACK_BYTES - 0xFF);
        }
        flusher.flushSoon();
    }

    void sendAccepted(int stream) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            putAccepted(stream);
        }
        flusher.flushSoon();
    }

    /** CANCEL for a request that never became a stream. */
    void sendRefusal(int stream, ErrorCode code, String detail) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameWriter.cancel(urgent.room(FrameWriter.MAX_CANCEL_BYTES), stream, code, detail, null, false);
            reply(FrameWriter.MAX_CANCEL_BYTES - 0xFF);
        }
        flusher.flushSoon();
    }

    /** A requester's CANCEL: urgent, but never before its own REQUEST_STARTED (P-8.1). */
    void sendCancel(OutboundStream stream, ErrorCode code) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            FrameQueue queue = data.takenBytes() >= stream.headEnd ? urgent : data;
            FrameWriter.cancel(queue.room(FrameWriter.MAX_CANCEL_BYTES), stream.id(), code, "", null, false);
            frames++;
        }
        flusher.flushSoon();
    }

    /** A rare urgent frame, encoded by the caller. */
    void sendUrgent(int maxBytes, Consumer<ByteBuffer> encoder) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            encoder.accept(urgent.room(maxBytes));
            frames++;
        }
        flusher.flushSoon();
    }

    /** A rare data frame, encoded by the caller; it leaves with others, or soon by the session's ticker. */
    void putData(int maxBytes, Consumer<ByteBuffer> encoder) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            encoder.accept(data.room(maxBytes));
            frames++;
        }
    }

    /**
     * Puts CLOSE, after which nothing more is queued; the connection is closed once it is written. A clean end comes
     * after all that is queued, an error at once: its peer reads nothing after it (P-5.9).
     *
     * @param close null: the connection is closed without an answer
     */
    void seal(@Nullable Close close) {
        synchronized (lock) {
            if (sealed) {
                return;
            }
            sealed = true;
            boolean clean = close != null && close.code() == ErrorCode.NONE;
            if (!clean) {
                data.clear();
            }
            if (close != null) {
                FrameWriter.close((clean ? data : urgent).room(FrameWriter.MAX_CLOSE_BYTES), close);
                frames++;
            }
        }
        flusher.closeAfterWrite();
    }

    /** The connection is gone: drops everything. */
    void clear() {
        synchronized (lock) {
            sealed = true;
            urgent.clear();
            data.clear();
        }
    }

    // ---- streams ---------------------------------------------------------------------------------------------------

    /**
     * Puts REQUEST_STARTED; the id is given under the out lock, so that ids leave in order (P-3.2).
     *
     * @return false when the session takes nothing more
     */
    boolean sendRequest(RequesterSide opener, OutboundStream stream, HeadWriter head, boolean endOfRequest) {
        synchronized (lock) {
            if (sealed || !opener.register(stream)) {
                return false;
            }
            ByteBuffer out = data.room(stream.headBytes());
            if (stream.firstWindowBytes() == 0) {
                FrameWriter.requestStarted(out, stream.id(), head, endOfRequest);
            } else {
                FrameWriter.requestStarted(out, stream.id(), head, endOfRequest, stream.firstWindowBytes());
            }
            stream.headEnd = data.totalBytes();
            frames++;
        }
        flusher.flushSoon();
        return true;
    }

    /** True when no octet of that stream's head was ever handed to the transport (P-5.3). */
    boolean neverWritten(OutboundStream stream, int headBytes) {
        synchronized (lock) {
            return data.takenBytes() <= stream.headEnd - headBytes;
        }
    }

    /**
     * Content of a stream, which has no send outstanding; the caller holds the out lock and has put the head.
     *
     * @return true when all was taken, else the stream keeps content and callback
     */
    boolean putContent(TunnelStream stream, ByteBuffer content, Callback callback) {
        int high = content.remaining() <= SMALL_CONTENT_BYTES ? DATA_MAX_BYTES : DATA_HIGH_BYTES;
        if (parkedHead == null || high == DATA_MAX_BYTES) {
            copy(stream, content, high, Integer.MAX_VALUE);
            if (!content.hasRemaining()) {
                return true;
            }
        }
        stream.content = content;
        stream.sendCallback = callback;
        stream.sendPending = true;
        park(stream);
        return false;
    }

    /** RESPONSE_STARTED or RESPONSE_INTERIM; the caller holds the out lock. */
    void putHead(FrameType type, int stream, HeadWriter head) {
        ByteBuffer out = data.room(FrameWriter.HEADER_BYTES + head.length());
        if (type == FrameType.RESPONSE_STARTED) {
            FrameWriter.responseStarted(out, stream, head);
        } else {
            FrameWriter.interim(out, stream, head);
        }
        frames++;
    }

    /** Room for one data frame; the caller holds the out lock and encodes exactly one. */
    ByteBuffer frameRoom(int octets) {
        frames++;
        return data.room(octets);
    }

    /** ACCEPTED; the caller holds the out lock. */
    void putAccepted(int stream) {
        FrameWriter.accepted(urgent.room(FrameWriter.ACCEPTED_BYTES), stream);
        frames++;
    }

    /** Takes away what a stream still wanted to send; the caller holds the out lock and fails the callback later. */
    @Nullable
    Callback abandon(TunnelStream stream, Throwable why) {
        if (stream.sendFailure == null) {
            stream.sendFailure = why;
        }
        Callback callback = stream.sendCallback;
        stream.content = null;
        stream.sendCallback = null;
        stream.sendPending = false;
        return callback;
    }

    /** True when the session is closed for sending; the caller holds the out lock. */
    boolean sealed() {
        return sealed;
    }

    /** CREDIT has come for the session. */
    boolean sessionCredit(int increment) {
        synchronized (lock) {
            sessionWindow += increment;
            if (sessionWindow > Integer.MAX_VALUE) {
                return false;
            }
            if (parkedHead == null) {
                return true;
            }
        }
        flusher.flushSoon();
        return true;
    }

    /** CREDIT has come for a stream. */
    boolean streamCredit(TunnelStream stream, int increment) {
        synchronized (lock) {
            stream.sendWindow += increment;
            if (stream.sendWindow > Integer.MAX_VALUE) {
                return false;
            }
            if (stream.content == null) {
                return true;
            }
            park(stream);
        }
        flusher.flushSoon();
        return true;
    }

    /** True when content could be taken now. */
    boolean hasRoom() {
        synchronized (lock) {
            return data.queuedBytes() < DATA_HIGH_BYTES;
        }
    }

    /** True when data waits to be written. */
    boolean dataQueued() {
        synchronized (lock) {
            return !data.isEmpty();
        }
    }

    /** True when the peer made this end answer more than it reads (P-9.3). */
    boolean overloaded() {
        synchronized (lock) {
            return overloaded;
        }
    }

    long frames() {
        synchronized (lock) {
            return frames;
        }
    }

    /** Octets of credit left for the session. */
    long sessionWindow() {
        synchronized (lock) {
            return sessionWindow;
        }
    }

    // ---- for the flusher, which holds the out lock -----------------------------------------------------------------

    /**
     * Lets parked streams copy into the room there is, in turn.
     *
     * @return the chain of streams whose sends are complete: complete their callbacks without the lock
     */
    @Nullable
    TunnelStream refill() {
        TunnelStream done = null;
        while (parkedHead != null && sessionWindow > 0 && !sealed && data.queuedBytes() < DATA_HIGH_BYTES) {
            TunnelStream stream = unpark();
            ByteBuffer content = stream.content;
            if (content == null) {
                continue; // Abandoned while it was parked.
            }
            copy(stream, content, DATA_HIGH_BYTES, MAX_BODY_FRAME_BYTES);
            if (content.hasRemaining()) {
                park(stream);
            } else {
                stream.content = null;
                stream.doneCallback = stream.sendCallback;
                stream.sendCallback = null;
                stream.sendPending = false;
                stream.contentTaken(this);
                stream.doneNext = done;
                done = stream;
            }
        }
        return done;
    }

    /** The next urgent buffer, or null. */
    @Nullable
    ByteBuffer takeUrgent() {
        ByteBuffer buffer = urgent.take();
        if (urgent.isEmpty()) {
            replyBytes = 0;
        }
        return buffer;
    }

    /** The next data buffer, or null; not while urgent frames are left. */
    @Nullable
    ByteBuffer takeData() {
        return urgent.isEmpty() ? data.take() : null;
    }

    void release(ByteBuffer written) {
        data.release(written);
    }

    // ---- private ---------------------------------------------------------------------------------------------------

    private void reply(int octets) {
        frames++;
        replyBytes += octets;
        if (replyBytes > MAX_REPLY_BYTES && flusher.blocked()) {
            overloaded = true;
        }
    }

    private void copy(TunnelStream stream, ByteBuffer content, int high, int most) {
        int left = most;
        while (content.hasRemaining() && left > 0) {
            long credit = Math.min(stream.sendWindow, sessionWindow);
            int count = (int) Math.min(credit, Math.min(content.remaining(), Math.min(left, maxBodyBytes)));
            if (count <= 0 || data.queuedBytes() >= high) {
                return; // The last frame may go beyond: better than a tiny one.
            }
            int open = data.openRoom() - FrameWriter.HEADER_BYTES;
            if (open >= Math.min(count, MIN_BODY_FRAME_BYTES)) {
                count = Math.min(count, open);
            }
            int limit = content.limit();
            content.limit(content.position() + count);
            FrameWriter.body(data.room(FrameWriter.HEADER_BYTES + count), stream.bodyType(), stream.id(), content);
            content.limit(limit);
            stream.sendWindow -= count;
            sessionWindow -= count;
            left -= count;
            frames++;
        }
    }

    /** A stream without credit of its own does not queue here: CREDIT parks it. */
    private void park(TunnelStream stream) {
        if (stream.parked || stream.sendWindow <= 0) {
            return;
        }
        stream.parked = true;
        stream.parkedNext = null;
        if (parkedTail == null) {
            parkedHead = stream;
        } else {
            parkedTail.parkedNext = stream;
        }
        parkedTail = stream;
    }

    private TunnelStream unpark() {
        TunnelStream stream = requireNonNull(parkedHead);
        parkedHead = stream.parkedNext;
        if (parkedHead == null) {
            parkedTail = null;
        }
        stream.parkedNext = null;
        stream.parked = false;
        return stream;
    }
}
