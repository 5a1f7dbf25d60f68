/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Close;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.Proofs;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Authenticator;
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
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The session of a router against PROTOCOL.md, as a peer sees it that knows nothing but the wire. */
class RequesterConformanceTest {

    private static final String SECRET = "correct horse battery staple";
    private static final long SECONDS = 30;
    /** A HEALTH frame with it makes the session's listener throw. */
    private static final long BROKEN_SEQUENCE = 666;

    private final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private TunnelTransport transport;
    private TunnelAcceptor acceptor;
    private WirePeer instance;

    @BeforeEach
    void start() throws IOException {
        transport = TunnelTransport.builder().name("requester").build();
        transport.start();
        acceptor = accept(Settings.REQUESTER_DEFAULTS);
        instance = WirePeer.dial(acceptor.localPort());
    }

    @AfterEach
    void stop() throws IOException {
        instance.close();
        acceptor.close();
        transport.close();
    }

    // ---- section 4 ---------------------------------------------------------------------------------------------

    @Test
    void p4_5_theWrongSecretIsRefusedWithoutDetail() throws IOException {
        byte[] wrong = "another".getBytes(UTF_8);
        byte[] hello = WirePeer.instance("shop").payload(wrong);
        instance.send(FrameType.HELLO, 0, 0, hello);
        byte[] challenge = instance.await(FrameType.CHALLENGE).payload();
        instance.send(FrameType.PROOF, 0, 0, Proofs.dialler(wrong, hello, challenge));
        WireFrame close = instance.awaitClose(ErrorCode.UNAUTHENTICATED);
        assertThat(close.hex()).isEqualTo("000a00");
        instance.awaitEnd();
        assertThat(sessions).isEmpty();
    }

    @Test
    void p4_5_aProofOfAnotherHandshakeIsRefused() throws IOException {
        byte[] secret = SECRET.getBytes(UTF_8);
        byte[] hello = WirePeer.instance("shop").payload(secret);
        instance.send(FrameType.HELLO, 0, 0, hello);
        byte[] proof = Proofs.dialler(
                secret, hello, instance.await(FrameType.CHALLENGE).payload());
        try (WirePeer again = WirePeer.dial(acceptor.localPort())) {
            again.send(FrameType.HELLO, 0, 0, hello);
            again.await(FrameType.CHALLENGE);
            again.send(FrameType.PROOF, 0, 0, proof);
            again.awaitClose(ErrorCode.UNAUTHENTICATED);
        }
    }

