/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import org.jspecify.annotations.Nullable;

/**
 * The frame table of PROTOCOL.md section 3: one line per type with its wire id, the streams it may come on, who may
 * send it and how long its payload may be. Immutable.
 */
public enum FrameType {
    /** Who the dialler is and what it can take (P-4.2). */
    HELLO(0x01, StreamRule.SESSION, Sender.DIALLER, Hello.MIN_BYTES, FrameLimits.MAX_HANDSHAKE_BYTES),
    /** The chosen version and the acceptor's nonce (P-4.4). */
    CHALLENGE(0x02, StreamRule.SESSION, Sender.ACCEPTOR, Challenge.MIN_BYTES, FrameLimits.MAX_HANDSHAKE_BYTES),
    /** The dialler's proof of the secret, or empty (P-4.5). */
    PROOF(0x03, StreamRule.SESSION, Sender.DIALLER, 0, Proofs.PROOF_BYTES),
    /** The acceptor's proof and what it can take (P-4.6). */
    WELCOME(0x04, StreamRule.SESSION, Sender.ACCEPTOR, Welcome.MIN_BYTES, FrameLimits.MAX_HANDSHAKE_BYTES),
    /** A request head (P-5.20). */
    REQUEST_STARTED(0x10, StreamRule.STREAM, Sender.REQUESTER, RequestHead.MIN_BYTES, Integer.MAX_VALUE),
    /** Octets of a request body. */
    REQUEST_BODY(0x11, StreamRule.STREAM, Sender.REQUESTER, 0, Integer.MAX_VALUE),
    /** The end of a request body, with its trailers (P-5.22). */
    REQUEST_END(0x12, StreamRule.STREAM, Sender.REQUESTER, 0, Integer.MAX_VALUE),
    /** The request has started, there is no response head yet (P-5.2). */
    ACCEPTED(0x18, StreamRule.STREAM, Sender.SERVER, 0, 0),
    /** The request has not started and will not (P-5.24). */
    NACK(0x19, StreamRule.STREAM, Sender.SERVER, 15, Integer.MAX_VALUE),
    /** An interim (1xx) response head (P-5.21). */
    RESPONSE_INTERIM(0x1A, StreamRule.STREAM, Sender.SERVER, ResponseHead.MIN_BYTES, Integer.MAX_VALUE),
    /** The final response head (P-5.21). */
    RESPONSE_STARTED(0x1B, StreamRule.STREAM, Sender.SERVER, ResponseHead.MIN_BYTES, Integer.MAX_VALUE),
    /** Octets of a response body. */
    RESPONSE_BODY(0x1C, StreamRule.STREAM, Sender.SERVER, 0, Integer.MAX_VALUE),
    /** The end of a response, with trailers and usage (P-5.22). */
    RESPONSE_END(0x1D, StreamRule.STREAM, Sender.SERVER, 2, Integer.MAX_VALUE),
    /** Give up (requester), given up (server) (P-5.23). */
    CANCEL(0x1E, StreamRule.STREAM, Sender.BOTH, 3, Integer.MAX_VALUE),
    /** The work behind an ended response has ended (P-5.10). */
    WORK_END(0x1F, StreamRule.STREAM, Sender.SERVER, 0, Integer.MAX_VALUE),
    /** The sender may be sent that many more body octets (P-7.2). */
    CREDIT(0x20, StreamRule.ANY, Sender.BOTH, 4, 4),
    /** Answer at once (P-8.2). */
    PING(0x21, StreamRule.SESSION, Sender.BOTH, 8, 8),
    /** The answer to a PING (P-8.2). */
    PONG(0x22, StreamRule.SESSION, Sender.BOTH, 8, 8),
    /** Finish what runs, start nothing new here (P-8.4). */
    DRAIN(0x23, StreamRule.SESSION, Sender.BOTH, 9, Integer.MAX_VALUE),
    /** The session ends now, and why (P-8.5). */
    CLOSE(0x24, StreamRule.SESSION, Sender.BOTH, 3, Integer.MAX_VALUE),
    /** Asks the server to drain or undrain (P-8.6). */
    ASK(0x25, StreamRule.SESSION, Sender.REQUESTER, 5, Integer.MAX_VALUE),
    /** The result of a drain that was asked for (P-8.6). */
    DRAINED(0x26, StreamRule.SESSION, Sender.SERVER, 12, Integer.MAX_VALUE),
    /** State and headroom of the server (P-8.3). */
    HEALTH(0x90, StreamRule.SESSION, Sender.SERVER, 24, Integer.MAX_VALUE),
    /** A log line of a request, or of the instance (P-5.25). */
    LOG(0x91, StreamRule.ANY, Sender.SERVER, 14, Integer.MAX_VALUE),
    /** Usage so far of a request, or of the process (P-5.26). */
    USAGE(0x92, StreamRule.ANY, Sender.SERVER, 0, Integer.MAX_VALUE);

