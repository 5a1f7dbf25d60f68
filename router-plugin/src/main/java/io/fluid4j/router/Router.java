/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTls;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * A router: takes HTTP requests and hands them to the instances that have dialled in. Embeddable; one per call of
 * {@link #create}. Start and close are for one thread, everything else is for any.
 */
public final class Router implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Router.class.getName());

    /** How often deadlines are looked at. A wait or timeout ends at most this much late. */
    private static final Duration SWEEP = Duration.ofMillis(50);

    /** On top of target and fields: method, version and what a head needs between them. */
    private static final int HEAD_EXTRA_BYTES = 8192;
    /** What an instance may send, P-6.1, and the router's own fields. */
    private static final int MAX_RESPONSE_HEAD_BYTES = 128 * 1024;

    private static final int RESPONSE_HEAD_BYTES = 4096;

    private final Config config;
    private final String id;
    private final Server server;
    private final RouterConnector connector;
    private final RouterContext context;
    private final InstanceTable instances;
    private final TunnelTransport transport;
    private final TunnelAcceptor acceptor;
    private final @Nullable TunnelTls tls;
    private final ScheduledExecutorService sweeper;

    private Router(Config config) {
        this.config = config;
        this.id = config.find(RouterKeys.ROUTER_ID)
                .orElseGet(
                        () -> "r" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        Credentials credentials = credentials(config);
        RouterSettings settings = RouterSettings.from(config);
        RouterMetrics metrics = new RouterMetrics();
        this.instances = new InstanceTable(selector("least-loaded"), metrics, NanoClock.SYSTEM, Clock.systemUTC());
        QueuedThreadPool threads = new QueuedThreadPool(200, 4);
        threads.setName("fluid-router");
        threads.setReservedThreads(0);
        this.server = new Server(threads);
        this.context = new RouterContext(
                NanoClock.SYSTEM,
                settings.limits(),
                settings.times(),
                settings.retries(),
                instances,
                metrics,
                server::getDateField,
                (exchange, ended) -> {});
        context.configure(settings.routes(), settings.proxies(), settings.times(), settings.retries());
        server.setHandler(new RouterHandler(context));
        server.setDynamic(false);
        server.setErrorHandler(context.errors());
        server.setDefaultHandler(null);
        this.connector = connector(config, settings.limits());
        server.addConnector(connector);
        this.tls = tunnelTls(config);
        this.transport = TunnelTransport.builder()
                .name("router")
                .executor(threads)
                .scheduler(server.getScheduler())
                .byteBudget(config.get(CommonKeys.BYTE_BUDGET))
                .build();
        this.acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .selectors(connector.getSelectorManager())
                .bind(tunnelAddress(config, tls != null))
                .tls(tls == null ? null : tls.serverFactory())
                .welcome(this::welcome)
                .authenticator(credentials)
                .listener(instances::listener)
                .maxHandshakes(config.get(RouterKeys.MAX_HANDSHAKES))
                .build();
        this.sweeper = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "fluid-router-clock");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * A router, not started.
     *
     * @param config a configuration of the role router
     * @throws IllegalArgumentException naming the key that has to be set or changed
     */
    public static Router create(Config config) {
        return new Router(config);
    }

    /**
     * Binds the ports and begins to serve.
     *
     * @return this
     * @throws IOException when a port cannot be bound
     */
    public Router start() throws IOException {
        try {
            server.start();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        } catch (Exception e) {
            close();
            throw new IllegalStateException("the router could not start", e);
        }
        transport.start();
        try {
            acceptor.start();
        } catch (UncheckedIOException e) {
            close();
            throw new IOException(
                    "cannot listen on " + tunnelAddress(config, tls != null) + " (fluid.router.tunnel.port)",
                    e.getCause());
        }
        var unused =
                sweeper.scheduleWithFixedDelay(this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
        LOG.log(
                Level.INFO,
                "router {0}: clients on port {1}, https {2}, tunnels on port {3}",
                id,
                Integer.toString(httpPort()),
                httpsPort() < 0 ? "off" : Integer.toString(httpsPort()),
                Integer.toString(tunnelPort()));
        return this;
    }

    /** The name of this router in the fleet. */
    public String id() {
        return id;
    }

    /** The bound port for plain HTTP; -1 before the start or when it is off. */
    public int httpPort() {
        return connector.getLocalPort();
    }

    /** The bound port for HTTPS; -1 before the start or when it is off. */
    public int httpsPort() {
        return connector.httpsPort();
    }

    /** The bound port that instances dial; -1 before the start. */
    public int tunnelPort() {
        return acceptor.localPort();
    }

    /** How many instances are connected. */
    public int instances() {
        return instances.all().size();
    }

    /** Stops at once; what is under way is cut. Closing twice is harmless. */
    @Override
    public void close() {
        sweeper.shutdownNow();
        acceptor.close();
        for (RouterExchange exchange : context.live().snapshot()) {
            exchange.shutDown();
        }
        transport.close();
        try {
            server.stop();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "the HTTP server did not stop cleanly", e);
        }
        if (tls != null) {
            tls.close();
        }
    }

    RouterContext context() {
        return context;
    }

    private void sweep() {
        try {
            long now = context.clock().nanos();
            for (RouterExchange exchange : context.live().due(now)) {
                exchange.onDue();
            }
            for (FunctionGroup group : instances.groups()) {
                instances.serveWaiting(group);
            }
        } catch (RuntimeException e) {
            // One bad exchange must not end the timeouts of all others.
            LOG.log(Level.ERROR, "looking after deadlines failed", e);
        }
    }

    private Welcome welcome() {
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

    private RouterConnector connector(Config config, RouterLimits limits) {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        // The response's own Date is passed on; one is added only when there is none.
        http.setSendDateHeader(false);
        http.setHttpCompliance(HttpCompliance.RFC7230);
        // The container decodes by its own rules; what must not pass is refused by the guard.
        http.setUriCompliance(UriCompliance.UNSAFE);
        http.setRequestHeaderSize(limits.maxTargetBytes() + limits.maxFieldBytes() + HEAD_EXTRA_BYTES);
        http.setResponseHeaderSize(RESPONSE_HEAD_BYTES);
        http.setMaxResponseHeaderSize(MAX_RESPONSE_HEAD_BYTES);
        HTTP2CServerConnectionFactory h2c = new HTTP2CServerConnectionFactory(http);
        tune(h2c);
        int selectors = config.get(RouterKeys.SELECTORS);
        RouterConnector made = new RouterConnector(
                server,
                server.getThreadPool(),
                server.getScheduler(),
                selectors > 0 ? selectors : defaultSelectors(),
                null,
                null,
                new ClientConnectionFactory(http),
                h2c);
        OptionalInt port = config.get(RouterKeys.HTTP_PORT);
        made.setHost(config.get(RouterKeys.HTTP_BIND));
        made.setPort(port.orElse(0));
        made.setIdleTimeout(config.get(RouterKeys.HTTP_IDLE_TIMEOUT).toMillis());
        return made;
    }

    private void tune(AbstractHTTP2ServerConnectionFactory factory) {
        factory.setMaxConcurrentStreams(config.get(RouterKeys.HTTP2_MAX_STREAMS));
        factory.setStreamIdleTimeout(0);
    }

    /** One thread serves what two processors can bring; more selectors cost hand-offs and win from four on. */
    private static int defaultSelectors() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 4);
    }

    private static Credentials credentials(Config config) {
        String secret = config.find(CommonKeys.TUNNEL_SECRET)
                .map(io.fluid4j.spi.config.Secret::reveal)
                .orElse(null);
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

    private static @Nullable TunnelTls tunnelTls(Config config) {
        Path certificate = config.find(CommonKeys.TLS_CERTIFICATE)
                .or(() -> config.find(CommonKeys.TLS_KEYSTORE))
                .orElse(null);
        if (certificate == null) {
            return null;
        }
        Path trust = config.find(CommonKeys.TLS_TRUST)
                .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE))
                .orElse(null);
        String password = config.find(CommonKeys.TLS_KEYSTORE_PASSWORD)
                .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE_PASSWORD))
                .map(io.fluid4j.spi.config.Secret::reveal)
                .orElse(null);
        Path key = config.find(CommonKeys.TLS_KEY).orElse(null);
        return TunnelTls.server(new TunnelTls.Files(certificate, key, trust, password));
    }

    private static InetSocketAddress tunnelAddress(Config config, boolean secure) {
        String bind = config.get(RouterKeys.TUNNEL_BIND);
        InetSocketAddress address = new InetSocketAddress(bind, config.get(RouterKeys.TUNNEL_PORT));
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("fluid.router.tunnel.bind: " + bind + " is not an address here");
        }
        if (!secure && !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException("fluid.router.tunnel.bind is " + bind
                    + ": anything but loopback needs TLS; set fluid.tunnel.tls.certificate and fluid.tunnel.tls.key");
        }
        return address;
    }

    /** The selector of that name. Providers are looked for beside the router, never with the thread's loader. */
    private static InstanceSelector selector(String name) {
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
                String.format(Locale.ROOT, "no selector is named %s (found: %s)", name, names));
    }
}