    @Test
    void p4_2_whatIsNotThisProtocolGetsNoAnswer() throws IOException {
        instance.sendOctets("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8));
        instance.awaitEnd();
        assertThat(instance.trace()).containsExactly("<< end");
    }

    @Test
    void p4_4_noCommonVersion() throws IOException {
        WireHandshake.HelloSpec later = WirePeer.instance("shop").with(hello -> hello.versions(2, 9));
        instance.send(FrameType.HELLO, 0, 0, later.payload(SECRET.getBytes(UTF_8)));
        instance.awaitClose(ErrorCode.VERSION);
    }

    @Test
    void p4_4_theHighestCommonVersionIsChosen() throws IOException {
        instance.handshakeAsDialler(WirePeer.instance("shop").with(hello -> hello.versions(0, 9)), SECRET);
        assertThat(sessions.remove().open()).isTrue();
    }

    @Test
    void p4_7_aFunctionThatTheSecretDoesNotAllow() {
        assertThatThrownBy(() -> instance.handshakeAsDialler(WirePeer.instance("forbidden"), SECRET))
                .hasMessageContaining("UNAUTHORIZED");
    }

    @Test
    void p4_7_anInstanceIdBelongsToOneGroup() throws Exception {
        WireHandshake.HelloSpec first = WirePeer.instance("shop").with(hello -> hello.instanceId("one"));
        instance.handshakeAsDialler(first, SECRET);
        try (WirePeer same = WirePeer.dial(acceptor.localPort());
                WirePeer other = WirePeer.dial(acceptor.localPort())) {
            same.handshakeAsDialler(first, SECRET);
            assertThatThrownBy(() -> other.handshakeAsDialler(
                            WirePeer.instance("shop").with(hello -> hello.instanceId("one")), SECRET))
                    .hasMessageContaining("DUPLICATE");
        }
    }

    @Test
    void p4_1_framesOfASessionDoNotComeBeforeWelcome() throws IOException {
        instance.send(FrameType.HELLO, 0, 0, WirePeer.instance("shop").payload(SECRET.getBytes(UTF_8)));
        instance.await(FrameType.CHALLENGE);
        instance.healthy(1);
        instance.awaitClose(ErrorCode.PROTOCOL);
    }

    @Test
    void p4_6_settingsOutsideTheirRange() throws IOException {
        byte[] hello = WirePeer.instance("shop").payload(SECRET.getBytes(UTF_8));
        hello[40] = 0x7F; // The largest frame payload becomes 2 GiB.
        instance.send(FrameType.HELLO, 0, 0, hello);
        instance.awaitClose(ErrorCode.SETTINGS);
    }

    // ---- section 5 ---------------------------------------------------------------------------------------------

    @Test
    void p5_4_aWholeLife() throws Exception {
        Session session = handshake();
        assertThat(open(session).id()).isEqualTo(1);
        assertThat(open(session).id()).isEqualTo(2);
        assertThat(instance.await(FrameType.REQUEST_STARTED, 1).flags()).isEqualTo(1);
        instance.send(FrameType.ACCEPTED, 0, 1, new byte[0]);
        instance.encode(out -> FrameWriter.interim(out, 1, new HeadWriter().response(103, -1)));
        instance.respond(1, 200, "hello");
        assertEvents("1 accepted", "1 interim 103", "1 response 200", "1 body hello", "1 end 0");
        assertThat(session.streamsInFlight()).isEqualTo(1);
    }

    @Test
    void p5_4_framesThatMayNotComeInAState() throws Exception {
        Session session = handshake();
        byte[] body = {1};
        byte[] end = {0, 0};
        byte[] nack = ByteBuffer.allocate(15).putShort((short) 1).array();
        byte[] head = ByteBuffer.allocate(12).putShort((short) 200).putLong(-1).array();
        Object[][] illegal = {
            // state, type, payload
            {"opened", FrameType.RESPONSE_BODY, body},
            {"opened", FrameType.RESPONSE_END, end},
            {"opened", FrameType.WORK_END, new byte[0]},
            {"accepted", FrameType.ACCEPTED, new byte[0]},
            {"accepted", FrameType.NACK, nack},
            {"accepted", FrameType.RESPONSE_BODY, body},
            {"accepted", FrameType.RESPONSE_END, end},
            {"accepted", FrameType.WORK_END, new byte[0]},
            {"responding", FrameType.ACCEPTED, new byte[0]},
            {"responding", FrameType.NACK, nack},
            {"responding", FrameType.RESPONSE_STARTED, head},
            {"responding", FrameType.WORK_END, new byte[0]},
        };
        for (Object[] row : illegal) {
            int stream = open(session).id();
            instance.await(FrameType.REQUEST_STARTED, stream);
            if (row[0].equals("accepted")) {
                instance.send(FrameType.ACCEPTED, 0, stream, new byte[0]);
                assertEvents(stream + " accepted");
            } else if (row[0].equals("responding")) {
                instance.send(FrameType.RESPONSE_STARTED, 0, stream, head);
                assertEvents(stream + " response 200");
            }
            instance.send((FrameType) row[1], 0, stream, (byte[]) row[2]);
            assertThat(instance.await(FrameType.CANCEL, stream).u16(0))
                    .as("%s in state %s", row[1], row[0])
                    .isEqualTo(ErrorCode.PROTOCOL.number());
            assertEvents(stream + " failure PROTOCOL notStarted=false");
            // The stream is in flight until the server says that it has ended (P-5.6).
            instance.cancel(stream, ErrorCode.PROTOCOL).roundTrip();
            assertEvents(stream + " work end");
        }
        assertThat(session.streamsInFlight()).isZero();
        assertThat(session.open()).isTrue();
    }

    @Test
    void p5_3_onlyANackMakesAnotherAttemptSafe() throws Exception {
        Session session = handshake();
        open(session);
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 2);
        instance.nack(1, Nack.of(NackReason.LIMIT, 250, 1)).roundTrip();
        assertEvents("1 nack LIMIT");
        instance.reset();
        assertEvents("2 failure CONNECTION_LOST notStarted=false");
    }

