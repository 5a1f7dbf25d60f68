/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.Proofs;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Content;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The session of an instance against PROTOCOL.md, as a peer sees it that knows nothing but the wire. */
class ServerConformanceTest {

    private static final String SECRET = "correct horse battery staple";
    private static final long SECONDS = 30;
    private static final int MAX_STREAMS = 20;

    private final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    private final BlockingQueue<InboundStream> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private TunnelTransport transport;
    private WirePeer.Listener listener;
    private Dialler dialler;
    private WirePeer router;

    @BeforeEach
    void start() throws IOException {
        listener = WirePeer.listen();
        transport = TunnelTransport.builder().name("server").build();
        transport.start();
        dialler = Dialler.builder()
                .transport(transport)
                .router(URI.create("tcp://127.0.0.1:" + listener.port()))
                .secret(Secret.of(SECRET))
                .backOff(Duration.ofMillis(10), Duration.ofMillis(50))
                .hello(() -> Hello.builder()
                        .instanceId("instance-1")
                        .function("shop")
                        .deployment("v1")
                        .settings(new Settings(131_072, 65_536, 131_072, MAX_STREAMS, 16_384, 2_000, 250)))
                .listener(session -> new SessionRecorder())
                .build();
        dialler.start();
        router = listener.accept();
    }

    @AfterEach
    void stop() throws IOException {
        dialler.close();
        router.close();
        listener.close();
        transport.close();
    }

    // ---- section 4 ---------------------------------------------------------------------------------------------

    @Test
    void p4_5_anAcceptorWithoutTheSecretIsLeft() throws IOException {
        WireFrame hello = router.await(FrameType.HELLO);
        byte[] challenge = new Challenge(1, Hello.AUTH_SECRET, new byte[32]).encode();
        router.send(FrameType.CHALLENGE, 0, 0, challenge);
        byte[] proof = router.await(FrameType.PROOF).payload();
        byte[] rest = WireHandshake.welcomeRest("router-1");
        byte[] wrong = Proofs.acceptor("another".getBytes(UTF_8), hello.payload(), challenge, proof, rest);
        router.send(FrameType.WELCOME, 0, 0, Welcome.payload(wrong, rest));
        router.awaitClose(ErrorCode.UNAUTHENTICATED);
        router.awaitEnd();
        assertThat(sessions).isEmpty();
    }

    @Test
    void p4_5_aProofThatIsLeftOutIsNoProof() throws IOException {
        router.await(FrameType.HELLO);
        router.send(FrameType.CHALLENGE, 0, 0, new Challenge(1, Hello.AUTH_SECRET, new byte[32]).encode());
        router.await(FrameType.PROOF);
        router.send(FrameType.WELCOME, 0, 0, Welcome.payload(new byte[0], WireHandshake.welcomeRest("router-1")));
        router.awaitEnd();
        assertThat(sessions).isEmpty();
    }

    @Test
    void p4_4_onlyWhatWasOfferedIsChosen() throws IOException {
        router.await(FrameType.HELLO);
        router.send(FrameType.CHALLENGE, 0, 0, new Challenge(1, Hello.AUTH_CERTIFICATE, new byte[32]).encode());
        router.awaitEnd();
        router.assertNone(FrameType.PROOF);
    }

    @Test
    void p4_4_aVersionThatWasNotOfferedIsRefused() throws IOException {
        router.await(FrameType.HELLO);
        router.send(FrameType.CHALLENGE, 0, 0, new Challenge(2, Hello.AUTH_SECRET, new byte[32]).encode());
        router.awaitEnd();
        router.assertNone(FrameType.PROOF);
    }

    @Test
    void itDialsAgainAfterEveryEnd() throws IOException {
        for (int i = 0; i < 3; i++) {
            router.await(FrameType.HELLO);
            router.reset();
            router = listener.accept();
        }
        router.handshakeAsAcceptor(SECRET);
        router.roundTrip();
    }

