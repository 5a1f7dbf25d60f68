/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import io.fluid4j.resolver.dns.DnsOptions;
import io.fluid4j.resolver.dns.DnsServer;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ResolverKeys;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.ResolverProvider;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/** A resolver: a store, a replica of it, and the two faces. Embeddable. Start and close are for one thread. */
public final class ResolverServer implements AutoCloseable {

    private static final int MAX_THREADS = 64;
    private static final long IDLE_MILLIS = 30_000;

    /** What is read and thrown away of a body after the answer, so that its sender sees the answer. */
    private static final long MAX_REST_OCTETS = 64L << 20;

    private static final Duration MAX_REST = Duration.ofSeconds(30);

    private static final Logger LOG = System.getLogger(ResolverServer.class.getName());

    private final RecordStore store;
    private final Resolver resolver;
    private final @Nullable DnsServer dns;
    private final @Nullable Server http;
    private final @Nullable ServerConnector connector;

    private ResolverServer(Config config) throws IOException {
        String bind = config.get(ResolverKeys.BIND);
        this.store = store(config);
        this.resolver = first(ResolverProvider.class)
                .open(store, new Locality(config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE)));
        try {
            OptionalInt dnsPort = config.get(ResolverKeys.DNS_PORT);
            this.dns = dnsPort.isEmpty()
                    ? null
                    : DnsServer.bind(
                            address(bind, dnsPort.getAsInt()),
                            config.get(ResolverKeys.DNS_ZONE),
                            resolver,
                            new DnsOptions(
                                    config.get(ResolverKeys.DNS_RATE_LIMIT),
                                    config.get(ResolverKeys.DNS_BATCHED),
                                    config.find(ResolverKeys.DNS_TSIG_NAME).orElse(null),
                                    config.find(ResolverKeys.DNS_TSIG_SECRET).orElse(null)));
        } catch (IOException | RuntimeException e) {
            resolver.close();
            store.close();
            throw e;
        }
        OptionalInt httpPort = config.get(ResolverKeys.HTTP_PORT);
        if (httpPort.isEmpty()) {
            this.http = null;
            this.connector = null;
        } else {
            QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 2);
            threads.setName("fluid-resolver-http");
            this.http = new Server(threads);
            this.connector = connector(http, address(bind, httpPort.getAsInt()));
            http.addConnector(connector);
            Handler handler = new ResolverHandler(
                    store,
                    resolver,
                    new Locality(config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE)),
                    dns == null ? null : dns.metrics(),
                    config.find(CommonKeys.RESOLVER_TOKEN).orElse(null),
                    http.getScheduler());
            http.setHandler(new RestReader(handler, MAX_REST_OCTETS, MAX_REST));
        }
    }

    /**
     * A resolver, its DNS port bound, not started.
     *
     * @param config a configuration of the role resolver
     * @throws IOException when the DNS port cannot be bound
     * @throws IllegalArgumentException naming the key that has to be changed
     */
    public static ResolverServer create(Config config) throws IOException {
        return new ResolverServer(config);
    }

    /**
     * Begins to answer.
     *
     * @return this
     * @throws IOException when the HTTP port cannot be bound
     */
    public ResolverServer start() throws IOException {
        try {
            if (http != null) {
                http.start();
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        } catch (Exception e) {
            close();
            throw new IOException("the HTTP port could not start", e);
        }
        if (dns != null) {
            dns.start();
        }
        LOG.log(Level.INFO, "resolver: dns {0}, http {1}", shown(dnsPort()), shown(httpPort()));
        return this;
    }

    /** The port of DNS over UDP and TCP; -1 when it is off. */
    public int dnsPort() {
        return dns == null ? -1 : dns.port();
    }

    /** The port of HTTP; -1 before the start or when it is off. */
    public int httpPort() {
        return connector == null ? -1 : connector.getLocalPort();
    }

    /** What it answers from. */
    public Resolver resolver() {
        return resolver;
    }

    /** Stops at once. Closing twice is harmless. */
    @Override
    public void close() {
        if (http != null) {
            try {
                http.stop();
            } catch (Exception e) {
                LOG.log(Level.WARNING, "the HTTP server did not stop cleanly", e);
            }
        }
        if (dns != null) {
            try {
                dns.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "the DNS server did not stop cleanly", e);
            }
        }
        resolver.close();
        store.close();
    }

    private static RecordStore store(Config config) {
        String name = config.get(ResolverKeys.STORE).name().toLowerCase(Locale.ROOT);
        for (RecordStoreProvider provider : services(RecordStoreProvider.class)) {
            if (provider.name().equals(name)) {
                LOG.log(Level.INFO, "records are in the store {0}", name);
                return provider.open(config);
            }
        }
        throw new IllegalArgumentException("fluid.resolver.store is " + name + ", and no such store is installed");
    }

    private static <T> T first(Class<T> type) {
        return services(type)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + type.getName() + " is installed"));
    }

    private static <T> ServiceLoader<T> services(Class<T> type) {
        return ServiceLoader.load(type, ResolverServer.class.getClassLoader());
    }

    private static ServerConnector connector(Server server, InetSocketAddress address) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, 0, 1, new HttpConnectionFactory(configuration));
        connector.setHost(address.getHostString());
        connector.setPort(address.getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        return connector;
    }

    private static InetSocketAddress address(String bind, int port) {
        InetSocketAddress address = new InetSocketAddress(bind, port);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("fluid.resolver.bind: " + bind + " is not an address here");
        }
        return address;
    }

    private static String shown(int port) {
        return port < 0 ? "off" : Integer.toString(port);
    }
}
