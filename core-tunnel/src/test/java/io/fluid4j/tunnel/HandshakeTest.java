/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.take;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Welcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who comes in, and who does not: PROTOCOL.md section 4. */
@Timeout(90)
final class HandshakeTest {

    private static final Tunnels.App NO_REQUESTS = (stream, head) -> {
        throw new IllegalStateException("no request expected");
    };

    private static Tunnels.Setup setup() {
        return Tunnels.with(NO_REQUESTS);
    }

    @Test
    void bothEndsLearnWhoTheOtherIs() {
        try (Tunnels tunnels = setup().open()) {
            Session requester = tunnels.requester();
            Session server = tunnels.server();
            assertThat(requester.peerHello().instanceId()).isEqualTo("instance-1");
            assertThat(requester.peerHello().function()).isEqualTo("shop");
            assertThat(requester.welcome()).isNull();
            assertThat(server.welcome().routerId()).isEqualTo("router-1");
            assertThat(requester.secure()).isFalse();
            assertThat(requester.remoteAddress()).isInstanceOf(InetSocketAddress.class);
            assertThat(tunnels.acceptor.handshakes()).isZero();
        }
    }

    @Test
    void p4_5_aWrongSecretIsRefused() {
        try (Tunnels tunnels = setup().secret(Secret.of("wrong")).open()) {
            until("refused", () -> tunnels.acceptor.refused() >= 2);
            assertThat(tunnels.dialler.lastFailure()).hasMessageContaining("UNAUTHENTICATED");
            assertThat(tunnels.dialler.session()).isEmpty();
            assertThat(tunnels.requesterSessions).isEmpty();
        }
    }

    @Test
    void p4_5_severalSecretsAreValidWhileTheyRotate() {
        AtomicReference<List<Secret>> valid = new AtomicReference<>(List.of(Tunnels.SECRET));
        Authenticator rotating = new Authenticator() {
            @Override
            public List<Secret> secrets() {
                return valid.get();
            }

            @Override
            public Decision decide(Secret proved, Hello hello) {
                return Decision.ALLOWED;
            }
        };
        Secret next = Secret.of("the next one");
        try (Tunnels tunnels = setup().authenticator(rotating).secret(next).open()) {
            until("refused", () -> tunnels.acceptor.refused() >= 1);
            valid.set(List.of(Tunnels.SECRET, next));
            assertThat(tunnels.requester().open()).isTrue();
        }
    }

    @Test
    void p4_7_aFunctionThatTheSecretDoesNotCoverIsUnauthorized() {
        Authenticator cartOnly = new Authenticator() {
            @Override
            public List<Secret> secrets() {
                return List.of(Tunnels.SECRET);
            }

            @Override
            public Decision decide(Secret proved, Hello hello) {
                return hello.function().equals("cart") ? Decision.ALLOWED : Decision.UNAUTHORIZED;
            }
        };
        try (Tunnels tunnels = setup().authenticator(cartOnly).open()) {
            until("refused", () -> tunnels.acceptor.refused() >= 1);
            until("told", () -> tunnels.dialler.lastFailure() != null);
            assertThat(tunnels.dialler.lastFailure()).hasMessageContaining("UNAUTHORIZED");
        }
    }

    @Test
    void p4_7_anInstanceIdBelongsToOneSessionGroup() throws Exception {
        try (Tunnels tunnels = setup().open()) {
            tunnels.requester();
            byte[] other = new byte[16];
            other[0] = 1;
            try (RawPeer peer = new RawPeer(tunnels.acceptor.localPort())) {
                assertThat(handshake(peer, Tunnels.hello().sessionGroup(other)).code())
                        .isEqualTo(ErrorCode.DUPLICATE.number());
            }
            try (RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
                assertThat(tunnels.requester().open()).isTrue();
                assertThat(peer.socket.isConnected()).isTrue();
            }
        }
    }

    @Test
    void p4_7_anInstanceIdIsFreeAgainWhenItsSessionsHaveEnded() throws Exception {
        try (Tunnels tunnels = setup().idle().open()) {
            RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello()).close();
            take(tunnels.requesterEvents.closed);
            byte[] other = new byte[16];
            other[0] = 1;
            until("a new boot with the same id comes in", () -> {
                try (RawPeer peer = new RawPeer(tunnels.acceptor.localPort())) {
                    return handshake(peer, Tunnels.hello().sessionGroup(other)).type() == FrameType.WELCOME;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    @Test
    void p4_4_noCommonVersion() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                RawPeer peer = new RawPeer(tunnels.acceptor.localPort())) {
            peer.send(
                    FrameType.HELLO,
                    Tunnels.hello().versions(2, 9).nonce(new byte[32]).build().encode());
            RawPeer.Frame close = peer.read();
            assertThat(close.type()).isEqualTo(FrameType.CLOSE);
            assertThat(close.code()).isEqualTo(ErrorCode.VERSION.number());
            // P-4.1: only the code is told, no detail.
            assertThat(close.payload()[2]).isZero();
            assertThat(peer.read()).isNull();
        }
    }

    @Test
    void p4_2_whatIsNotThisProtocolIsClosedWithoutAnAnswer() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                RawPeer peer = new RawPeer(tunnels.acceptor.localPort())) {
            peer.raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertThat(peer.socket.getInputStream().read()).isEqualTo(-1);
            until("counted", () -> tunnels.acceptor.refused() == 1 && tunnels.acceptor.handshakes() == 0);
        }
    }

