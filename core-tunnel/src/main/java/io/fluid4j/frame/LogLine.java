/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;

/**
 * One log line of a request or of the instance (P-5.25). Immutable.
 *
 * @param timeMillis milliseconds since 1970
 * @param level {@link #TRACE} to {@link #ERROR}
 * @param droppedBefore lines dropped before this one, 0 to 2^32 - 1
 * @param logger the logger's name; cut at 255 octets when sent
 * @param message the text; cut at {@link #MAX_MESSAGE_BYTES} octets when sent
 */
public record LogLine(long timeMillis, int level, long droppedBefore, String logger, String message) {

    /** Level trace. */
    public static final int TRACE = 1;
    /** Level debug. */
    public static final int DEBUG = 2;
    /** Level info. */
    public static final int INFO = 3;
    /** Level warning. */
    public static final int WARNING = 4;
    /** Level error. */
    public static final int ERROR = 5;

    /** The longest message that is sent, in octets: with its logger it fits the smallest frame a peer may take. */
    public static final int MAX_MESSAGE_BYTES = 16_000;

    private static final int FIXED_BYTES = 13;

    /** Refuses values that do not fit their wire types. */
    public LogLine {
        requireNonNull(logger, "logger");
        requireNonNull(message, "message");
        Ranges.notNegative(timeMillis, "time");
        Ranges.u32(droppedBefore, "dropped before");
        if (level < TRACE || level > ERROR) {
            throw new IllegalArgumentException("level " + level + " (expected: 1 to 5)");
        }
    }

    static LogLine decode(Payload in) throws PayloadException {
        long timeMillis = in.u64();
        int level = in.u8();
        if (level < TRACE || level > ERROR) {
            throw PayloadException.malformed("level " + level + " (expected: 1 to 5)");
        }
        return new LogLine(timeMillis, level, in.u32(), in.text8(), in.message());
    }

    int maxPayloadBytes() {
        return FIXED_BYTES + 1 + Text.maxBytes(logger, 0xFF) + Text.maxBytes(message, MAX_MESSAGE_BYTES);
    }

    void encode(ByteBuffer out) {
        out.putLong(timeMillis).put((byte) level).putInt((int) droppedBefore);
        FrameWriter.text8(out, logger);
        out.put(Text.cut(message, MAX_MESSAGE_BYTES));
    }
}
