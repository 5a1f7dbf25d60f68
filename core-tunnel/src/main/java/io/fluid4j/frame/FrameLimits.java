/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/**
 * What a receiver takes, checked before memory is reserved (P-3.1, P-6.1). Immutable.
 *
 * @param maxFrameBytes the largest payload of any frame, in octets
 * @param maxHeadBytes the largest payload of a frame with fields, in octets
 */
public record FrameLimits(int maxFrameBytes, int maxHeadBytes) {

    /** The largest payload before the handshake is complete, in octets (P-9.1). */
    public static final int MAX_HANDSHAKE_BYTES = 4096;

    /** The most fields of one head (P-6.1). */
    public static final int MAX_FIELDS = 256;

    /** The most extensions of one frame (P-2.1): finding a duplicate stays cheap. */
    public static final int MAX_EXTENSIONS = 64;

    /** What holds until the handshake is complete (P-9.1). */
    public static final FrameLimits HANDSHAKE = new FrameLimits(MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_BYTES);

    /** Refuses limits that are not positive. */
    public FrameLimits {
        if (maxFrameBytes <= 0 || maxHeadBytes <= 0) {
            throw new IllegalArgumentException("limits " + maxFrameBytes + ", " + maxHeadBytes + " (expected: > 0)");
        }
    }

    /** The limits that an end announced as its settings. */
    public static FrameLimits of(Settings settings) {
        return new FrameLimits(settings.maxFrameBytes(), settings.maxHeadBytes());
    }
}
