/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Proofs;
import java.util.Arrays;

/** A shared secret of both ends (P-4.5). Immutable; never printed, never sent. */
public final class Secret {

    private final byte[] octets;
    private final byte[] keyId;

    private Secret(byte[] octets) {
        this.octets = octets;
        this.keyId = Proofs.keyId(octets);
    }

    /**
     * A secret as configured, without line end.
     *
     * @throws IllegalArgumentException when it is empty
     */
    public static Secret of(String text) {
        requireNonNull(text, "text");
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the secret is empty");
        }
        return new Secret(text.getBytes(UTF_8));
    }

    /** The octets that let an acceptor choose among several secrets; they prove nothing. A copy. */
    public byte[] keyId() {
        return keyId.clone();
    }

    boolean hasKeyId(byte[] other) {
        return Arrays.equals(keyId, other);
    }

    /** The payload of PROOF. */
    byte[] diallerProof(byte[] hello, byte[] challenge) {
        return Proofs.dialler(octets, hello, challenge);
    }

    /** The proof that begins WELCOME. */
    byte[] acceptorProof(byte[] hello, byte[] challenge, byte[] proof, byte[] rest) {
        return Proofs.acceptor(octets, hello, challenge, proof, rest);
    }

    /** Masked. */
    @Override
    public String toString() {
        return "Secret[****]";
    }
}
