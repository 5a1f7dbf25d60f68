/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Proofs;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Welcome;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The handshake of the end that dialled: HELLO, then PROOF, then looks at the acceptor's proof (P-4.2 to P-4.6). */
final class DiallerHandshake extends Handshake {

    private static final byte[] NO_PROOF = {};

    private final @Nullable Secret secret;
    private final Hello hello;
    private final byte[] helloPayload;
    private byte[] challengePayload = NO_PROOF;
    private byte[] proof = NO_PROOF;
    private long sentNanos;

    /**
     * A handshake.
     *
     * @param secret null: the client certificate of the TLS connection stands in for it
     */
    DiallerHandshake(TunnelConnection connection, Hello.Builder builder, @Nullable Secret secret) {
        super(connection);
        this.secret = secret;
        if (secret != null) {
            builder.authentication(Hello.AUTH_SECRET).keyId(secret.keyId());
        } else {
            builder.authentication(Hello.AUTH_CERTIFICATE).keyId(NO_PROOF);
        }
        this.hello = builder.nonce(nonce()).build();
        this.helloPayload = hello.encode();
    }

    @Override
    void start() {
        sentNanos = System.nanoTime();
        connection.outgoing().sendHandshake(FrameType.HELLO, helloPayload);
    }

    @Override
    void onChallenge(Challenge challenge, byte[] payload) throws SessionException {
        if (challenge.version() < hello.lowestVersion() || challenge.version() > hello.highestVersion()) {
            throw new SessionException(
                    ErrorCode.VERSION, "version " + challenge.version() + " (expected: " + Hello.VERSION + ")");
        }
        if (challenge.authentication() != hello.authentication()) {
            throw new SessionException(ErrorCode.UNAUTHENTICATED, "an authentication that was not offered");
        }
        if (Arrays.equals(challenge.nonce(), hello.nonce())) {
            throw new SessionException(ErrorCode.UNAUTHENTICATED, "the nonce came back");
        }
        connection.roundTrip(System.nanoTime() - sentNanos);
        challengePayload = payload;
        proof = secret == null ? NO_PROOF : secret.diallerProof(helloPayload, payload);
        connection.outgoing().sendHandshake(FrameType.PROOF, proof);
    }

    @Override
    void onWelcome(Welcome welcome, byte[] theirs, byte[] rest) throws SessionException {
        byte[] expected = secret == null ? NO_PROOF : secret.acceptorProof(helloPayload, challengePayload, proof, rest);
        if (!Proofs.matches(expected, theirs)) {
            throw new SessionException(ErrorCode.UNAUTHENTICATED, "the acceptor does not know the secret");
        }
        connection.established(hello, welcome, true);
    }
}
