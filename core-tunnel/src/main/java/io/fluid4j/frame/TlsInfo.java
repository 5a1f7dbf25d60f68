/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

/**
 * The TLS data of a client's connection (extension 0x0102 of P-5.20). Immutable.
 *
 * @param protocol such as {@code TLSv1.3}, at most 255 octets
 * @param cipherSuite such as {@code TLS_AES_128_GCM_SHA256}, at most 255 octets
 * @param keyBits effective key size in bits, 0 to 65535
 * @param sessionId the session id as lower-case hex digits, at most 255 octets' worth; empty when there is none
 */
public record TlsInfo(String protocol, String cipherSuite, int keyBits, String sessionId) {
    /** Refuses null. */
    public TlsInfo {
        requireNonNull(protocol, "protocol");
        requireNonNull(cipherSuite, "cipherSuite");
        requireNonNull(sessionId, "sessionId");
    }
}
