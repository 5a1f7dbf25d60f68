/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Push parser of one direction of a tunnel: octets in, {@link FrameEvents} out. Octets may come in any portions. Order of
 * checks for each frame: length against the limit before memory is reserved (P-3.1), type, side and stream id (P-3.3),
 * the type's length rule, then the payload. Body octets are passed on as they arrive and never copied; every other
 * payload is gathered once. Not thread-safe: one thread at a time.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-----------------------------------------------+---------------+
 * |                  Length (24)                  |   Type (8)    |
 * +---------------+-------------------------------+---------------+
 * |   Flags (8)   |                Stream id (32)                 |
 * +---------------+-----------------------------------------------+
 * |               |                Payload (Length octets) ...
 * </pre>
 */
public final class FrameReader {

    /** Small control payloads go through this array, again and again. */
    private static final int SCRATCH_BYTES = 512;

    private enum State {
        HEADER,
        BODY,
        GATHER,
        SKIP
    }

    private final FrameEvents events;
    private final PayloadDispatch dispatch;
    private final FrameOrder order;
    private final byte[] header = new byte[FrameWriter.HEADER_BYTES];
    private final byte[] scratch = new byte[SCRATCH_BYTES];

    private FrameLimits limits;
    private State state = State.HEADER;
    private int headerFilled;
    /** Octets of the current payload that have not come yet. */
    private int left;

    private FrameType type = FrameType.CLOSE;
    private int flags;
    private int stream;
    private int length;
    /** The payload that is being gathered. */
    private byte[] gathered = Text.NO_BYTES;

    private @Nullable SessionException failure;
    private boolean closed;

    /**
     * A reader of what {@code peer} sends.
     *
     * @param peer DIALLER or ACCEPTOR when the handshake is still to come ({@link #established} ends it), REQUESTER or
     *     SERVER when it lies behind
     * @param limits what this end takes; {@link FrameLimits#HANDSHAKE} during the handshake
     * @param events who gets the frames
     */
    public FrameReader(Side peer, FrameLimits limits, FrameEvents events) {
        this.limits = requireNonNull(limits, "limits");
        this.events = requireNonNull(events, "events");
        this.order = new FrameOrder(requireNonNull(peer, "peer"));
        this.dispatch = new PayloadDispatch(order, events);
    }

    /**
     * The handshake is complete: the frames of PROTOCOL.md sections 5 to 8 may come now.
     *
     * @param peer what the peer is from now on, REQUESTER or SERVER
     * @param newLimits what this end announced
     */
    public void established(Side peer, FrameLimits newLimits) {
        order.established(requireNonNull(peer, "peer"));
        limits = requireNonNull(newLimits, "newLimits");
    }

    /**
     * Reads all octets between position and limit. The buffer is borrowed and must be big-endian, as new buffers are.
     * After CLOSE, octets are dropped; after a session error every call throws that error again.
     *
     * @throws SessionException the session is to be closed with its code, nothing more is read
     */
    public void read(ByteBuffer bytes) throws SessionException {
        if (failure != null) {
            throw failure;
        }
        try {
            while (!closed && bytes.hasRemaining()) {
                step(bytes);
            }
        } catch (SessionException e) {
            failure = e;
            throw e;
        }
        if (closed) {
            bytes.position(bytes.limit());
        }
    }

    /** True between two frames: a connection that ends here was not cut within a frame. */
    public boolean atFrameBoundary() {
        return state == State.HEADER && headerFilled == 0;
    }

    /** True once CLOSE has come. */
    public boolean closed() {
        return closed;
    }

    private void step(ByteBuffer bytes) throws SessionException {
        switch (state) {
            case HEADER -> header(bytes);
            case BODY -> body(bytes);
            case GATHER -> gather(bytes);
            case SKIP -> skip(bytes);
        }
    }

    private void header(ByteBuffer bytes) throws SessionException {
        if (headerFilled == 0 && bytes.remaining() >= FrameWriter.HEADER_BYTES) {
            int lengthAndType = bytes.getInt();
            int flagBits = bytes.get() & 0xFF;
            begin(lengthAndType >>> 8, lengthAndType & 0xFF, flagBits, bytes.getInt(), bytes);
            return;
        }
        int count = Math.min(bytes.remaining(), FrameWriter.HEADER_BYTES - headerFilled);
        bytes.get(header, headerFilled, count);
        headerFilled += count;
        if (headerFilled == FrameWriter.HEADER_BYTES) {
            headerFilled = 0;
            ByteBuffer whole = ByteBuffer.wrap(header);
            int lengthAndType = whole.getInt();
            begin(lengthAndType >>> 8, lengthAndType & 0xFF, whole.get() & 0xFF, whole.getInt(), bytes);
        }
    }

