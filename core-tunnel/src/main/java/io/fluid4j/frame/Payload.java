/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;

/**
 * A bounds-checked cursor over the payload of one frame. Reused from frame to frame, by one thread. Every read that
 * passes the end is MALFORMED (P-2.2); comparisons subtract, so no announced length can overflow.
 */
final class Payload {

    private byte[] array = Text.NO_BYTES;
    private int position;
    private int end;

    private int extensionsStart;
    private int extensionsEnd;
    private int extensionsSeen;
    private int extensionType;

    Payload over(byte[] octets, int offset, int length) {
        array = octets;
        position = offset;
        end = offset + length;
        return this;
    }

    byte[] array() {
        return array;
    }

    int position() {
        return position;
    }

    int remaining() {
        return end - position;
    }

    int u8() throws PayloadException {
        require(1);
        return array[position++] & 0xFF;
    }

    int u16() throws PayloadException {
        require(2);
        int value = ((array[position] & 0xFF) << 8) | (array[position + 1] & 0xFF);
        position += 2;
        return value;
    }

    long u32() throws PayloadException {
        return i32() & 0xFFFF_FFFFL;
    }

    int i32() throws PayloadException {
        require(4);
        int value = ((array[position] & 0xFF) << 24)
                | ((array[position + 1] & 0xFF) << 16)
                | ((array[position + 2] & 0xFF) << 8)
                | (array[position + 3] & 0xFF);
        position += 4;
        return value;
    }

    /** A u32 in an int; what is larger than an int can hold becomes its largest value. */
    int clampedU32() throws PayloadException {
        return (int) Math.min(u32(), Integer.MAX_VALUE);
    }

    long i64() throws PayloadException {
        long high = i32();
        return (high << 32) | u32();
    }

    long u64() throws PayloadException {
        long value = i64();
        if (value < 0) {
            throw PayloadException.malformed("u64 is 2^63 or more");
        }
        return value;
    }

    /** Passes over {@code length} octets and returns where they begin. */
    int skip(int length) throws PayloadException {
        require(length);
        int start = position;
        position += length;
        return start;
    }

    byte[] bytes(int length) throws PayloadException {
        int start = skip(length);
        return Arrays.copyOfRange(array, start, start + length);
    }

    String text8() throws PayloadException {
        int length = u8();
        return Text.decode(array, skip(length), length, false);
    }

    String text16() throws PayloadException {
        int length = u16();
        return Text.decode(array, skip(length), length, false);
    }

    /** The rest as text without a length before it: the value of a text extension. */
    String textRest(int maxBytes, String what) throws PayloadException {
        int length = remaining();
        if (length > maxBytes) {
            throw PayloadException.malformed(what + " has " + length + " octets (expected: at most " + maxBytes + ")");
        }
        return Text.decode(array, skip(length), length, false);
    }

    /** The rest as UTF-8 that may hold NUL. */
    String message() throws PayloadException {
        int length = remaining();
        return Text.decode(array, skip(length), length, true);
    }

    String latin1(int offset, int length) {
        return new String(array, offset, length, ISO_8859_1);
    }

    /** The payload must end here (P-2.2). */
    void requireEnd() throws PayloadException {
        if (position != end) {
            throw PayloadException.malformed(remaining() + " octets after the last item (expected: 0)");
        }
    }

    /** The rest of the payload is extensions; iterate with {@link #nextExtension()}. */
    void beginExtensions() {
        extensionsStart = position;
        extensionsEnd = end;
        extensionsSeen = 0;
        end = position;
    }

    /** Moves to the next extension: until the next call this payload is its value, which must be read to its end. */
    boolean nextExtension() throws PayloadException {
        requireEnd();
        end = extensionsEnd;
        if (position == end) {
            return false;
        }
        if (++extensionsSeen > FrameLimits.MAX_EXTENSIONS) {
            throw PayloadException.malformed("more than " + FrameLimits.MAX_EXTENSIONS + " extensions");
        }
        int start = position;
        extensionType = u16();
        int length = u16();
        require(length);
        requireNew(start);
        end = position + length;
        return true;
    }

    int extensionType() {
        return extensionType;
    }

    /** Skips an extension that is not known, unless it is critical (P-2.1). */
    void unknownExtension() throws PayloadException {
        if (extensionType >= 0x8000) {
            throw new PayloadException(
                    ErrorCode.UNSUPPORTED, "critical extension 0x" + Integer.toHexString(extensionType));
        }
        position = end;
    }

    /** All extensions are skipped, if they may be. */
    void skipExtensions() throws PayloadException {
        beginExtensions();
        while (nextExtension()) {
            unknownExtension();
        }
    }

    private void requireNew(int thisStart) throws PayloadException {
        int at = extensionsStart;
        while (at < thisStart) {
            int type = ((array[at] & 0xFF) << 8) | (array[at + 1] & 0xFF);
            if (type == extensionType) {
                throw PayloadException.malformed("extension 0x" + Integer.toHexString(type) + " occurs twice");
            }
            at += 4 + (((array[at + 2] & 0xFF) << 8) | (array[at + 3] & 0xFF));
        }
    }

    private void require(int length) throws PayloadException {
        if (length > end - position) {
            throw PayloadException.malformed(
                    "payload ends after " + (end - position) + " octets (expected: " + length + " more)");
        }
    }
}
