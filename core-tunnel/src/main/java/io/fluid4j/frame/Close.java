/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;

/**
 * The session ends now, and why (P-8.5). Immutable.
 *
 * @param codeNumber the code's number; one that is not known is kept (P-11.1)
 * @param detail for people; cut at 255 octets when sent, empty before WELCOME (P-4.1)
 */
public record Close(int codeNumber, String detail) {

    /** Refuses values that do not fit their wire types. */
    public Close {
        Ranges.u16(codeNumber, "code");
        requireNonNull(detail, "detail");
    }

    /** A close with one of the known codes. */
    public static Close of(ErrorCode code, String detail) {
        return new Close(code.number(), detail);
    }

    /** The code; {@link ErrorCode#INTERNAL} when the number is not known. */
    public ErrorCode code() {
        return ErrorCode.of(codeNumber);
    }

    static Close decode(Payload in) throws PayloadException {
        Close close = new Close(in.u16(), in.text8());
        in.skipExtensions();
        return close;
    }

    int maxPayloadBytes() {
        return 3 + Text.maxBytes(detail, 0xFF);
    }

    void encode(ByteBuffer out) {
        out.putShort((short) codeNumber);
        FrameWriter.text8(out, detail);
    }
}
