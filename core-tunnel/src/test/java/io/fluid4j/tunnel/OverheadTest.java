/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.bytes;
import static io.fluid4j.tunnel.Tunnels.take;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Floods are bounded: PROTOCOL.md section 9. */
@Timeout(60)
final class OverheadTest {

    private static final int FLOOD = 1_000;

    @Test
    void p9_4_pings() throws Exception {
        flood(out -> FrameWriter.ping(out, 1), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p9_4_unknownIgnorableFrames() throws Exception {
        flood(out -> out.putInt(0xF0).put((byte) 0).putInt(0), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p3_4_anUnknownFrameThatMayNotBeIgnored() throws Exception {
        flood(out -> out.putInt(0x50).put((byte) 0).putInt(0), ErrorCode.UNSUPPORTED);
    }

    @Test
    void p9_4_framesOfClosedStreams() throws Exception {
        flood(out -> FrameWriter.accepted(out, 77), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p9_4_emptyBodies() throws Exception {
        flood(out -> FrameWriter.header(out, 0, FrameType.RESPONSE_BODY, 0, 77), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p9_4_tinyCredit() throws Exception {
        flood(out -> FrameWriter.credit(out, 0, 1), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p9_4_health() throws Exception {
        Health health = new Health(1, 1, Health.State.ACCEPTING, 0, 0, 0, List.of());
        flood(out -> FrameWriter.health(out, health), ErrorCode.RATE_LIMITED);
    }

    @Test
    void p9_4_logs() throws Exception {
        LogLine line = new LogLine(1, LogLine.INFO, 0, "a", "b");
        // All at once: twice the bucket, so that no slow machine can refill it meanwhile.
        flood(
                out -> {
                    for (int i = 0; i < 20_000; i++) {
                        FrameWriter.log(out, 0, line);
                    }
                },
                ErrorCode.RATE_LIMITED);
    }

    @Test
    void p7_2_aWindowThatOverflows() throws Exception {
        flood(out -> FrameWriter.credit(out, 0, Integer.MAX_VALUE), ErrorCode.FLOW_CONTROL);
    }

    @Test
    void p7_1_bodyBeyondTheSessionsWindow() throws Exception {
        Settings small = new Settings(131_072, 65_536, 65_536, 0, 98_304, 2_000, 0);
        // One frame is larger than the window: there is no way to have had credit for it.
        ByteBuffer body = ByteBuffer.allocate(100_000);
        try (Tunnels tunnels = idle(small);
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            tunnels.requester().open(Tunnels.get("/"), true, new Tunnels.Response());
            peer.send(out -> FrameWriter.responseStarted(out, 1, Tunnels.ok(-1)));
            sendUntilClosed(peer, out -> FrameWriter.body(out, FrameType.RESPONSE_BODY, 1, body.duplicate()));
            assertThat(peer.next(FrameType.CLOSE).code()).isEqualTo(ErrorCode.FLOW_CONTROL.number());
        }
    }

    @Test
    void p7_1_bodyBeyondTheStreamsWindowIsAStreamError() throws Exception {
        Settings small = new Settings(131_072, 16_384, 16 << 20, 0, 98_304, 2_000, 0);
        try (Tunnels tunnels = idle(small);
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            response.consume = false;
            session.open(Tunnels.get("/"), true, response);
            peer.send(out -> FrameWriter.responseStarted(out, 1, Tunnels.ok(-1)));
            peer.send(out -> FrameWriter.body(out, FrameType.RESPONSE_BODY, 1, ByteBuffer.allocate(20_000)));
            assertThat(response.done().outcome).isEqualTo("failure FLOW_CONTROL");
            assertThat(peer.next(FrameType.CANCEL).code()).isEqualTo(ErrorCode.FLOW_CONTROL.number());
            assertThat(session.open()).isTrue();
        }
    }

    @Test
    void p9_3_answersThatAreNotReadAreBounded() throws Exception {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.tryNack(Nack.of(NackReason.LIMIT, 0, 0, 0, "a signal with a rather long name"));
            return null;
        });
        // The peer is a requester here: it dials as a router and never reads the nacks.
        Hello.Builder router =
                Hello.builder().role(Hello.Role.ROUTER).instanceId("router-2").settings(Settings.REQUESTER_DEFAULTS);
        try (Tunnels tunnels = setup.settingsOfAcceptor(Settings.SERVER_DEFAULTS, setup.app)
                        .idle()
                        .open();
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), router)) {
            tunnels.requester();
            int[] id = {0};
            // Also while the peer always has more to say, as it does here: its answers must not gather uncounted.
            int sent = sendUntilClosed(peer, out -> {
                for (int i = 0; i < 2_000; i++) {
                    FrameWriter.requestStarted(out, ++id[0], Tunnels.get("/"), true);
                }
            });
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(ErrorCode.RATE_LIMITED);
            assertThat(sent).isLessThan(FLOOD);
        }
    }

    @Test
    void ordinaryTrafficIsNoOverhead() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            stream.send(Tunnels.ok(2), bytes("ok"), true, null, org.eclipse.jetty.util.Callback.NOOP);
            stream.completed(null);
            return new Tunnels.Request();
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            for (int i = 0; i < 5_000; i++) {
                session.open(Tunnels.get("/"), true, new Tunnels.Response()).cancel(ErrorCode.CLIENT_GONE);
            }
            until("all ended", () -> session.streamsInFlight() == 0);
            assertThat(session.open()).isTrue();
        }
    }

    @Test
    void aTokenBucketRefills() {
        TokenBucket bucket = new TokenBucket(2, 10, 0);
        assertThat(bucket.take(0)).isTrue();
        assertThat(bucket.take(0)).isTrue();
        assertThat(bucket.take(99_000_000)).isFalse();
        assertThat(bucket.take(100_000_000)).isTrue();
        assertThat(bucket.take(100_000_000)).isFalse();
        assertThat(bucket.take(Long.MAX_VALUE / 2)).isTrue();
    }

    private static Tunnels idle(Settings requester) {
        return Tunnels.with((stream, head) -> null)
                .settings(requester, Settings.SERVER_DEFAULTS)
                .idle()
                .open();
    }

    private static void flood(Consumer<ByteBuffer> frame, ErrorCode expected) throws Exception {
        try (Tunnels tunnels = idle(Settings.REQUESTER_DEFAULTS);
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            tunnels.requester();
            for (int i = 0; i < FLOOD && !peer.socket.isClosed(); i++) {
                try {
                    peer.send(frame);
                } catch (IOException e) {
                    break; // Closed already.
                }
            }
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(expected);
        }
    }

    /** How often it could send. */
    private static int sendUntilClosed(RawPeer peer, Consumer<ByteBuffer> frames) {
        for (int i = 0; i < FLOOD; i++) {
            try {
                peer.send(frames);
            } catch (IOException e) {
                return i;
            }
        }
        return FLOOD;
    }
}
