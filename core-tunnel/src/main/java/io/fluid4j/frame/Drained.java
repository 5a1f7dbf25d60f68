/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;

/**
 * The result of a drain that was asked for (P-8.6). Immutable.
 *
 * @param finished requests that ended by themselves, 0 to 2^32 - 1
 * @param cut requests that were cut off, 0 to 2^32 - 1
 * @param afterMillis how long the drain took, milliseconds, 0 to 2^32 - 1
 */
public record Drained(long finished, long cut, long afterMillis) {

    static final int BYTES = 12;

    /** Refuses values that do not fit their wire types. */
    public Drained {
        Ranges.u32(finished, "finished");
        Ranges.u32(cut, "cut");
        Ranges.u32(afterMillis, "after");
    }

    static Drained decode(Payload in) throws PayloadException {
        Drained drained = new Drained(in.u32(), in.u32(), in.u32());
        in.skipExtensions();
        return drained;
    }

    void encode(ByteBuffer out) {
        out.putInt((int) finished).putInt((int) cut).putInt((int) afterMillis);
    }
}
