/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.router.fleet.PeerTunnels;
import io.fluid4j.router.resolve.FleetView;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigKey;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.tunnel.TunnelTls;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.eclipse.jetty.io.SelectorManager;
import org.jspecify.annotations.Nullable;

/**
 * Makes the parts of a router from its configuration. What is wrong there ends in an {@link IllegalArgumentException}
 * that names the key.
 */
final class RouterParts {

    private static final Logger LOG = System.getLogger(Router.class.getName());

    /** Longer names do not fit into a HELLO (PROTOCOL.md P-4.3), and nothing there depends on them. */
    private static final int MAX_HELLO_ID = 64;

    private RouterParts() {}

    /** What the router says to an instance, or to another router, that has proved itself. */
    static Welcome welcome(Config config, String id, Hello hello) {
        // It opens streams to an instance, and answers those of a router.
        int streams = hello.role() == Hello.Role.ROUTER ? Settings.DEFAULT_MAX_STREAMS : 0;
        return new Welcome(
                settings(config, streams),
                id,
                config.get(CommonKeys.REGION),
                config.get(CommonKeys.ZONE),
                List.of(),
                "fluid4j");
    }

    private static Settings settings(Config config, int maxStreams) {
        return new Settings(
                Math.toIntExact(config.get(CommonKeys.MAX_FRAME)),
                Math.toIntExact(config.get(CommonKeys.STREAM_WINDOW)),
                Math.toIntExact(config.get(CommonKeys.SESSION_WINDOW)),
                maxStreams,
                Math.toIntExact(config.get(CommonKeys.MAX_HEAD)),
                Math.toIntExact(config.get(CommonKeys.PING_INTERVAL).toMillis()),
                0);
    }

    /** What routers prove to each other; null when this one neither forwards nor takes what others forward. */
    static io.fluid4j.tunnel.@Nullable Secret peerSecret(Config config) {
        String secret = config.find(RouterKeys.PEER_SECRET).map(Secret::reveal).orElse(null);
        if (secret == null) {
            return null;
        }
        if (secret.equals(
                config.find(CommonKeys.TUNNEL_SECRET).map(Secret::reveal).orElse(null))) {
            throw new IllegalArgumentException("fluid.router.peer-secret is the same as fluid.tunnel.secret: with it"
                    + " every instance could pass for a router");
        }
        return io.fluid4j.tunnel.Secret.of(secret);
    }

    /** The other routers, as this one reaches them; null when it does not forward. */
    static @Nullable Fleet fleet(
            Config config,
            String id,
            @Nullable FleetView view,
            TunnelTransport transport,
            SelectorManager selectors,
            @Nullable TunnelTls client) {
        io.fluid4j.tunnel.Secret secret = peerSecret(config);
        if (view == null || secret == null) {
            return null;
        }
        PeerTunnels tunnels = new PeerTunnels(
                new PeerTunnels.Terms(
                        transport,
                        selectors,
                        secret,
                        client == null ? null : client.clientFactory(),
                        () -> hello(config, id),
                        Duration.ofNanos(RouterContext.MAX_DIAL_NANOS),
                        config.get(RouterKeys.PEER_IDLE_TIMEOUT),
                        config.get(RouterKeys.MAX_PEER_TUNNELS)),
                System::nanoTime);
        return new Fleet(id, view.resolver(), tunnels);
    }

    private static Hello.Builder hello(Config config, String id) {
        return Hello.builder()
                .role(Hello.Role.ROUTER)
                .settings(settings(config, 0))
                .instanceId(id.length() > MAX_HELLO_ID ? "" : id)
                .region(config.get(CommonKeys.REGION))
                .zone(config.get(CommonKeys.ZONE))
                .software("fluid4j");
    }

    /** What a router that dials others trusts, and its certificate if it has one; null without TLS on tunnels. */
    static @Nullable TunnelTls peerTls(Config config) {
        Path trust = config.find(CommonKeys.TLS_TRUST)
                .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE))
                .orElse(null);
        Path chain = config.find(CommonKeys.TLS_CERTIFICATE)
                .or(() -> config.find(CommonKeys.TLS_KEYSTORE))
                .orElse(null);
        if (chain == null || config.find(RouterKeys.PEER_SECRET).isEmpty()) {
            return null;
        }
        return TunnelTls.client(new TunnelTls.Files(
                chain,
                config.find(CommonKeys.TLS_KEY).orElse(null),
                trust,
                config.find(CommonKeys.TLS_KEYSTORE_PASSWORD)
                        .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE_PASSWORD))
                        .map(Secret::reveal)
                        .orElse(null)));
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
