/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.eclipse.jetty.io.EndPoint;

/**
 * Looks at the names of pseudo-fields in what a client sends by HTTP/2, before Jetty decodes it: Jetty knows them in
 * upper case, too, and drops {@code :protocol} where the method is not CONNECT, so that nothing is left to see that the
 * request was malformed (RFC 9113 sections 8.2.1 and 8.3, RFC 8441 section 4). Its decoder has no place to ask at: what
 * it makes of a name is private to it, and so is the parser that holds it.
 *
 * <p>Only names that are spelled out need to be read: those of the static table are good, and one of the dynamic table
 * was spelled out before on the same connection. That is why, after one bad name, no later stream is trusted either.
 * Whoever does not begin with HTTP/2's preface, or writes a length in more octets than it needs, is not trusted at all.
 * All else that is wrong with frames is left to Jetty, which gives the connection up.
 *
 * <p>One for each connection; for one thread at a time, the one that reads.
 */
final class Http2Names {

    /** An end point that has one. */
    interface Reader extends EndPoint {

        /** What has been read from it so far. */
        Http2Names names();
    }

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** The pseudo-fields of a request, and each in Huffman's code (RFC 7541 section 5.2). */
    private static final byte[][] KNOWN = {
        ":method".getBytes(StandardCharsets.US_ASCII),
        ":scheme".getBytes(StandardCharsets.US_ASCII),
        ":authority".getBytes(StandardCharsets.US_ASCII),
        ":path".getBytes(StandardCharsets.US_ASCII),
        HexFormat.of().parseHex("b9495339e4"),
        HexFormat.of().parseHex("b8824e5a4b"),
        HexFormat.of().parseHex("b83b5339ec327d7f"),
        HexFormat.of().parseHex("b958d33f")
    };

    private static final int ALL_PLAIN = 0x0F;
    private static final int ALL_HUFFMAN = 0xF0;
    /** Huffman's code of a colon has seven bits. */
    private static final int HUFFMAN_COLON = 0xB8;

    private static final int HEADER_OCTETS = 9;
    private static final int PRIORITY_OCTETS = 5;
    private static final int HEADERS = 1;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;
    private static final int PADDED = 8;
    private static final int PRIORITY = 0x20;

    /** 127 and four times seven bits: far more than a head may have. */
    private static final int MAX_SHIFT = 21;

    private enum Phase {
        PREFACE,
        HEADER,
        PAD_LENGTH,
        BLOCK,
        /** Of no interest, to the end of the frame. */
        REST,
        /** Not HTTP/2. */
        OFF
    }

    /** Where in a field block. */
    private enum Part {
        FIELD,
        INDEX,
        NAME_INDEX,
        NAME_LENGTH,
        LONG_NAME_LENGTH,
        NAME,
        VALUE_LENGTH,
        LONG_VALUE_LENGTH,
        VALUE
    }

    private Phase phase = Phase.PREFACE;
    /** Octets of the preface or a frame's header so far. */
    private int count;

    private long header;
    private int type;
    private int flags;
    private int stream;
    /** Of the frame, of its padding, and of the priority before its block. */
    private int left;

    private int padding;
    private int skip;

    private Part part = Part.FIELD;
    /** Of the name or value. */
    private int stringLeft;

    private int shift;
    private int nameAt;
    private boolean huffman;
    /** Which of the known names it may still be, a bit for each; negative for what is no pseudo-field. */
    private int candidates;

    /** The first stream with a bad name. */
    private int malformedFrom = Integer.MAX_VALUE;

    /**
     * Whether the request of a stream, all of which has been read, is to be refused, and the connection with it.
     *
     * @param of the stream's number
     */
    boolean malformed(int of) {
        return of >= malformedFrom || phase == Phase.PREFACE || phase == Phase.OFF;
    }

    /** Reads the octets that have just been filled in, which are the last ones of the buffer. */
    void filled(ByteBuffer buffer, int octets) {
        if (octets > 0 && phase != Phase.OFF) {
            read(buffer, buffer.limit() - octets, buffer.limit());
        }
    }

    /** Reads these octets, which follow on those before; the buffer stays as it is. */
    void read(ByteBuffer buffer, int from, int to) {
        int at = from;
        while (at < to && phase != Phase.OFF) {
            switch (phase) {
                case PREFACE -> preface(buffer.get(at++));
                case HEADER -> header(buffer.get(at++));
                case PAD_LENGTH -> {
                    padding = buffer.get(at++) & 0xFF;
                    left--;
                    phase = Phase.BLOCK;
                    endOfBlock();
                }
                case BLOCK -> {
                    int end = at + Math.min(to - at, left - padding);
                    left -= end - at;
                    block(buffer, at, end);
                    at = end;
                    endOfBlock();
                }
                case REST -> {
                    int some = Math.min(to - at, left);
                    at += some;
                    left -= some;
                    endOfFrame();
                }
                case OFF -> throw new IllegalStateException();
            }
        }
    }

    private void preface(byte octet) {
        if (octet != PREFACE[count]) {
            phase = Phase.OFF;
        } else if (++count == PREFACE.length) {
            count = 0;
            phase = Phase.HEADER;
        }
    }

