/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Close;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.Content;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.StreamFailure;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Mutated and disordered frames against living sessions of both roles. A session ends with a code that names what the
 * peer did, never with INTERNAL; every stream gets exactly one end; the next session works. {@code -Dfluid.test.fuzz.seconds}
 * sets how long it runs, {@code -Dfluid.test.fuzz.seed} repeats a run.
 */
class SessionFuzzTest {

    private static final String SECRET = "correct horse battery staple";
    private static final long SEED = Long.getLong("fluid.test.fuzz.seed", System.nanoTime());
    private static final Duration TIME =
            Duration.ofSeconds(Math.max(2, Long.getLong("fluid.test.fuzz.seconds", 10) / 2));

    /** However slow the machine is. */
    private static final int LEAST_ROUNDS = 6;

    /** Thousands of tunnels come and go: only what somebody must look at is worth a line. */
    private static final Logger TUNNEL_LOG = Logger.getLogger("io.fluid4j.tunnel");

    private final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();

    @BeforeAll
    static void quiet() {
        TUNNEL_LOG.setLevel(Level.SEVERE);
    }

    @AfterAll
    static void loud() {
        TUNNEL_LOG.setLevel(null);
    }

    @Test
    void aRouterUnderMutatedFramesOfAnInstance() throws Exception {
        System.out.println("SessionFuzzTest: -Dfluid.test.fuzz.seed=" + SEED + " for " + TIME);
        Random random = new Random(SEED);
        TunnelTransport transport = TunnelTransport.builder().name("requester").build();
        transport.start();
        try (transport;
                TunnelAcceptor acceptor = TunnelAcceptor.builder()
                        .transport(transport)
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .authenticator(Authenticator.anyOf(List.of(Secret.of(SECRET))))
                        .welcome(() -> new Welcome(Settings.REQUESTER_DEFAULTS, "router", "", "", List.of(), ""))
                        .listener(session -> new Events())
                        .build()) {
            acceptor.start();
            long end = System.nanoTime() + TIME.toNanos();
            int rounds = 0;
            do {
                List<byte[]> instanceTrace = new ArrayList<>();
                try (WirePeer instance = WirePeer.dial(acceptor.localPort())) {
                    instance.handshakeAsDialler(WirePeer.instance("shop"), SECRET);
                    Session session = take(sessions);
                    for (int i = 0; i < 5; i++) {
                        if (session.open(WirePeer.requestHead("GET", "/", 0), true, new Ends()) != null) {
                            opened.incrementAndGet();
                        }
                    }
                    instanceTrace.addAll(serverFrames(random));
                    send(instance, random, instanceTrace);
                }
                assertNoFaultOfOurs(take(ends), instanceTrace, SEED, rounds);
                assertThat(ended).as("seed %d, round %d", SEED, rounds).hasValue(opened.get());
                rounds++;
            } while (rounds < LEAST_ROUNDS || System.nanoTime() - end < 0);
            assertThat(acceptor.handshakes()).isZero();
        }
    }

    @Test
    void anInstanceUnderMutatedFramesOfARouter() throws Exception {
        Random random = new Random(~SEED);
        TunnelTransport transport = TunnelTransport.builder().name("server").build();
        transport.start();
        try (transport;
                WirePeer.Listener listener = WirePeer.listen();
                Dialler dialler = Dialler.builder()
                        .transport(transport)
                        .router(URI.create("tcp://127.0.0.1:" + listener.port()))
                        .secret(Secret.of(SECRET))
                        .backOff(Duration.ofMillis(1), Duration.ofMillis(1))
                        .hello(() ->
                                Hello.builder().instanceId("i").function("shop").deployment("v1"))
                        .listener(session -> new Events())
                        .build()) {
            dialler.start();
            long end = System.nanoTime() + TIME.toNanos();
            int rounds = 0;
            do {
                List<byte[]> routerTrace = new ArrayList<>();
                try (WirePeer router = listener.accept()) {
                    router.handshakeAsAcceptor(SECRET);
                    take(sessions);
                    routerTrace.addAll(requesterFrames(random));
                    send(router, random, routerTrace);
                }
                assertNoFaultOfOurs(take(ends), routerTrace, ~SEED, rounds);
                rounds++;
            } while (rounds < LEAST_ROUNDS || System.nanoTime() - end < 0);
        }
    }

