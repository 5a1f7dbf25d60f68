/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/**
 * What the sender of HELLO or WELCOME can take (P-4.6). Immutable.
 *
 * @param maxFrameBytes largest frame payload in octets
 * @param streamWindowBytes initial window of each stream in octets
 * @param sessionWindowBytes window of the session in octets
 * @param maxStreams most streams at once; 0 for a requester
 * @param maxHeadBytes largest payload of a head in octets
 * @param pingIntervalMillis time between PINGs in milliseconds
 * @param healthIntervalMillis time between HEALTH frames in milliseconds; 0 for a requester
 */
public record Settings(
        int maxFrameBytes,
        int streamWindowBytes,
        int sessionWindowBytes,
        int maxStreams,
        int maxHeadBytes,
        int pingIntervalMillis,
        int healthIntervalMillis) {

    /** Large enough for every head, small enough that nothing urgent waits for long. */
    public static final int DEFAULT_MAX_FRAME_BYTES = 131_072;
    /** Carries 1 Gbit/s through 2 ms of round trip before it grows (P-7.4). */
    public static final int DEFAULT_STREAM_WINDOW_BYTES = 262_144;
    /** Several stream windows, so that stalled streams starve nobody. */
    public static final int DEFAULT_SESSION_WINDOW_BYTES = 16_777_216;
    /** A guard, not a limit of concurrency: admission decides about that. */
    public static final int DEFAULT_MAX_STREAMS = 100_000;
    /** A little more than HTTP servers take by default. */
    public static final int DEFAULT_MAX_HEAD_BYTES = 98_304;
    /** A dead tunnel is noticed within about three intervals (P-8.2). */
    public static final int DEFAULT_PING_INTERVAL_MILLIS = 2_000;
    /** The router's picture is at most this old. */
    public static final int DEFAULT_HEALTH_INTERVAL_MILLIS = 250;

    /** The smallest value of {@link #maxFrameBytes()}. */
    public static final int MIN_FRAME_BYTES = 16_384;
    /** The largest value of {@link #maxFrameBytes()} and {@link #maxHeadBytes()}. */
    public static final int MAX_FRAME_BYTES = 1_048_576;
    /** The smallest value of {@link #streamWindowBytes()}. */
    public static final int MIN_STREAM_WINDOW_BYTES = 16_384;
    /** The smallest value of {@link #sessionWindowBytes()}. */
    public static final int MIN_SESSION_WINDOW_BYTES = 65_536;
    /** The smallest value of {@link #maxHeadBytes()}. */
    public static final int MIN_HEAD_BYTES = 8_192;
    /** The smallest value of {@link #pingIntervalMillis()}. */
    public static final int MIN_PING_INTERVAL_MILLIS = 100;
    /** The smallest value of {@link #healthIntervalMillis()} but 0. */
    public static final int MIN_HEALTH_INTERVAL_MILLIS = 50;
    /** The largest value of both intervals. */
    public static final int MAX_INTERVAL_MILLIS = 60_000;

    /** The defaults of a server (an instance). */
    public static final Settings SERVER_DEFAULTS = new Settings(
            DEFAULT_MAX_FRAME_BYTES,
            DEFAULT_STREAM_WINDOW_BYTES,
            DEFAULT_SESSION_WINDOW_BYTES,
            DEFAULT_MAX_STREAMS,
            DEFAULT_MAX_HEAD_BYTES,
            DEFAULT_PING_INTERVAL_MILLIS,
            DEFAULT_HEALTH_INTERVAL_MILLIS);

    /** The defaults of a requester (a router). */
    public static final Settings REQUESTER_DEFAULTS = new Settings(
            DEFAULT_MAX_FRAME_BYTES,
            DEFAULT_STREAM_WINDOW_BYTES,
            DEFAULT_SESSION_WINDOW_BYTES,
            0,
            DEFAULT_MAX_HEAD_BYTES,
            DEFAULT_PING_INTERVAL_MILLIS,
            0);

    static final int BYTES = 24;

    /**
     * Refuses values outside their ranges.
     *
     * @throws IllegalArgumentException naming value and range
     */
    public Settings {
        range(maxFrameBytes, MIN_FRAME_BYTES, MAX_FRAME_BYTES, "largest frame payload");
        range(streamWindowBytes, MIN_STREAM_WINDOW_BYTES, Integer.MAX_VALUE, "initial stream window");
        range(sessionWindowBytes, MIN_SESSION_WINDOW_BYTES, Integer.MAX_VALUE, "session window");
        range(maxStreams, 0, Integer.MAX_VALUE, "most streams at once");
        range(maxHeadBytes, MIN_HEAD_BYTES, MAX_FRAME_BYTES, "largest head");
        range(pingIntervalMillis, MIN_PING_INTERVAL_MILLIS, MAX_INTERVAL_MILLIS, "ping interval");
        if (healthIntervalMillis != 0) {
            range(healthIntervalMillis, MIN_HEALTH_INTERVAL_MILLIS, MAX_INTERVAL_MILLIS, "health interval");
        }
    }

    static Settings decode(Payload in) throws PayloadException {
        // A u32 above 2^31 - 1 becomes negative, which every range refuses.
        int maxFrameBytes = in.i32();
        int streamWindowBytes = in.i32();
        int sessionWindowBytes = in.i32();
        int maxStreams = in.i32();
        int maxHeadBytes = in.i32();
        int ping = in.u16();
        int health = in.u16();
        try {
            return new Settings(
                    maxFrameBytes, streamWindowBytes, sessionWindowBytes, maxStreams, maxHeadBytes, ping, health);
        } catch (IllegalArgumentException e) {
            throw new PayloadException(ErrorCode.SETTINGS, String.valueOf(e.getMessage()));
        }
    }

    void encode(PayloadWriter out) {
        out.u32(maxFrameBytes);
        out.u32(streamWindowBytes);
        out.u32(sessionWindowBytes);
        out.u32(maxStreams);
        out.u32(maxHeadBytes);
        out.u16(pingIntervalMillis);
        out.u16(healthIntervalMillis);
    }

    private static void range(int value, int min, int max, String what) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    what + " " + Integer.toUnsignedString(value) + " (expected: " + min + " to " + max + ")");
        }
    }
}