    @Test
    void p5_6_aCancelledStreamIsInFlightUntilItsWorkHasEnded() throws Exception {
        Session session = handshake();
        OutboundStream stream = open(session);
        instance.await(FrameType.REQUEST_STARTED, 1);
        stream.cancel(ErrorCode.CLIENT_GONE);
        assertThat(instance.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.CLIENT_GONE.number());
        instance.encode(out -> FrameWriter.cancel(out, 1, ErrorCode.CLIENT_GONE, "", null, true));
        instance.roundTrip();
        assertThat(session.streamsInFlight()).isEqualTo(1);
        instance.encode(out -> FrameWriter.workEnd(out, 1, null));
        instance.roundTrip();
        assertThat(session.streamsInFlight()).isZero();
    }

    @Test
    void p5_7_aServersCancelFailsTheResponse() throws Exception {
        Session session = handshake();
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.cancel(1, ErrorCode.INTERNAL);
        assertEvents("1 failure INTERNAL notStarted=false");
        assertThat(session.streamsInFlight()).isZero();
    }

    @Test
    void p5_8_framesOfClosedStreamsAreSkipped() throws Exception {
        Session session = handshake();
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.respond(1, 200, "a").roundTrip();
        instance.respond(1, 200, "b")
                .respond(77, 200, "c")
                .cancel(1, ErrorCode.INTERNAL)
                .roundTrip();
        instance.assertNone(FrameType.CANCEL).assertNone(FrameType.CLOSE);
        assertEvents("1 response 200", "1 body a", "1 end 0");
        assertThat(events).isEmpty();
    }

    @Test
    void p5_10_workAfterTheResponse() throws Exception {
        Session session = handshake();
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.encode(out -> FrameWriter.responseStarted(out, 1, new HeadWriter().response(200, 0)));
        instance.responseEnd(1, new Usage(1, 2, 3, 4, 5), true).roundTrip();
        assertEvents("1 response 200", "1 end 2 more work");
        assertThat(session.streamsInFlight()).isEqualTo(1);
        instance.send(FrameType.WORK_END, 0, 1, new byte[0]).roundTrip();
        assertEvents("1 work end");
        assertThat(session.streamsInFlight()).isZero();
    }

    @Test
    void p5_11_aBodyAddsUpToItsLength() throws Exception {
        Session session = handshake();
        String[][] cases = {{"200", "3", "abcd"}, {"200", "3", "ab"}, {"204", "-1", "a"}, {"304", "5", "a"}};
        for (String[] each : cases) {
            int stream = open(session).id();
            instance.await(FrameType.REQUEST_STARTED, stream);
            instance.encode(out -> {
                int status = Integer.parseInt(each[0]);
                FrameWriter.responseStarted(out, stream, new HeadWriter().response(status, Long.parseLong(each[1])));
                FrameWriter.body(out, FrameType.RESPONSE_BODY, stream, ByteBuffer.wrap(each[2].getBytes(UTF_8)));
                FrameWriter.responseEnd(out, stream, null, null, false);
            });
            instance.roundTrip();
            String last = "";
            while (!last.contains("failure")) {
                last = event();
                assertThat(last).doesNotContain(" end ");
            }
            assertThat(last).isEqualTo(stream + " failure LENGTH notStarted=false");
        }
        assertThat(session.open()).isTrue();
    }