    private void header(byte octet) {
        // Nine octets: the first one leaves at the top when the last one comes, so the length is taken before.
        header = (header << 8) | (octet & 0xFF);
        count++;
        if (count == 3) {
            left = (int) header & 0xFFFFFF;
        } else if (count == HEADER_OCTETS) {
            count = 0;
            stream = (int) header & Integer.MAX_VALUE;
            flags = (int) (header >> 32) & 0xFF;
            type = (int) (header >> 40) & 0xFF;
            begin();
        }
    }

    private void begin() {
        padding = 0;
        skip = 0;
        if (type == HEADERS) {
            part = Part.FIELD;
            skip = (flags & PRIORITY) != 0 ? PRIORITY_OCTETS : 0;
            phase = (flags & PADDED) != 0 && left > 0 ? Phase.PAD_LENGTH : Phase.BLOCK;
        } else {
            phase = type == CONTINUATION ? Phase.BLOCK : Phase.REST;
        }
        if (phase == Phase.BLOCK) {
            endOfBlock();
        } else if (phase == Phase.REST) {
            endOfFrame();
        }
    }

    /** When there is no more of the frame than its padding. */
    private void endOfBlock() {
        if (left < padding) {
            bad();
            padding = left;
        }
        if (left == padding) {
            phase = Phase.REST;
            if ((flags & END_HEADERS) != 0) {
                part = Part.FIELD;
            }
            endOfFrame();
        }
    }

    private void endOfFrame() {
        if (left == 0) {
            phase = Phase.HEADER;
        }
    }

    private void bad() {
        malformedFrom = Math.min(malformedFrom, stream);
    }

    // ---- field blocks, RFC 7541 section 6
    // -----------------------------------------------------------------------------

    private void block(ByteBuffer buffer, int from, int to) {
        int skipped = Math.min(skip, to - from);
        skip -= skipped;
        int at = from + skipped;
        while (at < to) {
            switch (part) {
                case FIELD -> field(buffer.get(at++));
                case INDEX -> part = buffer.get(at++) < 0 ? Part.INDEX : Part.FIELD;
                case NAME_INDEX -> part = buffer.get(at++) < 0 ? Part.NAME_INDEX : Part.VALUE_LENGTH;
                case NAME_LENGTH -> {
                    byte octet = buffer.get(at++);
                    huffman = octet < 0;
                    nameAt = 0;
                    length(octet, Part.LONG_NAME_LENGTH, Part.NAME, Part.VALUE_LENGTH);
                }
                case LONG_NAME_LENGTH -> longLength(buffer.get(at++), Part.NAME);
                case NAME -> {
                    int end = at + Math.min(stringLeft, to - at);
                    name(buffer, at, end);
                    at = end;
                }
                case VALUE_LENGTH -> length(buffer.get(at++), Part.LONG_VALUE_LENGTH, Part.VALUE, Part.FIELD);
                case LONG_VALUE_LENGTH -> longLength(buffer.get(at++), Part.VALUE);
                case VALUE -> {
                    int some = Math.min(stringLeft, to - at);
                    at += some;
                    stringLeft -= some;
                    part = stringLeft == 0 ? Part.FIELD : Part.VALUE;
                }
            }
        }
    }

    private void field(byte octet) {
        if (octet < 0) {
            part = (octet & 0x7F) == 0x7F ? Part.INDEX : Part.FIELD;
        } else if ((octet & 0x60) == 0x20) {
            // The size of the table.
            part = (octet & 0x1F) == 0x1F ? Part.INDEX : Part.FIELD;
        } else {
            int prefix = (octet & 0x40) != 0 ? 0x3F : 0x0F;
            int index = octet & prefix;
            part = index == 0 ? Part.NAME_LENGTH : index == prefix ? Part.NAME_INDEX : Part.VALUE_LENGTH;
        }
    }

    private void length(byte octet, Part more, Part string, Part empty) {
        stringLeft = octet & 0x7F;
        shift = 0;
        part = stringLeft == 0x7F ? more : stringLeft == 0 ? empty : string;
    }

    private void longLength(byte octet, Part string) {
        if (shift > MAX_SHIFT) {
            bad();
        } else {
            stringLeft += (octet & 0x7F) << shift;
            shift += 7;
        }
        if (octet >= 0) {
            part = string;
        }
    }

    private void name(ByteBuffer buffer, int from, int to) {
        if (nameAt == 0) {
            candidates = pseudo(buffer.get(from)) ? candidates() : -1;
        }
        stringLeft -= to - from;
        for (int at = from; at < to && candidates > 0; at++) {
            compare(buffer.get(at), nameAt + at - from);
        }
        nameAt += to - from;
        if (stringLeft == 0) {
            if (candidates == 0) {
                bad();
            }
            part = Part.VALUE_LENGTH;
        }
    }

    private boolean pseudo(byte first) {
        return huffman ? (first & 0xFE) == HUFFMAN_COLON : first == ':';
    }

    private void compare(byte octet, int at) {
        for (int i = 0; i < KNOWN.length; i++) {
            if ((candidates & 1 << i) != 0 && KNOWN[i][at] != octet) {
                candidates &= ~(1 << i);
            }
        }
    }

    /** The known names of this length, in this code. */
    private int candidates() {
        int fitting = huffman ? ALL_HUFFMAN : ALL_PLAIN;
        for (int i = 0; i < KNOWN.length; i++) {
            if (KNOWN[i].length != stringLeft) {
                fitting &= ~(1 << i);
            }
        }
        return fitting;
    }
}