    // ---- section 5 ---------------------------------------------------------------------------------------------

    @Test
    void p5_2_acceptedComesByItself() throws Exception {
        handshake();
        InboundStream stream = get(1);
        assertThat(stream.started()).isTrue();
        router.await(FrameType.ACCEPTED, 1);
        assertThat(stream.tryNack(Nack.of(NackReason.LIMIT, 0, 1))).isFalse();
    }

    @Test
    void p5_2_aNackKeepsTheRequestFromStarting() throws Exception {
        handshake();
        InboundStream stream = get(1);
        assertThat(stream.tryNack(Nack.of(NackReason.CPU_THROTTLED, 250, 7, 900, "cpu")))
                .isTrue();
        assertThat(stream.started()).isFalse();
        WireFrame nack = router.await(FrameType.NACK, 1);
        assertThat(nack.u16(0)).isEqualTo(NackReason.CPU_THROTTLED.number());
        assertThat(nack.u32(2)).isEqualTo(250);
        assertThat(nack.u32(6)).isEqualTo(7);
        router.roundTrip().assertNone(FrameType.ACCEPTED).assertNone(FrameType.RESPONSE_END);
    }

    @Test
    void p5_4_aResponseInItsOrder() throws Exception {
        handshake();
        InboundStream stream = get(1);
        stream.started();
        stream.interim(new HeadWriter().response(103, -1));
        stream.send(
                new HeadWriter().response(200, 5),
                ByteBuffer.wrap("hello".getBytes(UTF_8)),
                true,
                new HeadWriter().trailers().field("X-Sum", "1"),
                Callback.NOOP);
        stream.completed(new Usage(1, 2, 3, 4, 5));
        assertThat(router.await(FrameType.RESPONSE_INTERIM, 1).u16(0)).isEqualTo(103);
        assertThat(router.await(FrameType.RESPONSE_STARTED, 1).u16(0)).isEqualTo(200);
        assertThat(new String(router.awaitBody(1), UTF_8)).isEqualTo("hello");
        router.roundTrip();
    }

    @Test
    void p5_5_framesThatMayNotComeAfterTheEndOfARequest() throws Exception {
        handshake();
        Object[][] after = {
            {FrameType.REQUEST_BODY, new byte[] {1}}, {FrameType.REQUEST_END, new byte[0]},
        };
        int id = 0;
        for (Object[] frame : after) {
            get(++id).started();
            router.send((FrameType) frame[0], 0, id, (byte[]) frame[1]);
            assertThat(router.await(FrameType.CANCEL, id).u16(0)).isEqualTo(ErrorCode.PROTOCOL.number());
            assertEvents(id + " cancel PROTOCOL");

            post(++id, -1).started();
            router.send(FrameType.REQUEST_END, 0, id, new byte[0]);
            router.send((FrameType) frame[0], 0, id, (byte[]) frame[1]);
            assertThat(router.await(FrameType.CANCEL, id).u16(0)).isEqualTo(ErrorCode.PROTOCOL.number());
            assertEvents(id + " content", id + " cancel PROTOCOL");
        }
        router.roundTrip();
    }

    @Test
    void p5_6_aCancelledRequestEndsWhenItsWorkEnds() throws Exception {
        handshake();
        InboundStream stream = post(1, -1);
        stream.started();
        router.cancel(1, ErrorCode.CLIENT_GONE).roundTrip();
        assertEvents("1 cancel CLIENT_GONE");
        assertThat(stream.cancelled()).isTrue();
        assertThat(stream.session().streamsInFlight()).isEqualTo(1);
        router.assertNone(FrameType.CANCEL).assertNone(FrameType.RESPONSE_END);
        stream.completed(new Usage(1, 2, 3, 4, 5));
        WireFrame owed = router.await(
                frame -> frame.stream() == 1 && (frame.is(FrameType.CANCEL) || frame.is(FrameType.RESPONSE_END)),
                "what the server owes");
        assertThat(owed.flags()).isZero();
        assertThat(stream.session().streamsInFlight()).isZero();
    }

