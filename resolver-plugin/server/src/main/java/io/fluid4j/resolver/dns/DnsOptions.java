/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import io.fluid4j.spi.config.Secret;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link DnsServer} answers.
 *
 * @param responsesPerSecond most responses over UDP for one network of clients; 0: no limit. Never limits loopback
 * @param batched whether many messages may go with one system call, where Java and the system can do that; the log says
 *     which it is
 * @param keyName the name of the key that queries may be signed with (TSIG, RFC 8945); null when there is none
 * @param keySecret its secret for HMAC-SHA256, in Base64; null when there is none
 */
public record DnsOptions(
        int responsesPerSecond,
        boolean batched,
        @Nullable String keyName,
        @Nullable Secret keySecret) {

    /** No limit, batched where that can be done, no key. */
    public static final DnsOptions DEFAULT = new DnsOptions(0, true, null, null);

    /**
     * As the record says.
     *
     * @throws IllegalArgumentException when there is a name without a secret, or the other way round
     */
    public DnsOptions {
        if ((keyName == null) != (keySecret == null)) {
            throw new IllegalArgumentException(
                    "fluid.resolver.dns.tsig.name and fluid.resolver.dns.tsig.secret need each other");
        }
    }

    @Nullable
    Signatures signatures() {
        if (keyName == null || keySecret == null) {
            return null;
        }
        try {
            return new Signatures(keyName, Base64.getDecoder().decode(keySecret.reveal()));
        } catch (IllegalArgumentException e) {
            // Its own message might show a part of the secret.
            throw new IllegalArgumentException(
                    "fluid.resolver.dns.tsig: the name is no domain name, or the secret no Base64");
        }
    }
}
