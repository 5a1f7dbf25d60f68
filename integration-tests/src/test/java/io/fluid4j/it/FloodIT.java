/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.it.RawClient.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What other clients feel of a flood: their 99th percentile with and without it, measured in turns in one run, so that
 * the machine's own moods are in both. The router has {@value #ROUTER_HEAP} and must not outgrow it.
 */
@Timeout(240)
class FloodIT {

    static final String ROUTER_HEAP = "-Xmx64m";

    private static final int CLIENTS = 4;
    private static final int ROUNDS = 3;
    private static final Duration TURN = Duration.ofSeconds(4);
    /** On top of twice the undisturbed time: a pause of the machine that fell into one kind of turn only. */
    private static final Duration ALLOWANCE = Duration.ofMillis(50);

    private static final Environment ENVIRONMENT = Environment.JETTY_12_1_EE10;

    private static RouterServer router;
    private static Server server;

    /** What is sent, by one sender, and how often in a second at most: the sender shares the machine with the router. */
    enum Flood {
        /** HTTP/2 requests that are cancelled at once; a new connection when the old one is cut off. */
        RAPID_RESET(2_000) {
            @Override
            Sender sender() {
                return new Http2Sender(id -> {
                    ByteArrayOutputStream frames = new ByteArrayOutputStream();
                    frames.writeBytes(Http2Sender.request(id));
                    frames.writeBytes(Http2Sender.frame(3, 0, id, new byte[] {0, 0, 0, 8}));
                    return frames.toByteArray();
                });
            }
        },
        /** HTTP/2 pings. */
        PING(2_000) {
            @Override
            Sender sender() {
                return new Http2Sender(id -> Http2Sender.frame(6, 0, 0, new byte[8]));
            }
        },
        /** HTTP/1.1 requests whose client is gone at once. */
        CONNECT_AND_RESET(500) {
            @Override
            Sender sender() {
                return () -> {
                    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort())) {
                        socket.getOutputStream()
                                .write(("GET " + path() + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                        socket.setSoLinger(true, 0);
                    }
                };
            }
        },
        /** Tunnels that never say who they are. */
        HALF_HANDSHAKE(500) {
            @Override
            Sender sender() {
                return new HoldingSender(400) {
                    @Override
                    Socket open() throws IOException {
                        return new Socket(InetAddress.getLoopbackAddress(), router.tunnelPort());
                    }
                };
            }
        },
        /** Request heads that never end. */
        SLOW_HEAD(500) {
            @Override
            Sender sender() {
                return new HoldingSender(400) {
                    @Override
                    Socket open() throws IOException {
                        Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort());
                        socket.getOutputStream()
                                .write("GET / HTTP/1.1\r\nHost: a\r\nX-".getBytes(StandardCharsets.US_ASCII));
                        return socket;
                    }
                };
            }
        };

        private final int perSecond;

        Flood(int perSecond) {
            this.perSecond = perSecond;
        }

