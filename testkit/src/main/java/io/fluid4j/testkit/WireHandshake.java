/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Proofs;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/** The handshake of PROTOCOL.md section 4, for {@link WirePeer}. Stateless, for any thread. */
public final class WireHandshake {

    private static final SecureRandom RANDOM = new SecureRandom();

    private WireHandshake() {}

    /** A HELLO to be sent, still to be changed. Not thread-safe. */
    public static final class HelloSpec {
        private final Hello.Builder builder;

        private HelloSpec(Hello.Builder builder) {
            this.builder = builder;
        }

        /** An instance of that function, deployment {@code test}, with a fresh instance id and session group. */
        public static HelloSpec instance(String function) {
            return new HelloSpec(Hello.builder()
                    .instanceId("wire-" + HexFormat.of().formatHex(random(8)))
                    .sessionGroup(random(Hello.SESSION_GROUP_BYTES))
                    .function(requireNonNull(function, "function"))
                    .deployment("test")
                    .container("wire-peer/1")
                    .software("fluid4j-testkit"));
        }

        /** A router that forwards to another router. */
        public static HelloSpec router(String routerId) {
            return new HelloSpec(Hello.builder()
                    .role(Hello.Role.ROUTER)
                    .settings(Settings.REQUESTER_DEFAULTS)
                    .instanceId(routerId));
        }

        /** Changes anything of the HELLO. */
        public HelloSpec with(Consumer<Hello.Builder> change) {
            change.accept(builder);
            return this;
        }

        /** The payload of HELLO with a fresh nonce and the key id of the secret. */
        public byte[] payload(byte[] secret) {
            return builder.nonce(random(Hello.NONCE_BYTES))
                    .keyId(Proofs.keyId(secret))
                    .build()
                    .encode();
        }
    }

    /** The part of WELCOME after the proof, for a router of that id with the default settings. */
    public static byte[] welcomeRest(String routerId) {
        return new Welcome(Settings.REQUESTER_DEFAULTS, routerId, "", "", List.of(), "fluid4j-testkit").encodeRest();
    }

    static WireFrame dial(WirePeer peer, HelloSpec spec, byte[] secret) throws IOException {
        byte[] hello = spec.payload(secret);
        peer.send(FrameType.HELLO, 0, 0, hello);
        WireFrame challenge = awaitOrClose(peer, FrameType.CHALLENGE);
        byte[] proof = Proofs.dialler(secret, hello, challenge.payload());
        peer.send(FrameType.PROOF, 0, 0, proof);
        WireFrame welcome = awaitOrClose(peer, FrameType.WELCOME);
        byte[] rest = welcome.part(1 + Proofs.PROOF_BYTES, welcome.length());
        byte[] expected = Proofs.acceptor(secret, hello, challenge.payload(), proof, rest);
        if (!Proofs.matches(expected, welcome.part(1, 1 + Proofs.PROOF_BYTES))) {
            throw new AssertionError("the acceptor's proof is wrong");
        }
        return welcome;
    }

    static WireFrame accept(WirePeer peer, byte[] secret, byte[] rest) throws IOException {
        WireFrame hello = awaitOrClose(peer, FrameType.HELLO);
        byte[] challenge = new Challenge(Hello.VERSION, Hello.AUTH_SECRET, random(Hello.NONCE_BYTES)).encode();
        peer.send(FrameType.CHALLENGE, 0, 0, challenge);
        WireFrame proof = awaitOrClose(peer, FrameType.PROOF);
        if (!Proofs.matches(Proofs.dialler(secret, hello.payload(), challenge), proof.payload())) {
            throw new AssertionError("the dialler's proof is wrong");
        }
        byte[] answer = Proofs.acceptor(secret, hello.payload(), challenge, proof.payload(), rest);
        peer.send(FrameType.WELCOME, 0, 0, Welcome.payload(answer, rest));
        return hello;
    }

    /** Fails at once, with the code, when CLOSE comes instead. */
    private static WireFrame awaitOrClose(WirePeer peer, FrameType type) {
        WireFrame frame = peer.await(each -> each.is(type) || each.is(FrameType.CLOSE), type.name());
        if (frame.is(FrameType.CLOSE)) {
            throw new AssertionError("CLOSE " + ErrorCode.of(frame.u16(0)) + " instead of " + type + "; trace:\n"
                    + String.join("\n", peer.trace()));
        }
        return frame;
    }

    private static byte[] random(int octets) {
        byte[] random = new byte[octets];
        RANDOM.nextBytes(random);
        return random;
    }
}
