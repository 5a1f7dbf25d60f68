/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameTrace;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.Usage;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A scripted peer on a plain socket: it sends exactly the octets it is told to, right or wrong, and waits for the frames
 * a test expects. Both roles are there: {@link #dial} plays an instance (or a router that forwards), a {@link Listener}
 * accepts and plays a router.
 *
 * <pre>
 * try (WirePeer instance = WirePeer.dial(router.address())) {
 *     instance.handshakeAsDialler(WirePeer.instance("shop"), "secret");
 *     WireFrame request = instance.await(FrameType.REQUEST_STARTED);
 *     instance.respond(request.stream(), 200, "hello");
 * }
 * </pre>
 *
 * <p>Frames are read by a thread of the peer's own, so a peer that does not await anything still takes what comes
 * ({@link #pauseReading()} stops that). Every frame is recorded in {@link #trace()}. Sending is safe from any thread;
 * awaiting is for one thread. Every wait has a deadline and fails with the trace in its message.
 */
public final class WirePeer implements AutoCloseable {

    /** How long a wait may take unless {@link #deadline} says otherwise. Generous, since it is only used up on failure. */
    public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(30);

    private static final int MAX_TRACE_LINES = 10_000;

    /** Of a failure's message: what led to it comes last, and reports are cut where they are long. */
    private static final int MAX_MESSAGE_LINES = 200;

    private final Socket socket;
    private final OutputStream out;
    private final Thread reader;
    private final LinkedBlockingQueue<WireFrame> received = new LinkedBlockingQueue<>();
    /** Frames that a wait passed over, oldest first; for the awaiting thread only. */
    private final List<WireFrame> passedOver = new ArrayList<>();

    private final Deque<String> trace = new ArrayDeque<>();
    private final Object sendLock = new Object();
    private final Object pauseLock = new Object();
    private boolean paused;
    private volatile boolean ended;
    private volatile boolean answersPings = true;
    private Duration deadline = DEFAULT_DEADLINE;
    private @Nullable Consumer<WireFrame> observer;

    private WirePeer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        this.out = socket.getOutputStream();
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
        this.reader = new Thread(() -> readAll(in), "wire-peer-" + socket.getLocalPort());
        reader.setDaemon(true);
    }

    /** Opens a TCP connection to an acceptor. Nothing is sent yet. */
    public static WirePeer dial(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(address, (int) DEFAULT_DEADLINE.toMillis());
            return over(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Opens a TCP connection to an acceptor on the loopback interface. */
    public static WirePeer dial(int port) throws IOException {
        return dial(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /** A peer on a connected socket, such as one with TLS; the peer closes it. */
    public static WirePeer over(Socket socket) throws IOException {
        WirePeer peer = new WirePeer(socket);
        peer.reader.start();
        return peer;
    }

    /** Listens on a free port of the loopback interface. */
    public static Listener listen() throws IOException {
        return new Listener(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()));
    }

    /** A HELLO of an instance of that function, complete but for nonce and key id, with a fresh id and group. */
    public static WireHandshake.HelloSpec instance(String function) {
        return WireHandshake.HelloSpec.instance(function);
    }

    /** Changes how long every later wait may take. */
    public WirePeer deadline(Duration value) {
        deadline = requireNonNull(value, "deadline");
        return this;
    }

    /** Whether PINGs are answered by the peer itself, at once; true unless changed. A peer that does not plays dead. */
    public WirePeer answerPings(boolean value) {
        answersPings = value;
        return this;
    }

    /** Gets every frame on the reading thread, before it can be awaited. It must not block. Set it before frames come. */
    public WirePeer observe(Consumer<WireFrame> value) {
        synchronized (trace) {
            observer = value;
        }
        return this;
    }

    /** Does the handshake of a dialler and returns the WELCOME frame, whose proof was checked (P-4.5). */
    public WireFrame handshakeAsDialler(WireHandshake.HelloSpec hello, String secret) throws IOException {
        return WireHandshake.dial(this, hello, secret.getBytes(UTF_8));
    }

    /** Does the handshake of an acceptor and returns the HELLO frame; the dialler's proof was checked (P-4.5). */
    public WireFrame handshakeAsAcceptor(String secret) throws IOException {
        return WireHandshake.accept(this, secret.getBytes(UTF_8), WireHandshake.welcomeRest("wire-peer"));
    }

    /** Sends one frame of any type id, flags, stream id and payload. */
    public WirePeer send(int typeId, int flags, int stream, byte[] payload) throws IOException {
        record(FrameTrace.line(true, payload.length, typeId, flags, stream));
        return sendOctets(WireFrame.encode(typeId, flags, stream, payload));
    }

    /** Sends one frame. */
    public WirePeer send(FrameType type, int flags, int stream, byte[] payload) throws IOException {
        return send(type.id(), flags, stream, payload);
    }

    /** Sends octets as they are, such as a part of a frame; they are not in the trace. */
    public WirePeer sendOctets(byte[] octets) throws IOException {
        synchronized (sendLock) {
            out.write(octets);
            out.flush();
        }
        return this;
    }

    /** Sends octets given in hex; white space is left out. */
    public WirePeer sendHex(String hex) throws IOException {
        return sendOctets(HexFormat.of().parseHex(hex.replaceAll("\\s+", "")));
    }

    /** Sends frames that {@link FrameWriter} encodes into the buffer it is given (room for 1 MiB). */
    public WirePeer encode(Consumer<ByteBuffer> frames) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        frames.accept(buffer);
        buffer.flip();
        for (String line : FrameTrace.lines(true, buffer)) {
            record(line);
        }
        byte[] octets = new byte[buffer.remaining()];
        buffer.get(octets);
        return sendOctets(octets);
    }

    /** Sends a request head; {@code end} when neither body nor trailers follow. */
    public WirePeer request(int stream, HeadWriter head, boolean end) throws IOException {
        return encode(buffer -> FrameWriter.requestStarted(buffer, stream, head, end));
    }

    /** Sends a GET for a path, without fields, from 192.0.2.1. */
    public WirePeer get(int stream, String path) throws IOException {
        return request(stream, requestHead("GET", path, -1), true);
    }

    /** A request head by HTTP/1.1 from 192.0.2.1 for the authority {@code test.example}; fields may be added to it. */
    public static HeadWriter requestHead(String method, String path, long contentLength) {
        try {
            InetAddress client = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
            byte[] id = HexFormat.of().parseHex("00112233445566778899aabbccddeeff");
            return new HeadWriter()
                    .request(
                            method,
                            "http",
                            0x11,
                            1,
                            contentLength,
                            0,
                            id,
                            path,
                            "test.example",
                            client,
                            40_000,
                            InetAddress.getLoopbackAddress(),
                            80);
        } catch (UnknownHostException e) {
            throw new AssertionError("four octets are an address", e);
        }
    }

    /** Sends octets of a body in one frame of that type. */
    public WirePeer body(FrameType type, int stream, byte[] octets) throws IOException {
        return send(type, 0, stream, octets);
    }

    /** Sends a whole response: head with the length, one body frame unless it is empty, end. */
    public WirePeer respond(int stream, int status, String text) throws IOException {
        byte[] octets = text.getBytes(UTF_8);
        return encode(buffer -> {
            FrameWriter.responseStarted(
                    buffer,
                    stream,
                    new HeadWriter().response(status, octets.length).field("Content-Type", "text/plain"));
            if (octets.length > 0) {
                FrameWriter.body(buffer, FrameType.RESPONSE_BODY, stream, ByteBuffer.wrap(octets));
            }
            FrameWriter.responseEnd(buffer, stream, null, null, false);
        });
    }

    /** Sends RESPONSE_END without trailers. */
    public WirePeer responseEnd(int stream, @Nullable Usage usage, boolean moreWork) throws IOException {
        return encode(buffer -> FrameWriter.responseEnd(buffer, stream, null, usage, moreWork));
    }

    /** Sends NACK. */
    public WirePeer nack(int stream, Nack nack) throws IOException {
        return encode(buffer -> FrameWriter.nack(buffer, stream, nack));
    }

    /** Sends CANCEL without detail. */
    public WirePeer cancel(int stream, ErrorCode code) throws IOException {
        return encode(buffer -> FrameWriter.cancel(buffer, stream, code, "", null, false));
    }

    /** Sends CREDIT; stream id 0 is the session. */
    public WirePeer credit(int stream, int increment) throws IOException {
        return encode(buffer -> FrameWriter.credit(buffer, stream, increment));
    }

    /** Sends PING. */
    public WirePeer ping(long octets) throws IOException {
        return encode(buffer -> FrameWriter.ping(buffer, octets));
    }

    /** Sends HEALTH. */
    public WirePeer health(Health health) throws IOException {
        return encode(buffer -> FrameWriter.health(buffer, health));
    }

    /** Sends HEALTH of an instance that takes requests, with no signals. */
    public WirePeer healthy(long sequence) throws IOException {
        return health(new Health(sequence, sequence * 250, Health.State.ACCEPTING, 0, 0, 0, List.of()));
    }

    /** Waits for the next frame of that type; frames of other types stay to be awaited later, in their order. */
    public WireFrame await(FrameType type) {
        return await(frame -> frame.is(type), type.name());
    }

    /** Waits for the next frame of that type on that stream. */
    public WireFrame await(FrameType type, int stream) {
        return await(frame -> frame.is(type) && frame.stream() == stream, type + " on stream " + stream);
    }

    /** Waits for the next frame that fits; {@code what} is for the message of a failure. */
    public WireFrame await(Predicate<WireFrame> wanted, String what) {
        WireFrame frame = next(wanted, System.nanoTime() + deadline.toNanos());
        if (frame == null) {
            throw new AssertionError((ended ? "connection ended without " : "no ") + what + " within " + deadline
                    + "; trace:\n" + lastLines());
        }
        return frame;
    }

    /** Waits for CLOSE with that code (P-5.9). */
    public WireFrame awaitClose(ErrorCode code) {
        WireFrame close = await(FrameType.CLOSE);
        if (close.u16(0) != code.number()) {
            throw new AssertionError(
                    "CLOSE with " + ErrorCode.of(close.u16(0)) + " (expected: " + code + "); trace:\n" + lastLines());
        }
        return close;
    }

    /** Waits until the other end has closed the connection. Frames that came before stay to be awaited. */
    public void awaitEnd() {
        try {
            reader.join(deadline.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            throw new AssertionError("connection still open after " + deadline + "; trace:\n" + lastLines());
        }
    }

    /**
     * Puts together a whole response on a stream: waits for body frames until RESPONSE_END, giving credit back for all of
     * them, and returns the body.
     */
    public byte[] awaitBody(int stream) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            WireFrame frame = await(
                    each -> each.stream() == stream
                            && (each.is(FrameType.RESPONSE_BODY) || each.is(FrameType.RESPONSE_END)),
                    "RESPONSE_BODY or RESPONSE_END on stream " + stream);
            if (frame.is(FrameType.RESPONSE_END)) {
                return body.toByteArray();
            }
            if (frame.length() > 0) {
                body.writeBytes(frame.payload());
                credit(0, frame.length());
                credit(stream, frame.length());
            }
        }
    }

    /**
     * Fails when a frame of that type has come and was not awaited. To be asked after a frame that the other end sends
     * later on the same connection, such as the PONG to a PING: then it proves absence without waiting.
     */
    public WirePeer assertNone(FrameType type) {
        drainReceived();
        for (WireFrame frame : passedOver) {
            if (frame.is(type)) {
                throw new AssertionError("unexpected " + frame + "; trace:\n" + lastLines());
            }
        }
        return this;
    }

    /** PING and its PONG: all frames sent before were read by the other end, and what it sent before is here. */
    public WirePeer roundTrip() throws IOException {
        long octets = System.nanoTime();
        ping(octets);
        await(
                frame -> frame.is(FrameType.PONG)
                        && ByteBuffer.wrap(frame.payload()).getLong() == octets,
                "PONG");
        return this;
    }

    /** Takes nothing more off the socket until {@link #resumeReading()}: the other end's writes fill up and stall. */
    public void pauseReading() {
        synchronized (pauseLock) {
            paused = true;
        }
    }

    /** Ends {@link #pauseReading()}. */
    public void resumeReading() {
        synchronized (pauseLock) {
            paused = false;
            pauseLock.notifyAll();
        }
    }

    /** Ends the sending direction of the connection only. */
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Cuts the connection by a TCP reset, as a crash would. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        close();
    }

    /** True once the connection has ended. */
    public boolean ended() {
        return ended;
    }

    /** The local port. */
    public int localPort() {
        return socket.getLocalPort();
    }

    /** All frames so far, sent and received, one line each; the last 10,000 of them. */
    public List<String> trace() {
        synchronized (trace) {
            return List.copyOf(trace);
        }
    }

    /** Closes the connection and ends the reading thread. Closing twice is harmless. */
    @Override
    public void close() throws IOException {
        resumeReading();
        socket.close();
        try {
            reader.join(deadline.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable WireFrame next(Predicate<WireFrame> wanted, long untilNanos) {
        for (int i = 0; i < passedOver.size(); i++) {
            if (wanted.test(passedOver.get(i))) {
                return passedOver.remove(i);
            }
        }
        while (true) {
            WireFrame frame = poll(untilNanos);
            if (frame == null || wanted.test(frame)) {
                return frame;
            }
            passedOver.add(frame);
        }
    }

    /** The next received frame, or null when the deadline or the connection has ended. */
    private @Nullable WireFrame poll(long untilNanos) {
        try {
            while (true) {
                // Asked before the queue: what came before the end is found after it.
                boolean over = ended;
                WireFrame frame = received.poll();
                long left = untilNanos - System.nanoTime();
                if (frame != null || over || left <= 0) {
                    return frame;
                }
                frame = received.poll(Math.min(left, TimeUnit.MILLISECONDS.toNanos(20)), TimeUnit.NANOSECONDS);
                if (frame != null) {
                    return frame;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private void drainReceived() {
        received.drainTo(passedOver);
    }

    private void readAll(DataInputStream in) {
        try {
            while (true) {
                waitWhilePaused();
                int lengthAndType = in.readInt();
                int flags = in.readUnsignedByte();
                int stream = in.readInt();
                byte[] payload = new byte[lengthAndType >>> 8];
                in.readFully(payload);
                take(new WireFrame(lengthAndType & 0xFF, flags, stream, payload));
            }
        } catch (EOFException | SocketException e) {
            record("<< end");
        } catch (IOException e) {
            record("<< end: " + e.getMessage());
        } finally {
            ended = true;
        }
    }

    private void take(WireFrame frame) throws IOException {
        record(frame.toString());
        Consumer<WireFrame> each;
        synchronized (trace) {
            each = observer;
        }
        if (each != null) {
            each.accept(frame);
        }
        if (frame.is(FrameType.PING) && answersPings) {
            send(FrameType.PONG, 0, 0, frame.payload());
        } else {
            received.add(frame);
        }
    }

    private void waitWhilePaused() {
        synchronized (pauseLock) {
            while (paused) {
                try {
                    pauseLock.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private String lastLines() {
        List<String> lines = trace();
        int from = Math.max(0, lines.size() - MAX_MESSAGE_LINES);
        return String.join("\n", lines.subList(from, lines.size()));
    }

    private void record(String line) {
        synchronized (trace) {
            if (trace.size() == MAX_TRACE_LINES) {
                trace.removeFirst();
            }
            trace.addLast(line);
        }
    }

    /** A listening socket whose connections become peers that play the acceptor. For one thread. */
    public static final class Listener implements AutoCloseable {
        private final ServerSocket socket;

        private Listener(ServerSocket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout((int) DEFAULT_DEADLINE.toMillis());
        }

        /** The port to dial. */
        public int port() {
            return socket.getLocalPort();
        }

        /** Waits for the next connection, at most {@link WirePeer#DEFAULT_DEADLINE}. */
        public WirePeer accept() throws IOException {
            return over(socket.accept());
        }

        /** Stops listening; accepted peers stay open. */
        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
