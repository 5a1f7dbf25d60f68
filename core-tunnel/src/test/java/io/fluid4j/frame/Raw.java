/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Payloads and frames put together octet by octet, right or wrong; knows nothing of the encoder. */
final class Raw {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Raw u8(int value) {
        out.write(value);
        return this;
    }

    Raw u16(int value) {
        return u8(value >>> 8).u8(value & 0xFF);
    }

    Raw u32(long value) {
        return u16((int) (value >>> 16) & 0xFFFF).u16((int) value & 0xFFFF);
    }

    Raw u64(long value) {
        return u32(value >>> 32).u32(value & 0xFFFF_FFFFL);
    }

    Raw bytes(byte... octets) {
        out.writeBytes(octets);
        return this;
    }

    Raw bytes8(String text) {
        return u8(text.length()).bytes(text.getBytes(ISO_8859_1));
    }

    Raw bytes16(String text) {
        return u16(text.length()).bytes(text.getBytes(ISO_8859_1));
    }

    /** A field with a literal name. */
    Raw field(String name, String value) {
        return u8(0).bytes8(name).bytes16(value);
    }

    Raw field(int index, String value) {
        return u8(index).bytes16(value);
    }

    Raw extension(int type, byte... value) {
        return u16(type).u16(value.length).bytes(value);
    }

    /** A request head up to its fields: GET http HTTP/1.1 with that target and authority. */
    static Raw request(String target, String authority) {
        return new Raw()
                .u8(1)
                .u8(1)
                .u8(0x11)
                .u8(1)
                .u64(-1)
                .u32(0)
                .u64(0)
                .u64(1)
                .bytes16(target)
                .bytes16(authority)
                .u8(0)
                .u16(0)
                .u8(0)
                .u16(0);
    }

    static Raw request() {
        return request("/", "");
    }

    /** A response head up to its fields. */
    static Raw response(int status) {
        return new Raw().u16(status).u64(-1);
    }

    byte[] payload() {
        return out.toByteArray();
    }

    byte[] frame(FrameType type, int stream) {
        return frame(type.id(), 0, stream, payload());
    }

    static byte[] frame(int typeId, int flags, int stream, byte[] payload) {
        return new Raw()
                .u8(payload.length >>> 16)
                .u16(payload.length & 0xFFFF)
                .u8(typeId)
                .u8(flags)
                .u32(stream & 0xFFFF_FFFFL)
                .bytes(payload)
                .payload();
    }

    /**
     * What a reader makes of a frame that {@code peer} sends after what must come before it: the events, or one line
     * {@code SESSION_ERROR code}. Read whole and byte by byte, which must not make a difference.
     */
    static List<String> read(Side peer, byte[] frame) {
        List<String> whole = read(peer, frame, frame.length);
        List<String> single = read(peer, frame, 1);
        if (!whole.equals(single)) {
            throw new AssertionError("whole: " + whole + ", byte by byte: " + single);
        }
        return whole;
    }

    private static List<String> read(Side peer, byte[] frame, int portion) {
        EventLog log = new EventLog();
        try {
            FrameReader reader = Golden.reader(peer, frame[3] & 0xFF, log);
            for (int at = 0; at < frame.length; at += portion) {
                reader.read(ByteBuffer.wrap(frame, at, Math.min(portion, frame.length - at)));
            }
        } catch (SessionException e) {
            List<String> lines = new ArrayList<>(log.lines);
            lines.add("SESSION_ERROR " + e.code() + (e.silent() ? " silent" : ""));
            return lines;
        }
        return log.lines;
    }

    /** Like {@link #read}, followed by an ACCEPTED or CREDIT frame that must be read as if nothing had happened. */
    static List<String> readAndGoOn(Side peer, byte[] frame) {
        byte[] next = peer == Side.SERVER
                ? frame(FrameType.ACCEPTED.id(), 0, 3, new byte[0])
                : frame(FrameType.CREDIT.id(), 0, 0, new byte[] {0, 0, 0, 9});
        List<String> lines =
                new ArrayList<>(read(peer, new Raw().bytes(frame).bytes(next).payload()));
        String last = lines.isEmpty() ? "nothing" : lines.remove(lines.size() - 1);
        if (!last.equals(peer == Side.SERVER ? "ACCEPTED 3" : "CREDIT 0 9")) {
            throw new AssertionError("the next frame was read as " + last + " after " + lines);
        }
        return lines;
    }
}
