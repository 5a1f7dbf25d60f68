/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Hello;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Whom an acceptor lets in (P-4.5, P-4.7). Called on reader threads, so it must not block; thread-safe. What it
 * returns may change at any time (rotation): running sessions stay.
 */
public interface Authenticator {

    /** What becomes of a dialler. */
    enum Decision {
        /** It may come in. */
        ALLOWED,
        /** What it proved is not known here. */
        UNAUTHENTICATED,
        /** What it proved does not allow the function that it claims. */
        UNAUTHORIZED,
        /** Its instance id belongs to somebody else. */
        DUPLICATE
    }

    /** Every shared secret that is valid now, whatever it is bound to; empty when secrets are not accepted. */
    List<Secret> secrets();

    /** True when a verified TLS client certificate may stand in for a secret. */
    default boolean acceptsCertificates() {
        return false;
    }

    /** Decides on a dialler that proved a secret of {@link #secrets}. */
    Decision decide(Secret proved, Hello hello);

    /** Decides on a dialler whose TLS client certificate was verified. */
    default Decision decide(X509Certificate verified, Hello hello) {
        return Decision.UNAUTHENTICATED;
    }

    /** Accepts whoever proves one of the secrets, for every function. */
    static Authenticator anyOf(List<Secret> secrets) {
        List<Secret> all = List.copyOf(secrets);
        return new Authenticator() {
            @Override
            public List<Secret> secrets() {
                return all;
            }

            @Override
            public Decision decide(Secret proved, Hello hello) {
                return Decision.ALLOWED;
            }
        };
    }
}