    /** A header is complete: everything that can be checked before the payload is checked here. */
    private void begin(int frameLength, int typeId, int flagBits, int streamId, ByteBuffer bytes)
            throws SessionException {
        if (frameLength > limits.maxFrameBytes()) {
            throw order.error(
                    ErrorCode.FRAME_TOO_LARGE,
                    "payload length " + frameLength + " (expected: at most " + limits.maxFrameBytes() + ")");
        }
        length = frameLength;
        flags = flagBits;
        stream = streamId;
        FrameType known = FrameType.of(typeId);
        if (known == null) {
            order.checkUnknown(typeId);
            events.onUnknown(typeId, frameLength);
            startSkip();
            return;
        }
        type = known;
        order.check(known, streamId);
        if (frameLength < known.minBytes() || frameLength > known.maxBytes()) {
            startSkip();
            dispatch.error(type, stream, ErrorCode.MALFORMED, lengthDetail());
        } else if (known.head() && frameLength > limits.maxHeadBytes()) {
            startSkip();
            dispatch.error(
                    type,
                    stream,
                    ErrorCode.HEAD_TOO_LARGE,
                    "head of " + frameLength + " octets (expected: at most " + limits.maxHeadBytes() + ")");
        } else if (known.body()) {
            startBody(bytes);
        } else {
            startGather(bytes);
        }
    }

    private String lengthDetail() {
        String expected = type.minBytes() == type.maxBytes()
                ? String.valueOf(type.minBytes())
                : type.maxBytes() == Integer.MAX_VALUE
                        ? type.minBytes() + " or more"
                        : type.minBytes() + " to " + type.maxBytes();
        return "payload length " + length + " (expected: " + expected + ") for " + type + " on stream "
                + Integer.toUnsignedString(stream);
    }

    private void startBody(ByteBuffer bytes) throws SessionException {
        left = length;
        if (left == 0) {
            slice(bytes, 0);
        } else {
            state = State.BODY;
        }
    }

    private void body(ByteBuffer bytes) throws SessionException {
        int count = Math.min(left, bytes.remaining());
        left -= count;
        if (left == 0) {
            state = State.HEADER;
        }
        slice(bytes, count);
    }

    /** Narrows the caller's buffer instead of making a slice: nothing is allocated for a body frame. */
    private void slice(ByteBuffer bytes, int count) throws SessionException {
        int limit = bytes.limit();
        int end = bytes.position() + count;
        bytes.limit(end);
        try {
            events.onBody(type, stream, bytes, length, left == 0);
        } finally {
            bytes.limit(limit);
            bytes.position(end);
        }
    }

    /** Heads and handshake payloads are kept by what is decoded from them: they get an array of their own. */
    private void startGather(ByteBuffer bytes) throws SessionException {
        left = length;
        if (type == FrameType.REQUEST_STARTED
                || type == FrameType.RESPONSE_STARTED
                || type == FrameType.RESPONSE_INTERIM
                || length > SCRATCH_BYTES) {
            gathered = new byte[length];
        } else {
            gathered = scratch;
        }
        state = State.GATHER;
        if (length <= bytes.remaining()) {
            gather(bytes);
        }
    }

    private void gather(ByteBuffer bytes) throws SessionException {
        int count = Math.min(left, bytes.remaining());
        bytes.get(gathered, length - left, count);
        left -= count;
        if (left == 0) {
            byte[] payload = gathered;
            gathered = Text.NO_BYTES;
            state = State.HEADER;
            // Set before the event: a listener that throws or closes must not see anything read again.
            closed = type == FrameType.CLOSE;
            dispatch.payload(type, flags, stream, payload, length);
        }
    }

    private void startSkip() {
        left = length;
        state = left == 0 ? State.HEADER : State.SKIP;
    }

    private void skip(ByteBuffer bytes) {
        int count = Math.min(left, bytes.remaining());
        bytes.position(bytes.position() + count);
        left -= count;
        if (left == 0) {
            state = State.HEADER;
        }
    }
}
