/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;

/**
 * The instance's word that it has not started a request and will not (P-5.24). Immutable.
 *
 * @param reasonNumber the reason's number; one that is not known is kept
 * @param retryAfterMillis when to try this instance again, milliseconds, 0 to 2^32 - 1
 * @param healthSequence the HEALTH this decision rests on: nothing more is sent here until a newer one
 * @param valueThousandths the signal's value in thousandths, or {@link #NO_VALUE}
 * @param signal the signal's name, empty when there is none, at most 255 octets
 */
public record Nack(int reasonNumber, long retryAfterMillis, long healthSequence, long valueThousandths, String signal) {

    /** There is no value. */
    public static final long NO_VALUE = 0xFFFF_FFFFL;

    private static final int FIXED_BYTES = 14;

    /** Refuses values that do not fit their wire types. */
    public Nack {
        requireNonNull(signal, "signal");
        Ranges.u16(reasonNumber, "reason");
        Ranges.u32(retryAfterMillis, "retry after");
        Ranges.u32(healthSequence, "health sequence");
        Ranges.u32(valueThousandths, "value");
        Ranges.text8(signal, "signal");
    }

    /** A nack that no signal's value explains further. */
    public static Nack of(NackReason reason, long retryAfterMillis, long healthSequence) {
        return new Nack(reason.number(), retryAfterMillis, healthSequence, NO_VALUE, "");
    }

    /** A nack for a named signal and its value. */
    public static Nack of(
            NackReason reason, long retryAfterMillis, long healthSequence, long valueThousandths, String signal) {
        return new Nack(reason.number(), retryAfterMillis, healthSequence, valueThousandths, signal);
    }

    /** The reason; {@link NackReason#SIGNAL} when the number is not known. */
    public NackReason reason() {
        return NackReason.of(reasonNumber);
    }

    static Nack decode(Payload in) throws PayloadException {
        Nack nack = new Nack(in.u16(), in.u32(), in.u32(), in.u32(), in.text8());
        in.skipExtensions();
        return nack;
    }

    int maxPayloadBytes() {
        return FIXED_BYTES + 1 + Text.maxBytes(signal, 0xFF);
    }

    void encode(ByteBuffer out) {
        out.putShort((short) reasonNumber).putInt((int) retryAfterMillis).putInt((int) healthSequence);
        out.putInt((int) valueThousandths);
        FrameWriter.text8(out, signal);
    }
}
