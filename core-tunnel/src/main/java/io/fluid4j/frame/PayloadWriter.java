/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.util.Arrays;

/** A growing array that a payload is written into. Not thread-safe. */
final class PayloadWriter {

    private byte[] array;
    private int length;

    PayloadWriter(int initialBytes) {
        array = new byte[initialBytes];
    }

    byte[] array() {
        return array;
    }

    int length() {
        return length;
    }

    /** Cuts back to a length that was reached before. */
    void truncate(int to) {
        length = to;
    }

    byte[] copy() {
        return Arrays.copyOf(array, length);
    }

    /** Makes room and returns where the octets go; the caller fills them. */
    int reserve(int octets) {
        int at = length;
        if (octets > array.length - at) {
            array = Arrays.copyOf(array, Math.max(array.length * 2, Math.addExact(at, octets)));
        }
        length = at + octets;
        return at;
    }

    void u8(int value) {
        int at = reserve(1);
        array[at] = (byte) value;
    }

    void u16(int value) {
        int at = reserve(2);
        putU16(at, value);
    }

    void putU16(int at, int value) {
        array[at] = (byte) (value >>> 8);
        array[at + 1] = (byte) value;
    }

    void u32(long value) {
        int at = reserve(4);
        array[at] = (byte) (value >>> 24);
        array[at + 1] = (byte) (value >>> 16);
        array[at + 2] = (byte) (value >>> 8);
        array[at + 3] = (byte) value;
    }

    void i64(long value) {
        u32(value >>> 32);
        u32(value);
    }

    void bytes(byte[] octets) {
        bytes(octets, 0, octets.length);
    }

    void bytes(byte[] octets, int offset, int count) {
        // Reserved first: it may put another array in place.
        int at = reserve(count);
        System.arraycopy(octets, offset, array, at, count);
    }

    void bytes8(byte[] octets, String what) {
        if (octets.length > 0xFF) {
            throw new IllegalArgumentException(what + " has " + octets.length + " octets (expected: at most 255)");
        }
        u8(octets.length);
        bytes(octets);
    }

    void bytes16(byte[] octets, String what) {
        if (octets.length > 0xFFFF) {
            throw new IllegalArgumentException(what + " has " + octets.length + " octets (expected: at most 65535)");
        }
        u16(octets.length);
        bytes(octets);
    }

    void text8(String text, String what) {
        bytes8(Text.exact(text, 0xFF, what), what);
    }

    void text16(String text, String what) {
        bytes16(Text.exact(text, 0xFFFF, what), what);
    }

    /** Begins an extension; {@link #endExtension} fills in its length. */
    int beginExtension(int type) {
        u16(type);
        u16(0);
        return length;
    }

    void endExtension(int start) {
        int octets = length - start;
        if (octets > 0xFFFF) {
            throw new IllegalArgumentException("extension has " + octets + " octets (expected: at most 65535)");
        }
        putU16(start - 2, octets);
    }

    void textExtension(int type, String text, int maxBytes, String what) {
        byte[] octets = Text.exact(text, maxBytes, what);
        u16(type);
        bytes16(octets, what);
    }
}
