/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import io.fluid4j.frame.FrameTrace;
import io.fluid4j.frame.FrameType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** One frame as it came off the wire, not yet interpreted (PROTOCOL.md section 3). Immutable. */
public final class WireFrame {

    private final int typeId;
    private final int flags;
    private final int stream;
    private final byte[] payload;

    WireFrame(int typeId, int flags, int stream, byte[] payload) {
        this.typeId = typeId;
        this.flags = flags;
        this.stream = stream;
        this.payload = payload;
    }

    /** The type's id, 0 to 255. */
    public int typeId() {
        return typeId;
    }

    /** The type, or null when version 1 has none with that id. */
    public @Nullable FrameType type() {
        return FrameType.of(typeId);
    }

    /** True when it is of that type. */
    public boolean is(FrameType type) {
        return typeId == type.id();
    }

    /** The flag bits. */
    public int flags() {
        return flags;
    }

    /** The stream id; 0 is the session. */
    public int stream() {
        return stream;
    }

    /** A copy of the payload. */
    public byte[] payload() {
        return payload.clone();
    }

    /** The length of the payload in octets. */
    public int length() {
        return payload.length;
    }

    /** The u8 at an offset of the payload. */
    public int u8(int offset) {
        return payload[offset] & 0xFF;
    }

    /** The u16 at an offset of the payload: the code of CANCEL and CLOSE and the reason of NACK are at 0. */
    public int u16(int offset) {
        return ByteBuffer.wrap(payload).getShort(offset) & 0xFFFF;
    }

    /** The u32 at an offset of the payload. */
    public long u32(int offset) {
        return ByteBuffer.wrap(payload).getInt(offset) & 0xFFFF_FFFFL;
    }

    /** A copy of a part of the payload. */
    public byte[] part(int from, int to) {
        return Arrays.copyOfRange(payload, from, to);
    }

    /** The payload in hex. */
    public String hex() {
        return HexFormat.of().formatHex(payload);
    }

    /** The whole frame, header and payload. */
    public byte[] octets() {
        return encode(typeId, flags, stream, payload);
    }

    /** The frame as a line of a trace, as received. */
    @Override
    public String toString() {
        return FrameTrace.line(false, payload.length, typeId, flags, stream);
    }

    static byte[] encode(int typeId, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt((payload.length << 8) | typeId)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }
}