    /** How a session ended. */
    private record End(ErrorCode code, Throwable cause) {}

    /**
     * INTERNAL is a fault of this end when it has a cause. Without one it is what the peer's CLOSE said: a mutation of
     * its code gives 16, or a number that is not known, which counts as INTERNAL (P-11.1).
     */
    private static void assertNoFaultOfOurs(End end, List<byte[]> sent, long seed, int round) {
        if (end.code() != ErrorCode.INTERNAL) {
            return;
        }
        boolean saidByThePeer = false;
        for (byte[] frame : sent) {
            saidByThePeer |= frame.length >= 11 && frame[3] == FrameType.CLOSE.id();
        }
        assertThat(end.cause()).as("seed %d, round %d", seed, round).isNull();
        assertThat(saidByThePeer)
                .as("seed %d, round %d: INTERNAL without a CLOSE of the peer", seed, round)
                .isTrue();
    }

    /** Sends everything, each frame mutated once in a while; a peer that closes meanwhile is right to do so. */
    private static void send(WirePeer peer, Random random, List<byte[]> frames) {
        int oneIn = 2 + random.nextInt(40);
        try {
            for (byte[] frame : frames) {
                if (random.nextInt(oneIn) == 0) {
                    int at = random.nextInt(8) == 0 ? random.nextInt(9) : random.nextInt(frame.length);
                    frame[at] = (byte) random.nextInt(256);
                }
                peer.sendOctets(frame);
            }
            peer.deadline(Duration.ofMillis(300));
            peer.ping(random.nextLong());
            peer.await(each -> each.is(FrameType.PONG) || each.is(FrameType.CLOSE), "an answer");
        } catch (IOException | AssertionError e) {
            // Closed while we sent, or it waits for the rest of a frame whose length was mutated.
            assertThat(e).isNotNull();
        }
    }

    private static List<byte[]> serverFrames(Random random) {
        List<byte[]> frames = new ArrayList<>();
        ByteBuffer out = ByteBuffer.allocate(100_000);
        int count = 5 + random.nextInt(60);
        for (int i = 0; i < count; i++) {
            int stream = 1 + random.nextInt(6);
            boolean more = random.nextInt(4) == 0;
            HeadWriter head = new HeadWriter();
            out.clear();
            switch (random.nextInt(14)) {
                case 0 -> FrameWriter.accepted(out, stream);
                case 1 -> FrameWriter.nack(out, stream, Nack.of(NackReason.LIMIT, 1, 1));
                case 2 ->
                    FrameWriter.interim(out, stream, head.response(103, -1).field("Link", "a"));
                case 3, 4, 5 -> FrameWriter.responseStarted(out, stream, head.response(200, random.nextInt(20) - 1));
                case 6, 7 ->
                    FrameWriter.body(out, FrameType.RESPONSE_BODY, stream, ByteBuffer.allocate(random.nextInt(20)));
                case 8 ->
                    FrameWriter.responseEnd(
                            out, stream, head.trailers().field("X-A", "b"), new Usage(1, 2, 3, 4, 5), more);
                case 9 -> FrameWriter.cancel(out, stream, ErrorCode.INTERNAL, "x", null, more);
                case 10 -> FrameWriter.workEnd(out, stream, null);
                case 11 -> FrameWriter.log(out, stream, new LogLine(1, 3, 0, "l", "m"));
                case 12 -> FrameWriter.processUsage(out, Map.of("gc", 5L));
                default -> common(out, random, stream);
            }
            frames.add(octets(out));
        }
        return frames;
    }

