/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a request has used since its stream was opened (P-5.22); later values replace earlier ones. Immutable.
 *
 * @param flags {@link #COMPLETE} and {@link #APPORTIONED}, or 0
 * @param activeCpuNanos measured CPU time, nanoseconds
 * @param apportionedCpuNanos CPU time assigned by share (garbage collection and the like), nanoseconds
 * @param wallNanos time on the server, nanoseconds
 * @param allocatedBytes allocated octets, or {@link #UNKNOWN}
 */
public record Usage(int flags, long activeCpuNanos, long apportionedCpuNanos, long wallNanos, long allocatedBytes) {

    /** CPU time is complete and directly measured. */
    public static final int COMPLETE = 0x01;
    /** CPU time is partly apportioned. */
    public static final int APPORTIONED = 0x02;
    /** Allocated octets are not known. */
    public static final long UNKNOWN = Long.MAX_VALUE;

    /** Octets of the value of extension 0x0201. */
    static final int BYTES = 33;
    /** Octets of the whole extension. */
    static final int EXTENSION_BYTES = 4 + BYTES;

    /** Refuses negative values and flags beyond one octet. */
    public Usage {
        if (flags < 0 || flags > 0xFF || activeCpuNanos < 0 || apportionedCpuNanos < 0 || wallNanos < 0) {
            throw new IllegalArgumentException("usage is negative");
        }
        if (allocatedBytes < 0) {
            throw new IllegalArgumentException("allocated bytes " + allocatedBytes + " (expected: 0 or more)");
        }
    }

    static Usage decode(Payload in) throws PayloadException {
        return new Usage(in.u8(), in.u64(), in.u64(), in.u64(), in.u64());
    }

    /** The usage among the extensions that are the rest of the payload, or null. */
    static @Nullable Usage decodeExtensions(Payload in) throws PayloadException {
        Usage usage = null;
        in.beginExtensions();
        while (in.nextExtension()) {
            if (in.extensionType() == ExtensionType.USAGE) {
                usage = decode(in);
            } else {
                in.unknownExtension();
            }
        }
        return usage;
    }

    static int extensionBytes(@Nullable Usage usage) {
        return usage == null ? 0 : EXTENSION_BYTES;
    }

    void encode(PayloadWriter out) {
        int start = out.beginExtension(ExtensionType.USAGE);
        out.u8(flags);
        out.i64(activeCpuNanos);
        out.i64(apportionedCpuNanos);
        out.i64(wallNanos);
        out.i64(allocatedBytes);
        out.endExtension(start);
    }

    static void encode(@Nullable Usage usage, ByteBuffer out) {
        if (usage != null) {
            out.putShort((short) ExtensionType.USAGE).putShort((short) BYTES);
            out.put((byte) usage.flags).putLong(usage.activeCpuNanos).putLong(usage.apportionedCpuNanos);
            out.putLong(usage.wallNanos).putLong(usage.allocatedBytes);
        }
    }
}
