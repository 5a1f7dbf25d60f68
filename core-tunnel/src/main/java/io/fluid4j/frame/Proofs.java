/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The proofs of the shared secret (P-4.5): HMAC-SHA-256 over who speaks, HELLO and CHALLENGE. Stateless, for any thread.
 * Secrets are borrowed for the call and never kept, sent or logged.
 */
public final class Proofs {

    /** Octets of a proof. */
    public static final int PROOF_BYTES = 32;
    /** Octets of a key id. */
    public static final int KEY_ID_BYTES = 4;

    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] DIALLER = label("fluid4j/1 dialler");
    private static final byte[] ACCEPTOR = label("fluid4j/1 acceptor");
    private static final byte[] KEY_ID = "fluid4j/1 key id".getBytes(US_ASCII);

    private Proofs() {}

    /**
     * The payload of PROOF.
     *
     * @param secret the shared secret's octets, not empty
     * @param hello the complete payload of HELLO
     * @param challenge the complete payload of CHALLENGE
     * @return 32 octets
     */
    public static byte[] dialler(byte[] secret, byte[] hello, byte[] challenge) {
        Mac mac = mac(secret);
        mac.update(DIALLER);
        transcript(mac, hello, challenge);
        return mac.doFinal();
    }

    /**
     * The proof at the beginning of WELCOME.
     *
     * @param secret the shared secret's octets, not empty
     * @param hello the complete payload of HELLO
     * @param challenge the complete payload of CHALLENGE
     * @param proof the payload of PROOF
     * @param rest the payload of WELCOME after its proof ({@link Welcome#encodeRest()})
     * @return 32 octets
     */
    public static byte[] acceptor(byte[] secret, byte[] hello, byte[] challenge, byte[] proof, byte[] rest) {
        Mac mac = mac(secret);
        mac.update(ACCEPTOR);
        transcript(mac, hello, challenge);
        mac.update(proof);
        mac.update(rest);
        return mac.doFinal();
    }

    /** Which secret it is, without telling it: 4 octets. */
    public static byte[] keyId(byte[] secret) {
        return Arrays.copyOf(mac(secret).doFinal(KEY_ID), KEY_ID_BYTES);
    }

    /** Compares two proofs in constant time; proofs of different length are not equal. */
    public static boolean matches(byte[] expected, byte[] received) {
        return MessageDigest.isEqual(expected, received);
    }

    private static Mac mac(byte[] secret) {
        if (secret.length == 0) {
            throw new IllegalArgumentException("secret is empty");
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }

    private static void transcript(Mac mac, byte[] hello, byte[] challenge) {
        length(mac, hello.length);
        mac.update(hello);
        length(mac, challenge.length);
        mac.update(challenge);
    }

    private static void length(Mac mac, int length) {
        mac.update((byte) (length >>> 24));
        mac.update((byte) (length >>> 16));
        mac.update((byte) (length >>> 8));
        mac.update((byte) length);
    }

    /** The label with the NUL that ends it. */
    private static byte[] label(String text) {
        byte[] octets = text.getBytes(US_ASCII);
        return Arrays.copyOf(octets, octets.length + 1);
    }
}