        abstract Sender sender();
    }

    /** Sends one more of its kind. */
    private interface Sender extends AutoCloseable {
        void send() throws IOException;

        @Override
        default void close() throws IOException {}
    }

    /** Keeps the newest so many connections open. */
    private abstract static class HoldingSender implements Sender {
        private final ArrayDeque<Socket> held = new ArrayDeque<>();
        private final int most;

        HoldingSender(int most) {
            this.most = most;
        }

        abstract Socket open() throws IOException;

        @Override
        public void send() throws IOException {
            held.addLast(open());
            if (held.size() > most) {
                held.removeFirst().close();
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    /** HTTP/2 by prior knowledge, octet by octet. */
    private static final class Http2Sender implements Sender {
        private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

        private interface Frames {
            byte[] of(int streamId);
        }

        private final Frames frames;
        private Socket socket;
        private int id;

        Http2Sender(Frames frames) {
            this.frames = frames;
        }

        static byte[] frame(int type, int flags, int stream, byte[] payload) {
            ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
            frame.put((byte) 0)
                    .putShort((short) payload.length)
                    .put((byte) type)
                    .put((byte) flags);
            return frame.putInt(stream).put(payload).array();
        }

        /** HEADERS with END_STREAM and END_HEADERS: GET, http, the path and localhost, without Huffman. */
        static byte[] request(int stream) {
            ByteArrayOutputStream block = new ByteArrayOutputStream();
            block.write(0x82);
            block.write(0x86);
            literal(block, 0x04, path());
            literal(block, 0x01, "localhost");
            return frame(1, 0x05, stream, block.toByteArray());
        }

        private static void literal(ByteArrayOutputStream block, int name, String value) {
            block.write(name);
            block.write(value.length());
            block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public void send() throws IOException {
            if (socket == null) {
                socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort());
                socket.getOutputStream().write(PREFACE.getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(frame(4, 0, 0, new byte[0]));
                id = -1;
            }
            id += 2;
            try {
                socket.getOutputStream().write(frames.of(id));
            } catch (IOException cutOff) {
                close();
            }
        }

        @Override
        public void close() throws IOException {
            Socket open = socket;
            socket = null;
            if (open != null) {
                open.close();
            }
        }
    }

    @BeforeAll
    static void start() {
        router = RouterServer.start("flood-router", ROUTER_HEAP + " -XX:+ExitOnOutOfMemoryError", "");
        server = Fleet.startAlone(
                ENVIRONMENT,
                "flood-server",
                "-Xmx128m",
                router.instanceProperties("flood") + "fluid.admission.scheduler-lag=off\n");
        router.awaitInstance(path());
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        if (router != null) {
            router.close();
        }
    }

    private static String path() {
        return ENVIRONMENT.contextPath() + "/response/plain";
    }

    @ParameterizedTest
    @EnumSource(Flood.class)
    void othersHardlyFeelIt(Flood flood) throws Exception {
        List<Long> quiet = new ArrayList<>();
        List<Long> flooded = new ArrayList<>();
        AtomicLong sent = new AtomicLong();
        measure(null, sent); // Warm, and not counted.
        for (int round = 0; round < ROUNDS; round++) {
            quiet.addAll(measure(null, sent));
            flooded.addAll(measure(flood, sent));
        }
        long before = percentile99(quiet);
        long during = percentile99(flooded);
        Figures.add(
                "p99 of others during " + flood.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                String.format(
                        Locale.ROOT,
                        "%.2f ms, without it %.2f ms; %d sent in %d s",
                        during / 1e6,
                        before / 1e6,
                        sent.get(),
                        ROUNDS * TURN.toSeconds()));
        assertThat(sent.get()).as("what the flood sent").isGreaterThan(100);
        assertThat(Duration.ofNanos(during))
                .isLessThan(Duration.ofNanos(2 * before).plus(ALLOWANCE));
        assertThat(router.process().alive()).isTrue();
        if (flood == Flood.RAPID_RESET || flood == Flood.PING) {
            assertThat(router.process().said(line -> line.contains("cut off") && line.contains("127.0.0.1")))
                    .as("the offender is named")
                    .isTrue();
        }
    }

    /** The times of all requests of one turn, nanoseconds; every one has been answered well. */
    private static List<Long> measure(Flood flood, AtomicLong sent) throws Exception {
        long end = System.nanoTime() + TURN.toNanos();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
        try {
            List<Future<List<Long>>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Callable<List<Long>> client = () -> ask(end);
                clients.add(threads.submit(client));
            }
            Future<?> offender = flood == null
                    ? null
                    : threads.submit(() -> {
                        send(flood, end, sent);
                        return null;
                    });
            List<Long> times = new ArrayList<>();
            for (Future<List<Long>> client : clients) {
                times.addAll(client.get(60, TimeUnit.SECONDS));
            }
            if (offender != null) {
                offender.get(60, TimeUnit.SECONDS);
            }
            return times;
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<Long> ask(long end) throws IOException {
        List<Long> times = new ArrayList<>();
        try (RawClient client = RawClient.connect(router.httpPort())) {
            while (System.nanoTime() < end) {
                long began = System.nanoTime();
                client.send("GET " + path() + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
                Response response = client.readResponse("GET");
                assertThat(response.status()).isEqualTo(200);
                times.add(System.nanoTime() - began);
                // A client that thinks: what is measured is the router, not how fast this process can ask.
                LockSupport.parkNanos(500_000);
            }
        }
        return times;
    }

    private static void send(Flood flood, long end, AtomicLong sent) throws IOException {
        long began = System.nanoTime();
        long count = 0;
        try (Sender sender = flood.sender()) {
            while (System.nanoTime() < end) {
                long due = began + count * 1_000_000_000L / flood.perSecond;
                if (System.nanoTime() < due) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    continue;
                }
                sender.send();
                count++;
            }
        }
        sent.addAndGet(count);
    }

    private static long percentile99(List<Long> times) {
        List<Long> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        return sorted.get((int) (sorted.size() * 0.99));
    }
}