    @Test
    void p5_8_framesThatCrossTheEndAreSkipped() throws Exception {
        handshake();
        InboundStream stream = post(1, -1);
        stream.started();
        stream.send(new HeadWriter().response(204, -1), null, true, null, Callback.NOOP);
        stream.completed(null);
        router.await(FrameType.RESPONSE_END, 1);
        router.body(FrameType.REQUEST_BODY, 1, new byte[100])
                .send(FrameType.REQUEST_END, 0, 1, new byte[0])
                .credit(1, 100)
                .cancel(1, ErrorCode.CLIENT_GONE)
                .roundTrip()
                .assertNone(FrameType.CANCEL);
        assertThat(events).isEmpty();
    }

    @Test
    void p5_10_workBehindAnEndedResponse() throws Exception {
        handshake();
        InboundStream stream = get(1);
        stream.started();
        stream.send(new HeadWriter().response(200, 0), null, true, null, Callback.NOOP);
        stream.releaseEnd();
        WireFrame end = router.await(FrameType.RESPONSE_END, 1);
        assertThat(end.flags()).isEqualTo(1);
        assertThat(stream.session().streamsInFlight()).isEqualTo(1);
        stream.completed(new Usage(1, 2, 3, 4, 5));
        assertThat(router.await(FrameType.WORK_END, 1).length()).isEqualTo(37);
        assertThat(stream.session().streamsInFlight()).isZero();
    }

    @Test
    void p5_11_aRequestBodyAddsUpToItsLength() throws Exception {
        handshake();
        post(1, 3).started();
        router.body(FrameType.REQUEST_BODY, 1, new byte[4]);
        assertThat(router.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.LENGTH.number());
        post(2, 3).started();
        router.body(FrameType.REQUEST_BODY, 2, new byte[2]).send(FrameType.REQUEST_END, 0, 2, new byte[0]);
        assertThat(router.await(FrameType.CANCEL, 2).u16(0)).isEqualTo(ErrorCode.LENGTH.number());
        assertEvents("1 cancel LENGTH", "2 content", "2 cancel LENGTH");
        router.roundTrip();
    }

    @Test
    void p5_20_aHeadThatIsNotOneIsRefusedAndNothingElse() throws Exception {
        handshake();
        byte[] head = Arrays.copyOf(
                WirePeer.requestHead("GET", "/", -1).array(),
                WirePeer.requestHead("GET", "/", -1).length());
        head[1] = 9; // The scheme.
        router.send(FrameType.REQUEST_STARTED, 1, 1, head);
        assertThat(router.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.MALFORMED.number());
        byte[] large = new byte[16_385];
        router.send(FrameType.REQUEST_STARTED, 1, 2, large);
        assertThat(router.await(FrameType.CANCEL, 2).u16(0)).isEqualTo(ErrorCode.HEAD_TOO_LARGE.number());
        assertThat(requests).isEmpty();
        get(3);
    }

    @Test
    void p3_2_anIdIsNeverUsedAgain() throws Exception {
        handshake();
        get(5);
        router.get(5, "/");
        router.awaitClose(ErrorCode.PROTOCOL);
        assertEvents("5 cancel PROTOCOL");
    }

    // ---- sections 6 to 9 ---------------------------------------------------------------------------------------

    @Test
    void p6_4_trailersThatMayNotBe() throws Exception {
        handshake();
        post(1, -1).started();
        // One trailer, Content-Length with a literal name.
        router.sendHex("00 00 15 12 00 00 00 00 01 00 01 00 0e 43 6f 6e 74 65 6e 74 2d 4c 65 6e 67 74 68 00 01 35");
        assertThat(router.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.MALFORMED.number());
        assertEvents("1 cancel MALFORMED");
    }

