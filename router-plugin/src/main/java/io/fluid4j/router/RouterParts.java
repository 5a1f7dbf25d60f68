/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigKey;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.tunnel.TunnelTls;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Makes the parts of a router from its configuration. What is wrong there ends in an {@link IllegalArgumentException}
 * that names the key.
 */
final class RouterParts {

    private static final Logger LOG = System.getLogger(Router.class.getName());

    private RouterParts() {}

    /** What the router says to an instance that has proved itself. */
    static Welcome welcome(Config config, String id) {
        Settings settings = new Settings(
                Math.toIntExact(config.get(CommonKeys.MAX_FRAME)),
                Math.toIntExact(config.get(CommonKeys.STREAM_WINDOW)),
                Math.toIntExact(config.get(CommonKeys.SESSION_WINDOW)),
                0,
                Math.toIntExact(config.get(CommonKeys.MAX_HEAD)),
                Math.toIntExact(config.get(CommonKeys.PING_INTERVAL).toMillis()),
                0);
        return new Welcome(
                settings, id, config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE), List.of(), "fluid4j");
    }

    static Credentials credentials(Config config) {
        String secret =
                config.find(CommonKeys.TUNNEL_SECRET).map(Secret::reveal).orElse(null);
        Path file = config.find(RouterKeys.CREDENTIALS_FILE).orElse(null);
        Credentials credentials;
        try {
            credentials = Credentials.of(secret, file);
        } catch (IOException e) {
            throw new IllegalArgumentException("fluid.tunnel.credentials-file: cannot read " + file, e);
        }
        if (credentials.isEmpty()) {
            throw new IllegalArgumentException("A router needs a credential for the instances that dial in: set"
                    + " fluid.tunnel.secret, fluid.tunnel.secret-file or fluid.tunnel.credentials-file");
        }
        return credentials;
    }

    static @Nullable AccessLog accessLog(Config config) {
        String where = config.get(RouterKeys.ACCESS_LOG);
        if (where.equals("off")) {
            return null;
        }
        try {
            return new AccessLog(where, config.get(RouterKeys.ACCESS_LOG_FORMAT));
        } catch (IOException e) {
            throw new IllegalArgumentException("fluid.router.access-log: cannot write to " + where, e);
        }
    }

    static @Nullable TunnelTls tunnelTls(Config config) {
        return serverTls(
                config,
                CommonKeys.TLS_CERTIFICATE,
                CommonKeys.TLS_KEY,
                CommonKeys.TLS_KEYSTORE,
                CommonKeys.TLS_KEYSTORE_PASSWORD,
                config.find(CommonKeys.TLS_TRUST)
                        .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE))
                        .orElse(null));
    }

    static @Nullable TunnelTls httpsTls(Config config) {
        return serverTls(
                config,
                RouterKeys.HTTPS_CERTIFICATE,
                RouterKeys.HTTPS_KEY,
                RouterKeys.HTTPS_KEYSTORE,
                RouterKeys.HTTPS_KEYSTORE_PASSWORD,
                config.find(RouterKeys.HTTPS_CLIENT_TRUST).orElse(null));
    }

    private static @Nullable TunnelTls serverTls(
            Config config,
            ConfigKey<Path> certificate,
            ConfigKey<Path> key,
            ConfigKey<Path> keystore,
            ConfigKey<Secret> password,
            @Nullable Path trust) {
        Path chain = config.find(certificate).or(() -> config.find(keystore)).orElse(null);
        if (chain == null) {
            return null;
        }
        return TunnelTls.server(new TunnelTls.Files(
                chain,
                config.find(key).orElse(null),
                trust,
                config.find(password).map(Secret::reveal).orElse(null)));
    }

    static InetSocketAddress tunnelAddress(Config config) {
        String bind = config.get(RouterKeys.TUNNEL_BIND);
        InetSocketAddress address = new InetSocketAddress(bind, config.get(RouterKeys.TUNNEL_PORT));
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("fluid.router.tunnel.bind: " + bind + " is not an address here");
        }
        boolean secure = config.find(CommonKeys.TLS_CERTIFICATE).isPresent()
                || config.find(CommonKeys.TLS_KEYSTORE).isPresent();
        if (!secure && !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException("fluid.router.tunnel.bind is " + bind
                    + ": anything but loopback needs TLS; set fluid.tunnel.tls.certificate and fluid.tunnel.tls.key");
        }
        return address;
    }

    /** Where instances on this machine dial the router. */
    static URI localTunnel(Config config, int port) {
        boolean secure = config.find(CommonKeys.TLS_CERTIFICATE).isPresent()
                || config.find(CommonKeys.TLS_KEYSTORE).isPresent();
        URI advertised = config.find(RouterKeys.ADVERTISE_TUNNEL).orElse(null);
        if (secure && advertised != null) {
            // The certificate is for that name.
            return advertised;
        }
        InetAddress bound = tunnelAddress(config).getAddress();
        String host = bound.isAnyLocalAddress() ? "127.0.0.1" : bound.getHostAddress();
        return URI.create(
                (secure ? "tls://" : "tcp://") + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port);
    }

    /** The selector of that name. Providers are looked for beside the router, never with the thread's loader. */
    static InstanceSelector selector(String name) {
        List<String> names = new ArrayList<>();
        for (InstanceSelector one : ServiceLoader.load(InstanceSelector.class, Router.class.getClassLoader())) {
            if (one.name().equals(name)) {
                LOG.log(
                        Level.INFO,
                        "instances are selected by {0} ({1})",
                        name,
                        one.getClass().getName());
                return one;
            }
            names.add(one.name());
        }
        throw new IllegalArgumentException(
                String.format(Locale.ROOT, "fluid.router.selector: no selector is named %s (found: %s)", name, names));
    }
}
