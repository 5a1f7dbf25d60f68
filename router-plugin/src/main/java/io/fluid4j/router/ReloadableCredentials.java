/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Hello;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.Secret;
import java.security.cert.X509Certificate;
import java.util.List;

/** The credentials of now: replaced as a whole when the configuration is read again. For any thread. */
final class ReloadableCredentials implements Authenticator {

    private volatile Credentials now;

    ReloadableCredentials(Credentials first) {
        this.now = first;
    }

    void replace(Credentials next) {
        now = next;
    }

    @Override
    public List<Secret> secrets() {
        return now.secrets();
    }

    @Override
    public boolean acceptsCertificates() {
        return now.acceptsCertificates();
    }

    @Override
    public Decision decide(Secret proved, Hello hello) {
        return now.decide(proved, hello);
    }

    @Override
    public Decision decide(X509Certificate verified, Hello hello) {
        return now.decide(verified, hello);
    }
}