    /** On which stream ids a type may come (P-3.3). */
    public enum StreamRule {
        /** Only on stream id 0. */
        SESSION,
        /** Only on ids other than 0. */
        STREAM,
        /** On any id. */
        ANY;

        boolean allows(int stream) {
            return this == ANY || (stream == 0) == (this == SESSION);
        }
    }

    /** Who may send a type (P-3.3). */
    public enum Sender {
        /** The end that opened the connection, during the handshake. */
        DIALLER,
        /** The end that accepted the connection, during the handshake. */
        ACCEPTOR,
        /** The end that opens streams. */
        REQUESTER,
        /** The end that answers streams. */
        SERVER,
        /** Requester and server. */
        BOTH;

        boolean allows(Side side) {
            return switch (side) {
                case DIALLER -> this == DIALLER;
                case ACCEPTOR -> this == ACCEPTOR;
                case REQUESTER -> this == REQUESTER || this == BOTH;
                case SERVER -> this == SERVER || this == BOTH;
            };
        }
    }

    /** REQUEST_STARTED: the request has neither body nor trailers. */
    static final int FLAG_END = 0x01;
    /** RESPONSE_END, CANCEL: the application's work goes on, WORK_END follows. */
    static final int FLAG_MORE_WORK = 0x01;
    /** The bit of a type id that tells a receiver to skip what it does not know (P-3.4). */
    static final int IGNORABLE_BIT = 0x80;

    private static final @Nullable FrameType[] BY_ID = new FrameType[256];

    static {
        for (FrameType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final StreamRule streamRule;
    private final Sender sender;
    private final int minBytes;
    private final int maxBytes;

    FrameType(int id, StreamRule streamRule, Sender sender, int minBytes, int maxBytes) {
        this.id = id;
        this.streamRule = streamRule;
        this.sender = sender;
        this.minBytes = minBytes;
        this.maxBytes = maxBytes;
    }

    /** The id on the wire, 0 to 255. */
    public int id() {
        return id;
    }

    /** The stream ids this type may come on (P-3.3). */
    public StreamRule streamRule() {
        return streamRule;
    }

    /** Who may send this type (P-3.3). */
    public Sender sender() {
        return sender;
    }

    /** The shortest payload in octets. */
    public int minBytes() {
        return minBytes;
    }

    /** The longest payload in octets, as far as the type itself limits it. */
    public int maxBytes() {
        return maxBytes;
    }

    /** True for REQUEST_BODY and RESPONSE_BODY, the frames that use credit (P-7.1). */
    public boolean body() {
        return this == REQUEST_BODY || this == RESPONSE_BODY;
    }

    /** True for the frames that carry fields and obey the receiver's largest head (P-6.1). */
    public boolean head() {
        return this == REQUEST_STARTED
                || this == RESPONSE_STARTED
                || this == RESPONSE_INTERIM
                || this == REQUEST_END
                || this == RESPONSE_END;
    }

    /** The type with that id, or null when version 1 has none. */
    public static @Nullable FrameType of(int id) {
        return id < 0 || id >= BY_ID.length ? null : BY_ID[id];
    }
}
