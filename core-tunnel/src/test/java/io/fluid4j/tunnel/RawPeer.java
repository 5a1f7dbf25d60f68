/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.Hello;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.function.Consumer;

/** A dialler that says what a test wants it to say, frame by frame. */
final class RawPeer implements AutoCloseable {

    /** One frame as it came. */
    record Frame(FrameType type, int flags, int stream, byte[] payload) {
        int code() {
            return ByteBuffer.wrap(payload).getShort();
        }
    }

    final Socket socket;
    private final DataInputStream in;
    private final ByteBuffer out = ByteBuffer.allocate(1 << 20);

    RawPeer(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) Tunnels.DEADLINE_SECONDS * 1000);
        in = new DataInputStream(socket.getInputStream());
    }

    /** A peer whose handshake is complete. */
    static RawPeer established(int port, Hello.Builder hello) throws IOException {
        RawPeer peer = new RawPeer(port);
        byte[] nonce = new byte[Hello.NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        byte[] helloPayload =
                hello.nonce(nonce).keyId(Tunnels.SECRET.keyId()).build().encode();
        peer.send(FrameType.HELLO, helloPayload);
        Frame challenge = peer.read();
        peer.send(FrameType.PROOF, Tunnels.SECRET.diallerProof(helloPayload, challenge.payload()));
        Frame welcome = peer.read();
        if (welcome.type() != FrameType.WELCOME) {
            throw new IOException("no welcome but " + welcome);
        }
        return peer;
    }

    void send(FrameType type, byte[] payload) throws IOException {
        send(out -> FrameWriter.frame(out, type, 0, 0, payload));
    }

    void send(Consumer<ByteBuffer> encoder) throws IOException {
        out.clear();
        encoder.accept(out);
        socket.getOutputStream().write(out.array(), 0, out.position());
    }

    void raw(byte[] octets) throws IOException {
        socket.getOutputStream().write(octets);
    }

    /** The next frame; null at the end of the connection. */
    Frame read() throws IOException {
        int lengthAndType;
        try {
            lengthAndType = in.readInt();
        } catch (EOFException e) {
            return null;
        }
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = new byte[lengthAndType >>> 8];
        in.readFully(payload);
        return new Frame(FrameType.of(lengthAndType & 0xFF), flags, stream, payload);
    }

    /** The next frame of that type; others are dropped. Null at the end of the connection. */
    Frame next(FrameType type) throws IOException {
        Frame frame = read();
        while (frame != null && frame.type() != type) {
            frame = read();
        }
        return frame;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