    @Test
    void p7_1_noMoreBodyThanCredit() throws Exception {
        router.handshakeAsAcceptor(SECRET); // The router's windows: 256 KiB and 16 MiB.
        Session session = sessions.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(session).isNotNull();
        InboundStream stream = get(1);
        stream.started();
        stream.send(new HeadWriter().response(200, -1), ByteBuffer.allocate(300_000), true, null, Callback.NOOP);
        stream.completed(null);
        int received = 0;
        while (received < 262_144) {
            received += router.await(FrameType.RESPONSE_BODY, 1).length();
        }
        assertThat(received).isEqualTo(262_144);
        router.roundTrip().assertNone(FrameType.RESPONSE_BODY).assertNone(FrameType.RESPONSE_END);
        router.credit(1, 10);
        assertThat(router.await(FrameType.RESPONSE_BODY, 1).length()).isEqualTo(10);
        router.credit(1, 37_846);
        assertThat(router.awaitBody(1)).hasSize(37_846);
    }

    @Test
    void p7_2_bodyBeyondTheStreamsWindow() throws Exception {
        handshake();
        post(1, -1).started();
        router.body(FrameType.REQUEST_BODY, 1, new byte[65_536]).roundTrip();
        router.body(FrameType.REQUEST_BODY, 1, new byte[1]);
        assertThat(router.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.FLOW_CONTROL.number());
        assertEvents("1 content", "1 cancel FLOW_CONTROL");
        router.roundTrip();
    }

    @Test
    void p7_3_creditReturnsAsTheApplicationReadsAndTheSessionsAtOnce() throws Exception {
        handshake();
        InboundStream stream = post(1, -1);
        stream.started();
        router.body(FrameType.REQUEST_BODY, 1, new byte[65_536]);
        assertEvents("1 content");
        // Nothing was read, yet a quarter of the session's window and more lies in the queue.
        assertThat(router.await(FrameType.CREDIT, 0).u32(0)).isGreaterThanOrEqualTo(32_768);
        router.roundTrip();
        assertThat(router.trace()).doesNotContain("<< 0x00000001     4 CREDIT");
        int read = 0;
        while (read < 65_536) {
            Content content = stream.read();
            assertThat(content).isNotNull();
            read += content.data().remaining();
        }
        assertThat(router.await(FrameType.CREDIT, 1).u32(0)).isGreaterThanOrEqualTo(32_768);
    }

    @Test
    void p7_3_discardedBodiesGiveTheSessionsCreditBack() throws Exception {
        handshake();
        InboundStream stream = post(1, -1);
        stream.started();
        router.cancel(1, ErrorCode.CLIENT_GONE).roundTrip();
        stream.completed(null);
        // Twice the session's window in all, for streams that are closed.
        long window = 131_072;
        for (int id = 2; id < 10; id++) {
            post(id, -1).tryNack(Nack.of(NackReason.LIMIT, 0, 1));
            router.await(FrameType.NACK, id);
            while (window < 32_768) {
                window += router.await(FrameType.CREDIT, 0).u32(0);
            }
            router.body(FrameType.REQUEST_BODY, id, new byte[32_768]);
            window -= 32_768;
        }
        router.roundTrip().assertNone(FrameType.CLOSE);
    }

    @Test
    void p3_2_aFrameForAStreamThatWasNeverOpenedEndsTheSession() throws Exception {
        handshake();
        router.send(FrameType.REQUEST_BODY, 0, 9, new byte[1]);
        router.awaitClose(ErrorCode.PROTOCOL);
    }

    @Test
    void p8_6_asksReachTheInstance() throws Exception {
        handshake();
        router.encode(out -> FrameWriter.ask(out, new Ask(Ask.Action.DRAIN, 5_000)));
        assertEvents("ask DRAIN 5000");
        router.encode(out -> FrameWriter.ask(out, new Ask(Ask.Action.UNDRAIN, 0)));
        assertEvents("ask UNDRAIN 0");
    }

