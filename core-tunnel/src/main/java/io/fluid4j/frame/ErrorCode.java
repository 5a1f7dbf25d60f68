/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** Why a stream or a session ended: the codes of PROTOCOL.md section 11. Immutable. */
public enum ErrorCode {
    /** A clean end. */
    NONE(0),
    /** A frame that may not come here, or not from this side. */
    PROTOCOL(1),
    /** A payload that does not parse, or breaks P-6.3. */
    MALFORMED(2),
    /** A frame longer than the receiver takes (P-3.1). */
    FRAME_TOO_LARGE(3),
    /** More body than credit, or a window above its maximum (P-7.2). */
    FLOW_CONTROL(4),
    /** A head that is too long or has too many fields (P-6.1). */
    HEAD_TOO_LARGE(5),
    /** A body that does not add up to the announced length (P-5.11). */
    LENGTH(6),
    /** An unknown frame type or critical extension (P-2.1, P-3.4). */
    UNSUPPORTED(7),
    /** A setting outside its range (P-4.6). */
    SETTINGS(8),
    /** No common version (P-4.4). */
    VERSION(9),
    /** The proof is wrong or missing (P-4.5). */
    UNAUTHENTICATED(10),
    /** Proved, but not for this function (P-4.7). */
    UNAUTHORIZED(11),
    /** The instance id is in use (P-4.7). */
    DUPLICATE(12),
    /** Too many frames that cost work (P-9.3, P-9.4). */
    RATE_LIMITED(13),
    /** No life on the tunnel, no handshake in time, a stream idle too long. */
    TIMEOUT(14),
    /** The sender goes away. */
    SHUTDOWN(15),
    /** A fault of the sender. Also what an unknown number is treated as (P-11.1). */
    INTERNAL(16),
    /** The client went away. */
    CLIENT_GONE(17),
    /** The response did not start in time. */
    DEADLINE(18),
    /** Not started, and no NACK reason fits. */
    REFUSED(19),
    /** Never sent: how a lost tunnel is shown in logs. */
    CONNECTION_LOST(20);

    private static final ErrorCode[] BY_NUMBER = values();

    private final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }

    /** The code with that number; {@link #INTERNAL} when there is none (P-11.1: the caller keeps the number). */
    public static ErrorCode of(int number) {
        return number < 0 || number >= BY_NUMBER.length ? INTERNAL : BY_NUMBER[number];
    }
}