    @Test
    void p6_3_aHeadThatIsNotOneEndsItsStreamOnly() throws Exception {
        Session session = handshake();
        open(session);
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 2);
        // A response with Transfer-Encoding, and one with a line feed in a value.
        byte[] framing = head("Transfer-Encoding", "chunked");
        byte[] split = head("X-A", "b\r\nSet-Cookie: c");
        instance.send(FrameType.RESPONSE_STARTED, 0, 1, framing).send(FrameType.RESPONSE_STARTED, 0, 2, split);
        assertThat(instance.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.MALFORMED.number());
        assertThat(instance.await(FrameType.CANCEL, 2).u16(0)).isEqualTo(ErrorCode.MALFORMED.number());
        assertEvents("1 failure MALFORMED notStarted=false", "2 failure MALFORMED notStarted=false");
        instance.roundTrip();
        assertThat(session.open()).isTrue();
    }

    // ---- sections 7 to 9 ---------------------------------------------------------------------------------------

    @Test
    void p7_2_bodyBeyondTheStreamsWindow() throws Exception {
        Session session = handshake();
        open(session);
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.encode(out -> FrameWriter.responseStarted(out, 1, new HeadWriter().response(200, -1)));
        // The listener takes everything but says that it has consumed nothing.
        for (int i = 0; i < 8; i++) {
            instance.body(FrameType.RESPONSE_BODY, 1, new byte[32_768]);
        }
        instance.roundTrip().assertNone(FrameType.CANCEL);
        instance.body(FrameType.RESPONSE_BODY, 1, new byte[1]);
        assertThat(instance.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.FLOW_CONTROL.number());
        assertThat(session.open()).isTrue();
    }

    @Test
    void p7_2_windowsEndAtTwoToThe31MinusOne() throws Exception {
        Session session = handshake();
        OutboundStream stream = session.open(WirePeer.requestHead("POST", "/", -1), false, new Recorder());
        assertThat(stream).isNotNull();
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.credit(1, Integer.MAX_VALUE);
        assertThat(instance.await(FrameType.CANCEL, 1).u16(0)).isEqualTo(ErrorCode.FLOW_CONTROL.number());
        instance.roundTrip();
        instance.credit(0, Integer.MAX_VALUE);
        instance.awaitClose(ErrorCode.FLOW_CONTROL);
    }

    @Test
    void p8_2_aPeerThatFallsSilentIsNoticed() throws Exception {
        acceptor.close();
        acceptor = accept(new Settings(131_072, 262_144, 16_777_216, 0, 98_304, 100, 0));
        try (WirePeer silent = WirePeer.dial(acceptor.localPort())) {
            silent.answerPings(false);
            silent.handshakeAsDialler(WirePeer.instance("shop"), SECRET);
            silent.await(FrameType.PING);
            silent.awaitClose(ErrorCode.TIMEOUT);
            silent.awaitEnd();
        }
        assertThat(nextClosed()).isEqualTo("closed TIMEOUT");
    }

    @Test
    void p8_3_staleHealthIsDropped() throws Exception {
        handshake();
        for (long sequence : new long[] {2, 1, 2, 3}) {
            instance.healthy(sequence);
        }
        instance.roundTrip();
        assertEvents("health 2", "health 3");
        assertThat(events).isEmpty();
    }

    @Test
    void p8_4_nothingIsOpenedWhereAServerDrains() throws Exception {
        Session session = handshake();
        instance.send(FrameType.DRAIN, 0, 0, new byte[] {0, 0, 1, 0, 0, 0, 0, 0, 0})
                .roundTrip();
        assertThat(session.open(WirePeer.requestHead("GET", "/", 0), true, new Recorder()))
                .isNull();
        instance.healthy(1).roundTrip();
        assertThat(session.open(WirePeer.requestHead("GET", "/", 0), true, new Recorder()))
                .isNotNull();
    }

    @Test
    void p9_2_noMoreStreamsThanTheServerTakes() throws Exception {
        instance.handshakeAsDialler(
                WirePeer.instance("shop")
                        .with(hello ->
                                hello.settings(new Settings(131_072, 262_144, 16_777_216, 1, 98_304, 2_000, 250))),
                SECRET);
        Session session = sessions.poll(SECONDS, TimeUnit.SECONDS);
        open(session);
        assertThat(session.open(WirePeer.requestHead("GET", "/", 0), true, new Recorder()))
                .isNull();
        instance.await(FrameType.REQUEST_STARTED, 1);
        instance.respond(1, 200, "").roundTrip();
        assertThat(open(session).id()).isEqualTo(2);
    }

    @Test
    void p9_4_floodsEndTheSession() throws Exception {
        Flood[] floods = {
            peer -> peer.ping(1),
            peer -> peer.send(0xE5, 0, 0, new byte[0]),
            peer -> peer.body(FrameType.RESPONSE_BODY, 1, new byte[0]),
            peer -> peer.send(FrameType.ACCEPTED, 0, 99, new byte[0]),
            peer -> peer.credit(0, 1),
            peer -> peer.healthy(5),
        };
        for (Flood flood : floods) {
            try (WirePeer peer = WirePeer.dial(acceptor.localPort())) {
                peer.handshakeAsDialler(WirePeer.instance("shop"), SECRET);
                try {
                    for (int i = 0; i < 20_000 && !peer.ended(); i++) {
                        flood.send(peer);
                    }
                } catch (IOException e) {
                    // The other end has closed while we sent: that is what is wanted.
                }
                peer.awaitEnd();
                assertThat(nextClosed()).isEqualTo("closed RATE_LIMITED");
            }
        }
    }

    @Test
    void p5_9_afterCloseNothingIsRead() throws Exception {
        Session session = handshake();
        instance.encode(out -> {
            FrameWriter.close(out, Close.of(ErrorCode.SHUTDOWN, "bye"));
            FrameWriter.health(out, new Health(9, 0, Health.State.ACCEPTING, 0, 0, 0, List.of()));
        });
        instance.awaitEnd();
        assertThat(nextClosed()).isEqualTo("closed SHUTDOWN");
        // Refusals and ends are logged with the address, after the socket has gone.
        assertThat(session.remoteAddress().toString()).endsWith(":" + instance.localPort());
        assertThat(events).noneMatch(event -> event.startsWith("health"));
    }

    @Test
    void p11_1_aCodeThatIsNotKnownCountsAsInternalAndIsNoFaultOfThisEnd() throws Exception {
        handshake();
        instance.send(FrameType.CLOSE, 0, 0, new byte[] {0x12, 0x34, 0});
        assertThat(nextClosed()).isEqualTo("closed INTERNAL");
    }

    @Test
    void aListenerThatThrowsIsAFaultOfThisEndAndSaysSo() throws Exception {
        handshake();
        instance.healthy(BROKEN_SEQUENCE);
        instance.awaitClose(ErrorCode.INTERNAL);
        assertThat(nextClosed()).isEqualTo("closed INTERNAL by IllegalStateException");
    }

    private interface Flood {
        void send(WirePeer peer) throws IOException;
    }

    private TunnelAcceptor accept(Settings settings) {
        TunnelAcceptor made = TunnelAcceptor.builder()
                .transport(transport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .authenticator(new ShopOnly())
                .welcome(() -> new Welcome(settings, "router-1", "", "", List.of(), "test/1"))
                .listener(session -> new SessionRecorder())
                .build();
        made.start();
        return made;
    }

    private Session handshake() throws Exception {
        instance.handshakeAsDialler(WirePeer.instance("shop"), SECRET);
        Session session = sessions.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(session).isNotNull();
        return session;
    }

    private OutboundStream open(Session session) {
        OutboundStream stream = session.open(WirePeer.requestHead("GET", "/", 0), true, new Recorder());
        assertThat(stream).isNotNull();
        return stream;
    }

    private static byte[] head(String name, String value) {
        byte[] nameOctets = name.getBytes(UTF_8);
        byte[] valueOctets = value.getBytes(UTF_8);
        return ByteBuffer.allocate(12 + 4 + nameOctets.length + valueOctets.length)
                .putShort((short) 200)
                .putLong(-1)
                .putShort((short) 1)
                .put((byte) 0)
                .put((byte) nameOctets.length)
                .put(nameOctets)
                .putShort((short) valueOctets.length)
                .put(valueOctets)
                .array();
    }

    private String event() throws InterruptedException {
        String event = events.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(event)
                .as("an event; trace:%n%s", String.join("\n", instance.trace()))
                .isNotNull();
        return event;
    }

    private void assertEvents(String... expected) throws InterruptedException {
        for (String each : expected) {
            assertThat(event()).isEqualTo(each);
        }
    }

    private String nextClosed() throws InterruptedException {
        while (true) {
            String event = event();
            if (event.startsWith("closed")) {
                return event;
            }
        }
    }

    /** One secret, which is good for the function shop alone. */
    private static final class ShopOnly implements Authenticator {
        @Override
        public List<Secret> secrets() {
            return List.of(Secret.of(SECRET));
        }

        @Override
        public Decision decide(Secret proved, Hello hello) {
            return hello.function().equals("shop") ? Decision.ALLOWED : Decision.UNAUTHORIZED;
        }
    }

    private final class SessionRecorder implements Session.Listener {
        @Override
        public void onOpen(Session session) {
            sessions.add(session);
        }

        @Override
        public void onHealth(Session session, Health health) {
            if (health.sequence() == BROKEN_SEQUENCE) {
                throw new IllegalStateException("broken on purpose");
            }
            events.add("health " + health.sequence());
        }

        @Override
        public void onClosed(Session session, ErrorCode code, Throwable cause) {
            boolean fault = code == ErrorCode.INTERNAL && cause != null;
            events.add("closed " + code + (fault ? " by " + cause.getClass().getSimpleName() : ""));
        }
    }

    private final class Recorder implements OutboundStream.Listener {
        @Override
        public void onAccepted(OutboundStream stream) {
            events.add(stream.id() + " accepted");
        }

        @Override
        public void onNack(OutboundStream stream, Nack nack) {
            events.add(stream.id() + " nack " + nack.reason());
        }

        @Override
        public void onInterim(OutboundStream stream, ResponseHead head) {
            events.add(stream.id() + " interim " + head.status());
        }

        @Override
        public void onResponse(OutboundStream stream, ResponseHead head) {
            events.add(stream.id() + " response " + head.status());
        }

        @Override
        public void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner) {
            byte[] octets = new byte[slice.remaining()];
            slice.get(octets);
            if (octets.length < 100) {
                events.add(stream.id() + " body " + new String(octets, UTF_8));
            }
        }

        @Override
        public void onEnd(OutboundStream stream, Fields trailers, Usage usage, boolean moreWork) {
            events.add(stream.id() + " end " + (usage == null ? 0 : usage.activeCpuNanos())
                    + (moreWork ? " more work" : ""));
        }

        @Override
        public void onWorkEnd(OutboundStream stream, Usage usage) {
            events.add(stream.id() + " work end");
        }

        @Override
        public void onFailure(OutboundStream stream, StreamFailure failure) {
            events.add(stream.id() + " failure " + failure.code() + " notStarted=" + failure.notStarted());
        }
    }
}
