/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.hpack.HpackDecoder;
import org.eclipse.jetty.http2.hpack.HpackException;

/**
 * An HTTP/2 client by prior knowledge that sends exactly the frames the test says, right or wrong (RFC 9113), and reads
 * how its requests end. One thread at a time.
 */
final class Http2Frames implements AutoCloseable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;
    static final int PADDED = 8;
    static final int PRIORITY = 0x20;

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int READ_TIMEOUT_MILLIS = 20_000;
    private static final int STATUS_BYTES = 64 * 1024;

    private final Socket socket;
    private final DataInputStream in;
    private final HpackDecoder decoder = new HpackDecoder(STATUS_BYTES, System::nanoTime);

    Http2Frames(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        in = new DataInputStream(socket.getInputStream());
    }

    /** With preface and empty settings. */
    static Http2Frames open(int port) throws IOException {
        Http2Frames client = new Http2Frames(port);
        client.send(preface());
        return client;
    }

    static byte[] preface() {
        return join(PREFACE.getBytes(StandardCharsets.US_ASCII), frame(SETTINGS, 0, 0));
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

    /** A field block of names and values in turns, each a literal that is not indexed, without Huffman's code. */
    static byte[] block(String... namesAndValues) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            block.write(0);
            literal(block, namesAndValues[i]);
            literal(block, namesAndValues[i + 1]);
        }
        return block.toByteArray();
    }

    static void literal(ByteArrayOutputStream block, String text) {
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        if (octets.length < 127) {
            block.write(octets.length);
        } else {
            block.write(127);
            int left = octets.length - 127;
            for (; left >= 128; left >>= 7) {
                block.write((left & 127) | 128);
            }
            block.write(left);
        }
        block.writeBytes(octets);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    void send(byte[] frames) throws IOException {
        socket.getOutputStream().write(frames);
    }

    /**
     * How the request of a stream ends: {@code 200} when it is answered, {@code reset CODE} when the stream is, {@code
     * gone CODE} when the whole connection is given up, {@code closed} when that happens without a word.
     */
    String ending(int stream) throws IOException {
        try {
            while (true) {
                int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int id = in.readInt();
                byte[] payload = new byte[length];
                in.readFully(payload);
                if (type == GOAWAY) {
                    return "gone " + ByteBuffer.wrap(payload).getInt(4);
                } else if (type == RST_STREAM && id == stream) {
                    return "reset " + ByteBuffer.wrap(payload).getInt(0);
                } else if (type == HEADERS) {
                    String status = status(payload, flags);
                    if (id == stream) {
                        return status;
                    }
                }
            }
        } catch (EOFException | SocketException e) {
            return "closed";
        }
    }

    private String status(byte[] payload, int flags) throws IOException {
        if ((flags & (PADDED | PRIORITY)) != 0 || (flags & END_HEADERS) == 0) {
            throw new IOException("a response this client does not understand");
        }
        try {
            MetaData.Response response = (MetaData.Response) decoder.decode(ByteBuffer.wrap(payload));
            return Integer.toString(response.getStatus());
        } catch (HpackException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
