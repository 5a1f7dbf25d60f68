/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Hello;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.Secret;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may dial in: instances by the credentials of now, other routers by a secret of their own. The former are replaced as a whole
 * when the configuration is read again. For any thread.
 */
final class ReloadableCredentials implements Authenticator {

    private final @Nullable Secret peers;
    private volatile Credentials now;

    /**
     * Credentials.
     *
     * @param first of instances
     * @param peers what other routers prove; null: none may come in
     */
    ReloadableCredentials(Credentials first, @Nullable Secret peers) {
        this.now = first;
        this.peers = peers;
    }

    void replace(Credentials next) {
        now = next;
    }

    @Override
    public List<Secret> secrets() {
        List<Secret> instances = now.secrets();
        if (peers == null) {
            return instances;
        }
        List<Secret> all = new ArrayList<>(instances);
        all.add(peers);
        return all;
    }

    @Override
    public boolean acceptsCertificates() {
        return now.acceptsCertificates();
    }

    @Override
    public Decision decide(Secret proved, Hello hello) {
        // What lets an instance in does not let a router in, nor the other way round.
        if (proved == peers) {
            return hello.role() == Hello.Role.ROUTER ? Decision.ALLOWED : Decision.UNAUTHORIZED;
        }
        return hello.role() == Hello.Role.ROUTER ? Decision.UNAUTHORIZED : now.decide(proved, hello);
    }

    @Override
    public Decision decide(X509Certificate verified, Hello hello) {
        return hello.role() == Hello.Role.ROUTER ? Decision.UNAUTHORIZED : now.decide(verified, hello);
    }
}