    @Test
    void p4_1_aSlowHandshakeIsClosedAndManyAreBounded() throws Exception {
        try (Tunnels tunnels = setup().idle().maxHandshakes(3).open()) {
            List<RawPeer> slow = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                slow.add(new RawPeer(tunnels.acceptor.localPort()));
            }
            until("three in handshake", () -> tunnels.acceptor.handshakes() == 3);
            // One more: the one that has taken longest has to go, without a word.
            slow.add(new RawPeer(tunnels.acceptor.localPort()));
            try (RawPeer first = slow.remove(0)) {
                assertThat(first.socket.getInputStream().read()).isEqualTo(-1);
            }
            until("three again", () -> tunnels.acceptor.handshakes() == 3);
            for (RawPeer peer : slow) {
                RawPeer.Frame close = peer.read();
                assertThat(close.type()).isEqualTo(FrameType.CLOSE);
                assertThat(close.code()).isEqualTo(ErrorCode.TIMEOUT.number());
                peer.close();
            }
            until("none in handshake", () -> tunnels.acceptor.handshakes() == 0);
            tunnels.dialler.start();
            assertThat(tunnels.requester().open()).isTrue();
        }
    }

    @Test
    void p4_5_aReflectedProofProvesNothing() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                ServerSocket mirror = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // A man in the middle without the secret sends the dialler's own proof back as the acceptor's.
            try (Dialler dialler = dialler(tunnels, mirror.getLocalPort())) {
                dialler.start();
                try (RawPeer peer = new RawPeer(mirror.accept())) {
                    assertThat(peer.read().type()).isEqualTo(FrameType.HELLO);
                    byte[] nonce = new byte[32];
                    nonce[0] = 1;
                    peer.send(FrameType.CHALLENGE, new Challenge(1, Hello.AUTH_SECRET, nonce).encode());
                    byte[] proof = peer.read().payload();
                    Welcome welcome =
                            new Welcome(io.fluid4j.frame.Settings.REQUESTER_DEFAULTS, "r", "", "", List.of(), "");
                    peer.send(FrameType.WELCOME, Welcome.payload(proof, welcome.encodeRest()));
                    RawPeer.Frame close = peer.read();
                    assertThat(close.type()).isEqualTo(FrameType.CLOSE);
                    assertThat(close.code()).isEqualTo(ErrorCode.UNAUTHENTICATED.number());
                }
                assertThat(tunnels.serverSessions).isEmpty();
            }
        }
    }

    @Test
    void p4_5_aReturnedNonceIsRefused() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                ServerSocket mirror = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Dialler dialler = dialler(tunnels, mirror.getLocalPort())) {
            dialler.start();
            try (RawPeer peer = new RawPeer(mirror.accept())) {
                byte[] hello = peer.read().payload();
                byte[] nonce = java.util.Arrays.copyOfRange(hello, 8, 40);
                peer.send(FrameType.CHALLENGE, new Challenge(1, Hello.AUTH_SECRET, nonce).encode());
                assertThat(peer.read().code()).isEqualTo(ErrorCode.UNAUTHENTICATED.number());
            }
        }
    }

    private static Dialler dialler(Tunnels tunnels, int port) {
        return Dialler.builder()
                .transport(tunnels.serverTransport)
                .router(URI.create("tcp://127.0.0.1:" + port))
                .secret(Tunnels.SECRET)
                .backOff(Duration.ofSeconds(5), Duration.ofSeconds(10))
                .hello(Tunnels::hello)
                .listener(session -> new Session.Listener() {})
                .build();
    }

    /** What the acceptor says to a correct proof. */
    private static RawPeer.Frame handshake(RawPeer peer, Hello.Builder hello) throws IOException {
        byte[] payload = hello.nonce(new byte[32]).build().encode();
        peer.send(FrameType.HELLO, payload);
        byte[] challenge = peer.read().payload();
        peer.send(FrameType.PROOF, Tunnels.SECRET.diallerProof(payload, challenge));
        return peer.read();
    }
}