    private static List<byte[]> requesterFrames(Random random) {
        List<byte[]> frames = new ArrayList<>();
        ByteBuffer out = ByteBuffer.allocate(100_000);
        int count = 5 + random.nextInt(60);
        int last = 0;
        for (int i = 0; i < count; i++) {
            int stream = last == 0 ? 1 : 1 + random.nextInt(last);
            out.clear();
            switch (last == 0 ? 0 : random.nextInt(9)) {
                case 0, 1, 2 ->
                    FrameWriter.requestStarted(
                            out, ++last, WirePeer.requestHead("POST", "/", random.nextInt(20) - 1), false);
                case 3, 4 ->
                    FrameWriter.body(out, FrameType.REQUEST_BODY, stream, ByteBuffer.allocate(random.nextInt(20)));
                case 5 ->
                    FrameWriter.requestEnd(
                            out, stream, new HeadWriter().trailers().field("X-A", "b"));
                case 6 -> FrameWriter.cancel(out, stream, ErrorCode.CLIENT_GONE, "", null, false);
                case 7 -> FrameWriter.ask(out, new Ask(Ask.Action.DRAIN, 1));
                default -> common(out, random, stream);
            }
            frames.add(octets(out));
        }
        return frames;
    }

    private static void common(ByteBuffer out, Random random, int stream) {
        switch (random.nextInt(5)) {
            case 0 -> FrameWriter.credit(out, random.nextBoolean() ? stream : 0, 1 + random.nextInt(100_000));
            case 1 -> FrameWriter.ping(out, random.nextLong());
            case 2 -> FrameWriter.pong(out, random.nextLong());
            case 3 -> FrameWriter.drain(out, Drain.path(Drain.Reason.REDEPLOY, 1, "/a"));
            default -> {
                if (random.nextInt(10) == 0) {
                    FrameWriter.close(out, Close.of(ErrorCode.SHUTDOWN, "bye"));
                } else {
                    FrameWriter.header(out, 0, FrameType.PING, 0, 0);
                    out.put(0, (byte) 0).put(3, (byte) 0xE1);
                }
            }
        }
    }

    private static byte[] octets(ByteBuffer out) {
        byte[] octets = new byte[out.flip().remaining()];
        out.get(octets);
        return octets;
    }

    private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(30, TimeUnit.SECONDS);
        assertThat(next).as("seed %d", SEED).isNotNull();
        return next;
    }

    private final class Events implements Session.Listener {
        @Override
        public void onOpen(Session session) {
            sessions.add(session);
        }

        @Override
        public InboundStream.Listener onRequest(InboundStream stream, RequestHead head) {
            stream.started();
            return new Echo(stream);
        }

        @Override
        public void onHealth(Session session, Health health) {
            assertThat(health.signals()).isNotNull();
        }

        @Override
        public void onClosed(Session session, ErrorCode code, Throwable cause) {
            ends.add(new End(code, cause));
        }
    }

    /** Answers when the request has ended, or ends its work when it is cancelled. */
    private static final class Echo implements InboundStream.Listener {
        private final InboundStream stream;

        Echo(InboundStream stream) {
            this.stream = stream;
            readAll();
        }

        private void readAll() {
            while (stream.demand()) {
                Content content = stream.read();
                if (content != null && content.last()) {
                    ByteBuffer body = ByteBuffer.wrap("hello".getBytes(UTF_8));
                    stream.send(new HeadWriter().response(200, 5), body, true, null, Callback.NOOP);
                    stream.completed(null);
                    return;
                }
            }
        }

        @Override
        public void onContentAvailable() {
            readAll();
        }

        @Override
        public void onCancel(ErrorCode code, Throwable cause) {
            stream.completed(null);
        }
    }

    /** Counts ends: exactly one of them comes for each stream. */
    private final class Ends implements OutboundStream.Listener {
        @Override
        public void onNack(OutboundStream stream, Nack nack) {
            ended.incrementAndGet();
        }

        @Override
        public void onResponse(OutboundStream stream, ResponseHead head) {}

        @Override
        public void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner) {
            stream.consumed(slice.remaining());
        }

        @Override
        public void onEnd(OutboundStream stream, Fields trailers, Usage usage, boolean moreWork) {
            ended.incrementAndGet();
        }

        @Override
        public void onFailure(OutboundStream stream, StreamFailure failure) {
            ended.incrementAndGet();
        }
    }
}
