/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.compression.HuffmanEncoder;

/** Frames of HTTP/2 as a test wants them, right or wrong, and how a request ends. */
final class Http2Octets {

    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int GOAWAY = 7;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;
    static final int PADDED = 8;
    static final int PRIORITY = 0x20;

    /** How a name is sent. */
    enum Name {
        PLAIN(0x00, false),
        HUFFMAN(0x00, true),
        INDEXED(0x40, false),
        INDEXED_HUFFMAN(0x40, true),
        NEVER_INDEXED(0x10, false);

        private final int first;
        private final boolean huffman;

        Name(int first, boolean huffman) {
            this.first = first;
            this.huffman = huffman;
        }
    }

    private Http2Octets() {}

    static byte[] preface() {
        return join("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII), frame(4, 0, 0));
    }

    static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /** A field block of names and values in turns. */
    static byte[] block(Name how, String... namesAndValues) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            block.write(how.first);
            block.writeBytes(string(how.huffman, namesAndValues[i]));
            block.writeBytes(string(false, namesAndValues[i + 1]));
        }
        return block.toByteArray();
    }

    private static byte[] string(boolean huffman, String text) {
        ByteBuffer octets = ByteBuffer.allocate(8 * text.length());
        if (huffman) {
            HuffmanEncoder.encode(octets, text);
        } else {
            octets.put(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        octets.flip();
        ByteArrayOutputStream string = new ByteArrayOutputStream();
        int flag = huffman ? 0x80 : 0;
        if (octets.remaining() < 127) {
            string.write(flag | octets.remaining());
        } else {
            string.write(flag | 127);
            int left = octets.remaining() - 127;
            for (; left >= 128; left >>= 7) {
                string.write((left & 127) | 128);
            }
            string.write(left);
        }
        string.write(octets.array(), 0, octets.limit());
        return string.toByteArray();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** {@code answered}, {@code reset CODE}, {@code gone CODE} of the connection, or {@code closed} without a word. */
    static String ending(Socket socket, int stream) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        try {
            while (true) {
                int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                in.readUnsignedByte();
                int id = in.readInt();
                byte[] payload = new byte[length];
                in.readFully(payload);
                if (type == GOAWAY) {
                    return "gone " + ByteBuffer.wrap(payload).getInt(4);
                } else if (type == RST_STREAM && id == stream) {
                    return "reset " + ByteBuffer.wrap(payload).getInt(0);
                } else if (type == HEADERS && id == stream) {
                    return "answered";
                }
            }
        } catch (EOFException | SocketException e) {
            return "closed";
        }
    }
}
