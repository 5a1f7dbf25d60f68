/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FrameReader} read: one method per frame type, called in the order of the wire by the thread that calls
 * {@link FrameReader#read}. Every value has been checked as far as one frame alone can be; states of streams and credit
 * are the listener's. Arrays and heads are the listener's to keep. A listener that finds a session error throws it:
 * nothing more is read then.
 */
public interface FrameEvents {

    /** HELLO came; {@code payload} is what the proofs cover. */
    void onHello(Hello hello, byte[] payload) throws SessionException;

    /** CHALLENGE came; {@code payload} is what the proofs cover. */
    void onChallenge(Challenge challenge, byte[] payload) throws SessionException;

    /**
     * PROOF came: 32 octets, or none. When it holds, the listener sends WELCOME and calls
     * {@link FrameReader#established}, here or later; until then only CLOSE may come.
     */
    void onProof(byte[] proof) throws SessionException;

    /**
     * WELCOME came. When its proof holds, the listener calls {@link FrameReader#established} before it returns: further
     * frames may lie in the same buffer.
     *
     * @param welcome the decoded rest
     * @param proof 32 octets, or none
     * @param rest the payload after the proof: R of P-4.5
     */
    void onWelcome(Welcome welcome, byte[] proof, byte[] rest) throws SessionException;

    /** A request head; its stream id is greater than every earlier one (P-3.2). */
    void onRequestStarted(int stream, RequestHead head) throws SessionException;

    /** A final response head. */
    void onResponseStarted(int stream, ResponseHead head) throws SessionException;

    /** An interim response head. */
    void onInterim(int stream, ResponseHead head) throws SessionException;

    /**
     * A part of a body frame, as it arrives; a frame without octets gives one empty slice.
     *
     * @param type REQUEST_BODY or RESPONSE_BODY
     * @param stream the stream id
     * @param slice the octets between position and limit, borrowed: readable during the call only, unless the caller of
     *     {@link FrameReader#read} lets the listener keep the memory behind it. It is the buffer that is being read, so
     *     only position may be moved; a listener that keeps it takes a {@link ByteBuffer#slice()}
     * @param frameLength octets of the whole frame's payload
     * @param last true for the last slice of this frame
     */
    void onBody(FrameType type, int stream, ByteBuffer slice, int frameLength, boolean last) throws SessionException;

    /** The end of a request body. */
    void onRequestEnd(int stream, Fields trailers) throws SessionException;

    /** The end of a response. With {@code moreWork} the application's work goes on and WORK_END follows. */
    void onResponseEnd(int stream, Fields trailers, @Nullable Usage usage, boolean moreWork) throws SessionException;

    /** The request has started. */
    void onAccepted(int stream) throws SessionException;

    /** The request has not started and will not. */
    void onNack(int stream, Nack nack) throws SessionException;

    /**
     * Give up, or given up.
     *
     * @param stream the stream id
     * @param code the code's number; {@link ErrorCode#of} knows it or says INTERNAL
     * @param detail for people, may be empty
     * @param usage final usage, when a server sent it
     * @param moreWork true when the server's work goes on and WORK_END follows
     */
    void onCancel(int stream, int code, String detail, @Nullable Usage usage, boolean moreWork) throws SessionException;

    /** The work behind an ended response has ended. */
    void onWorkEnd(int stream, @Nullable Usage usage) throws SessionException;

    /** Credit for a stream, or for the session when {@code stream} is 0: 1 to 2^31 - 1 octets. */
    void onCredit(int stream, int increment) throws SessionException;

    /** PING came; answer with the same octets. */
    void onPing(long octets) throws SessionException;

    /** PONG came. */
    void onPong(long octets) throws SessionException;

    /** DRAIN came. */
    void onDrain(Drain drain) throws SessionException;

    /** CLOSE came; the reader takes nothing after it (P-5.9). */
    void onClose(Close close) throws SessionException;

    /** ASK came. */
    void onAsk(Ask ask) throws SessionException;

    /** DRAINED came. */
    void onDrained(Drained drained) throws SessionException;

    /** HEALTH came. */
    void onHealth(Health health) throws SessionException;

    /** A log line of a stream, or of the instance when {@code stream} is 0. */
    void onLog(int stream, LogLine line) throws SessionException;

    /** Usage of a stream so far; null when the frame held none. */
    void onUsage(int stream, @Nullable Usage usage) throws SessionException;

    /** CPU nanoseconds of the process by kind, sums since its boot. */
    void onProcessUsage(Map<String, Long> nanosByKind) throws SessionException;

    /**
     * A frame broke a rule that concerns its stream alone (P-2.3, P-5.9); its payload was or will be skipped. For
     * REQUEST_STARTED the stream id counts as used.
     *
     * @param stream the stream id, not 0
     * @param type the frame's type
     * @param code what CANCEL carries
     * @param detail value and expectation, without the peer's octets
     */
    void onStreamError(int stream, FrameType type, ErrorCode code, String detail) throws SessionException;

    /** An ignorable frame of a type that is not known was skipped (P-3.4). */
    void onUnknown(int type, int length) throws SessionException;
}
