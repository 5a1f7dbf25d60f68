/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Welcome;
import java.security.SecureRandom;

/**
 * One end of the handshake (PROTOCOL.md section 4). That each frame comes when it is due is checked by the frame reader;
 * here is what they mean. Reader thread only, except {@link #start}.
 */
abstract class Handshake {

    private static final SecureRandom RANDOM = new SecureRandom();

    final TunnelConnection connection;

    Handshake(TunnelConnection connection) {
        this.connection = connection;
    }

    /** The connection stands. */
    abstract void start();

    void onHello(Hello hello, byte[] payload) throws SessionException {
        throw unexpected();
    }

    void onChallenge(Challenge challenge, byte[] payload) throws SessionException {
        throw unexpected();
    }

    void onProof(byte[] proof) throws SessionException {
        throw unexpected();
    }

    void onWelcome(Welcome welcome, byte[] proof, byte[] rest) throws SessionException {
        throw unexpected();
    }

    static byte[] nonce() {
        byte[] nonce = new byte[Hello.NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    private static SessionException unexpected() {
        return new SessionException(ErrorCode.PROTOCOL, "a frame of the other side of the handshake");
    }
}
