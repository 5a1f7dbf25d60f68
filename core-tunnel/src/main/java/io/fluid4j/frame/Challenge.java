/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** The version the acceptor chose, and its nonce (P-4.4). Immutable. */
public final class Challenge {

    static final int MIN_BYTES = 34;

    private final int version;
    private final int authentication;
    private final byte[] nonce;

    /**
     * A challenge.
     *
     * @param version the chosen version, 0 to 255
     * @param authentication exactly one of the bits {@link Hello#AUTH_SECRET} and {@link Hello#AUTH_CERTIFICATE}
     * @param nonce 32 octets from a cryptographic random source, copied
     */
    public Challenge(int version, int authentication, byte[] nonce) {
        Ranges.u8(version, "version");
        if (authentication != Hello.AUTH_SECRET && authentication != Hello.AUTH_CERTIFICATE) {
            throw new IllegalArgumentException("authentication " + authentication + " (expected: 1 or 2)");
        }
        if (nonce.length != Hello.NONCE_BYTES) {
            throw new IllegalArgumentException("nonce has " + nonce.length + " octets (expected: 32)");
        }
        this.version = version;
        this.authentication = authentication;
        this.nonce = nonce.clone();
    }

    /** The chosen version. */
    public int version() {
        return version;
    }

    /** The chosen authentication: {@link Hello#AUTH_SECRET} or {@link Hello#AUTH_CERTIFICATE}. */
    public int authentication() {
        return authentication;
    }

    /** A copy of the acceptor's nonce, 32 octets. */
    public byte[] nonce() {
        return nonce.clone();
    }

    /** The payload of the frame, which is also what the proofs cover (P-4.5). */
    public byte[] encode() {
        PayloadWriter out = new PayloadWriter(MIN_BYTES);
        out.u8(version);
        out.u8(authentication);
        out.bytes(nonce);
        return out.copy();
    }

    static Challenge decode(Payload in) throws PayloadException {
        int version = in.u8();
        int authentication = in.u8();
        byte[] nonce = in.bytes(Hello.NONCE_BYTES);
        in.skipExtensions();
        if (authentication != Hello.AUTH_SECRET && authentication != Hello.AUTH_CERTIFICATE) {
            throw PayloadException.malformed("authentication " + authentication + " (expected: 1 or 2)");
        }
        return new Challenge(version, authentication, nonce);
    }

    /** Version and authentication; no nonce. */
    @Override
    public String toString() {
        return "Challenge[version " + version + ", authentication " + authentication + "]";
    }
}
