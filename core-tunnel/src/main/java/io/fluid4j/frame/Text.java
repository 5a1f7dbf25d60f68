/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;

/** Text on the wire: well-formed UTF-8 without NUL (PROTOCOL.md section 2). */
final class Text {

    static final byte[] NO_BYTES = new byte[0];

    private Text() {}

    /** Decodes strictly; {@code nulAllowed} only for the message of a LOG frame. */
    static String decode(byte[] array, int offset, int length, boolean nulAllowed) throws PayloadException {
        if (length == 0) {
            return "";
        }
        boolean ascii = true;
        for (int i = offset, end = offset + length; i < end; i++) {
            if (array[i] == 0 && !nulAllowed) {
                throw PayloadException.malformed("text holds a NUL");
            }
            ascii &= array[i] >= 0;
        }
        if (ascii) {
            return new String(array, offset, length, ISO_8859_1);
        }
        try {
            return UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(array, offset, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw PayloadException.malformed("text is not UTF-8");
        }
    }

    /** The octets of a text that must fit: for values that have a meaning. */
    static byte[] exact(String text, int maxBytes, String what) {
        byte[] octets = text.getBytes(UTF_8);
        if (octets.length > maxBytes || text.indexOf(0) >= 0) {
            throw new IllegalArgumentException(
                    what + " has " + octets.length + " octets (expected: at most " + maxBytes + ", no NUL)");
        }
        return octets;
    }

    /** The octets of a text for people: cut between characters when it is too long, NUL replaced. */
    static byte[] cut(String text, int maxBytes) {
        byte[] octets = text.replace('\0', ' ').getBytes(UTF_8);
        if (octets.length <= maxBytes) {
            return octets;
        }
        int end = maxBytes;
        while (end > 0 && (octets[end] & 0xC0) == 0x80) {
            end--;
        }
        byte[] head = new byte[end];
        System.arraycopy(octets, 0, head, 0, end);
        return head;
    }

    /** At most this many octets are made of the text, without looking at it. */
    static int maxBytes(String text, int limit) {
        return Math.min(limit, 3 * Math.min(text.length(), limit));
    }
}
