/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;

/** What keys demand of each other. Only what would make a process useless or unsafe is a rule. */
final class ConfigRules {

    private final Config config;
    private final List<String> problems;

    private ConfigRules(Config config, List<String> problems) {
        this.config = config;
        this.problems = problems;
    }

    static void check(Config config, Role role, List<String> problems) {
        ConfigRules rules = new ConfigRules(config, problems);
        switch (role) {
            case INSTANCE -> rules.instance();
            case ROUTER -> rules.router();
            case RESOLVER -> rules.resolver();
        }
    }

    private void instance() {
        if (!has(InstanceKeys.ROUTER_URLS) && !has(CommonKeys.RESOLVER_URLS)) {
            problems.add("neither fluid.router.urls (expected: addresses such as tcp://127.0.0.1:7443) nor"
                    + " fluid.resolver.urls (expected: addresses such as http://127.0.0.1:9054) is set: this instance"
                    + " would not know whom to dial");
        }
        if (!has(CommonKeys.TUNNEL_SECRET) && !hasCertificate()) {
            problems.add("no credential for the tunnel: set fluid.tunnel.secret-file (or fluid.tunnel.secret), or"
                    + " fluid.tunnel.tls.certificate and .key for mutual TLS");
        }
        tunnelCertificate();
    }

    private void router() {
        boolean tls = hasCertificate();
        if (!isLoopback(config.get(RouterKeys.TUNNEL_BIND)) && !tls) {
            problems.add("fluid.router.tunnel.bind = \"" + config.get(RouterKeys.TUNNEL_BIND)
                    + "\" (" + config.origin(RouterKeys.TUNNEL_BIND) + ") is not loopback and there is no TLS: set"
                    + " fluid.tunnel.tls.certificate and .key, or bind to 127.0.0.1");
        }
        if (!has(CommonKeys.TUNNEL_SECRET) && !has(RouterKeys.CREDENTIALS_FILE)) {
            problems.add("no credential for tunnels: set fluid.tunnel.secret-file (or fluid.tunnel.secret), or"
                    + " fluid.tunnel.credentials-file");
        }
        if (config.get(RouterKeys.ADMIN_PORT).isPresent()
                && !isLoopback(config.get(RouterKeys.ADMIN_BIND))
                && !has(RouterKeys.ADMIN_TOKEN)) {
            problems.add("fluid.router.admin.bind = \"" + config.get(RouterKeys.ADMIN_BIND) + "\" ("
                    + config.origin(RouterKeys.ADMIN_BIND)
                    + ") is not loopback and there is no token: set fluid.router.admin.token-file, or bind to"
                    + " 127.0.0.1");
        }
        https();
        tunnelCertificate();
    }

    private void https() {
        boolean certificate = has(RouterKeys.HTTPS_CERTIFICATE);
        if (certificate != has(RouterKeys.HTTPS_KEY)) {
            problems.add("fluid.router.https.certificate and fluid.router.https.key go together: only one is set");
        }
        if (config.get(RouterKeys.HTTPS_PORT).isPresent() && !certificate && !has(RouterKeys.HTTPS_KEYSTORE)) {
            problems.add("fluid.router.https.port is set (" + config.origin(RouterKeys.HTTPS_PORT)
                    + ") without a certificate: set fluid.router.https.certificate and .key, or"
                    + " fluid.router.https.keystore");
        }
        if (config.get(RouterKeys.HTTPS_CLIENT_REQUIRED) && !has(RouterKeys.HTTPS_CLIENT_TRUST)) {
            problems.add("fluid.router.https.client-required needs fluid.router.https.client-trust");
        }
        if (config.get(RouterKeys.HTTP_PORT).isEmpty()
                && config.get(RouterKeys.HTTPS_PORT).isEmpty()) {
            problems.add("fluid.router.http.port and fluid.router.https.port are both off: no client could come in");
        }
    }

    private void resolver() {
        if (!isLoopback(config.get(ResolverKeys.BIND)) && !has(CommonKeys.RESOLVER_TOKEN)) {
            problems.add("fluid.resolver.bind = \"" + config.get(ResolverKeys.BIND) + "\" ("
                    + config.origin(ResolverKeys.BIND)
                    + ") is not loopback and there is no token: set fluid.resolver.token-file, or bind to 127.0.0.1");
        }
        if (config.get(ResolverKeys.STORE) == ResolverKeys.StoreKind.ETCD && !has(ResolverKeys.ETCD_ENDPOINTS)) {
            problems.add("fluid.resolver.store is etcd and fluid.resolver.etcd.endpoints is not set");
        }
    }

    private void tunnelCertificate() {
        if (has(CommonKeys.TLS_CERTIFICATE) != has(CommonKeys.TLS_KEY)) {
            problems.add("fluid.tunnel.tls.certificate and fluid.tunnel.tls.key go together: only one is set");
        }
    }

    private boolean hasCertificate() {
        return has(CommonKeys.TLS_CERTIFICATE) || has(CommonKeys.TLS_KEYSTORE);
    }

    private boolean has(ConfigKey<?> key) {
        return config.find(key).isPresent();
    }

    /** Whether nothing outside this machine can reach a socket bound there. Names but localhost do not count. */
    static boolean isLoopback(String bind) {
        if (bind.toLowerCase(Locale.ROOT).equals("localhost")) {
            return true;
        }
        try {
            return InetAddress.getByAddress(AddressRange.literal(bind)).isLoopbackAddress();
        } catch (IllegalArgumentException | UnknownHostException e) {
            return false;
        }
    }
}
