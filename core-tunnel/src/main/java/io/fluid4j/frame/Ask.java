/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;

/**
 * Asks a server to drain or to undrain (P-8.6). Immutable.
 *
 * @param action what is asked
 * @param timeoutMillis how long a drain may take, milliseconds, 0 to 2^32 - 1
 */
public record Ask(Action action, long timeoutMillis) {

    static final int BYTES = 5;

    /** What is asked; numbers from 1 in this order. */
    public enum Action {
        /** Finish what runs, take nothing new. */
        DRAIN,
        /** Take new requests again. */
        UNDRAIN
    }

    /** Refuses values that do not fit their wire types. */
    public Ask {
        requireNonNull(action, "action");
        Ranges.u32(timeoutMillis, "timeout");
    }

    static Ask decode(Payload in) throws PayloadException {
        int action = in.u8();
        if (action != 1 && action != 2) {
            throw PayloadException.malformed("action " + action + " (expected: 1 or 2)");
        }
        Ask ask = new Ask(action == 1 ? Action.DRAIN : Action.UNDRAIN, in.u32());
        in.skipExtensions();
        return ask;
    }

    void encode(ByteBuffer out) {
        out.put((byte) (action == Action.DRAIN ? 1 : 2)).putInt((int) timeoutMillis);
    }
}