    @Test
    void p9_2_moreStreamsThanAnnouncedAreNacked() throws Exception {
        handshake();
        for (int id = 1; id <= MAX_STREAMS; id++) {
            get(id);
        }
        router.get(MAX_STREAMS + 1, "/");
        assertThat(router.await(FrameType.NACK, MAX_STREAMS + 1).u16(0)).isEqualTo(NackReason.STREAMS.number());
        router.roundTrip();
        assertThat(requests).isEmpty();
    }

    @Test
    void rapidResetDoesNotFreeSlots() throws Exception {
        handshake();
        int nacked = 0;
        for (int id = 1; id <= 5 * MAX_STREAMS; id++) {
            router.get(id, "/").cancel(id, ErrorCode.CLIENT_GONE);
        }
        for (int id = MAX_STREAMS + 1; id <= 5 * MAX_STREAMS; id++) {
            nacked += router.await(FrameType.NACK, id).u16(0) == NackReason.STREAMS.number() ? 1 : 0;
        }
        assertThat(nacked).isEqualTo(4 * MAX_STREAMS);
        assertThat(requests).hasSize(MAX_STREAMS);
        for (InboundStream stream : requests) {
            stream.completed(null);
        }
        router.get(1000, "/").roundTrip().assertNone(FrameType.CLOSE);
        assertThat(sessions.peek().streamsInFlight()).isEqualTo(1);
    }

    @Test
    void p5_9_aSessionErrorFailsEveryStreamAndTheTunnelIsDialledAgain() throws Exception {
        handshake();
        get(1).started();
        get(2);
        router.send(0x7F, 0, 0, new byte[0]);
        router.awaitClose(ErrorCode.UNSUPPORTED);
        assertEvents("1 cancel UNSUPPORTED", "2 cancel UNSUPPORTED", "closed UNSUPPORTED");
        try (WirePeer next = listener.accept()) {
            next.handshakeAsAcceptor(SECRET);
        }
    }

    private void handshake() throws Exception {
        router.handshakeAsAcceptor(SECRET);
        router.roundTrip();
        assertThat(sessions).hasSize(1);
    }

    private InboundStream get(int id) throws Exception {
        router.get(id, "/");
        return next(id);
    }

    private InboundStream post(int id, long contentLength) throws Exception {
        router.request(id, WirePeer.requestHead("POST", "/", contentLength), false);
        return next(id);
    }

    private InboundStream next(int id) throws InterruptedException {
        InboundStream stream = requests.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(stream).as("request %d", id).isNotNull();
        assertThat(stream.id()).isEqualTo(id);
        if (!stream.head().endOfRequest()) {
            assertThat(stream.demand()).isFalse();
        }
        return stream;
    }

    private void assertEvents(String... expected) throws InterruptedException {
        for (String each : expected) {
            String event = events.poll(SECONDS, TimeUnit.SECONDS);
            assertThat(event)
                    .as("trace:%n%s", String.join("\n", router.trace()))
                    .isEqualTo(each);
        }
    }

    private final class SessionRecorder implements Session.Listener {
        @Override
        public void onOpen(Session session) {
            sessions.add(session);
        }

        @Override
        public InboundStream.Listener onRequest(InboundStream stream, RequestHead head) {
            requests.add(stream);
            return new InboundStream.Listener() {
                @Override
                public void onContentAvailable() {
                    events.add(stream.id() + " content");
                }

                @Override
                public void onCancel(ErrorCode code, Throwable cause) {
                    events.add(stream.id() + " cancel " + code);
                }
            };
        }

        @Override
        public void onAsk(Session session, Ask ask) {
            events.add("ask " + ask.action() + " " + ask.timeoutMillis());
        }

        @Override
        public void onClosed(Session session, ErrorCode code, Throwable cause) {
            events.add("closed " + code);
        }
    }
}
