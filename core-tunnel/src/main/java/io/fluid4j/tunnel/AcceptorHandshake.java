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
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The handshake of the end that accepted: CHALLENGE, then looks at the proof, then WELCOME (P-4.4 to P-4.7). */
final class AcceptorHandshake extends Handshake {

    private static final byte[] NO_PROOF = {};

    private final Authenticator authenticator;
    private final Function<Hello, Welcome> welcome;
    private @Nullable Hello hello;
    private byte[] helloPayload = NO_PROOF;
    private byte[] challengePayload = NO_PROOF;
    private @Nullable X509Certificate certificate;
    private long sentNanos;

    AcceptorHandshake(TunnelConnection connection, Authenticator authenticator, Function<Hello, Welcome> welcome) {
        super(connection);
        this.authenticator = authenticator;
        this.welcome = welcome;
    }

    /** What the dialler claims to be, once HELLO has come; for the log. */
    @Nullable
    Hello hello() {
        return hello;
    }

    @Override
    void start() {}

    @Override
    void onHello(Hello said, byte[] payload) throws SessionException {
        hello = said;
        helloPayload = payload;
        int version = Math.min(said.highestVersion(), Hello.VERSION);
        if (version < Math.max(said.lowestVersion(), Hello.VERSION)) {
            throw new SessionException(
                    ErrorCode.VERSION,
                    "versions " + said.lowestVersion() + " to " + said.highestVersion() + " (expected: " + Hello.VERSION
                            + ")");
        }
        Challenge challenge = new Challenge(version, authentication(said), nonce());
        challengePayload = challenge.encode();
        sentNanos = System.nanoTime();
        connection.outgoing().sendHandshake(FrameType.CHALLENGE, challengePayload);
    }

    @Override
    void onProof(byte[] proof) throws SessionException {
        Hello said = hello;
        if (said == null) {
            throw new SessionException(ErrorCode.PROTOCOL, "PROOF before HELLO");
        }
        connection.roundTrip(System.nanoTime() - sentNanos);
        Welcome answer;
        byte[] rest;
        byte[] ours = NO_PROOF;
        X509Certificate verified = certificate;
        if (verified != null) {
            if (proof.length != 0) {
                throw new SessionException(ErrorCode.MALFORMED, "a proof beside the client certificate");
            }
            check(authenticator.decide(verified, said));
            answer = welcome.apply(said);
            rest = answer.encodeRest();
        } else {
            Secret proved = proved(said, proof);
            check(authenticator.decide(proved, said));
            answer = welcome.apply(said);
            rest = answer.encodeRest();
            ours = proved.acceptorProof(helloPayload, challengePayload, proof, rest);
        }
        if (!connection.claim(said)) {
            throw new SessionException(ErrorCode.DUPLICATE, "the instance id is in use");
        }
        connection.outgoing().sendHandshake(FrameType.WELCOME, Welcome.payload(ours, rest));
        connection.established(said, answer, false);
    }

    private int authentication(Hello said) throws SessionException {
        if ((said.authentication() & Hello.AUTH_CERTIFICATE) != 0 && authenticator.acceptsCertificates()) {
            certificate = connection.peerCertificate();
            if (certificate != null) {
                return Hello.AUTH_CERTIFICATE;
            }
        }
        if ((said.authentication() & Hello.AUTH_SECRET) != 0) {
            return Hello.AUTH_SECRET; // Whether a secret fits is told after the proof, not before.
        }
        throw new SessionException(ErrorCode.UNAUTHENTICATED, "no authentication that is accepted here");
    }

    private Secret proved(Hello said, byte[] proof) throws SessionException {
        byte[] keyId = said.keyId();
        List<Secret> secrets = authenticator.secrets();
        for (Secret secret : secrets) {
            boolean candidate = keyId.length == 0 || secret.hasKeyId(keyId);
            if (candidate && Proofs.matches(secret.diallerProof(helloPayload, challengePayload), proof)) {
                return secret;
            }
        }
        throw new SessionException(ErrorCode.UNAUTHENTICATED, "the proof fits no secret");
    }

    private static void check(Authenticator.Decision decision) throws SessionException {
        switch (decision) {
            case ALLOWED -> {}
            case UNAUTHENTICATED -> throw new SessionException(ErrorCode.UNAUTHENTICATED, "not known here");
            case UNAUTHORIZED -> throw new SessionException(ErrorCode.UNAUTHORIZED, "not for this function");
            case DUPLICATE -> throw new SessionException(ErrorCode.DUPLICATE, "the instance id is in use");
        }
    }
}
