/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigKey;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.tunnel.Session;
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
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.component.Graceful;
import org.eclipse.jetty.util.ssl.SslContextFactory;
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
    private static final Duration CERTIFICATE_CHECK = Duration.ofSeconds(10);

    private final String id;
    private final Server server;
    private final RouterConnector connector;
    private final RouterContext context;
    private final InstanceTable instances;
    private final TunnelTransport transport;
    private final TunnelAcceptor acceptor;
    private final @Nullable TunnelTls tls;
    private final ScheduledExecutorService sweeper;
    private final RequestStories stories;
    private final boolean accounting;
    private final @Nullable AccessLog accessLog;
    private final @Nullable AdminServer admin;
    private final @Nullable TunnelTls https;
    private final ReloadableCredentials credentials;
    private final long headerTimeoutNanos;
    private final Object reloadLock = new Object();
    private volatile Config config;
    private volatile boolean stopping;

    private Router(Config config) {
        this.config = config;
        this.id = config.find(RouterKeys.ROUTER_ID)
                .orElseGet(
                        () -> "r" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        this.credentials = new ReloadableCredentials(credentials(config));
        InetSocketAddress tunnelAddress = tunnelAddress(config);
        int keep = config.get(RouterKeys.EXPLAIN_KEEP);
        this.stories = new RequestStories(keep);
        this.accessLog = accessLog(config);
        this.accounting = keep > 0 || accessLog != null;
        this.https = httpsTls(config);
        this.headerTimeoutNanos = config.get(RouterKeys.HTTP_HEADER_TIMEOUT).toNanos();
        RouterSettings settings = RouterSettings.from(config);
        RouterMetrics metrics = new RouterMetrics();
        this.instances = new InstanceTable(
                selector(config.get(RouterKeys.SELECTOR)), metrics, NanoClock.SYSTEM, Clock.systemUTC());
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
                this::ended);
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
                .bind(tunnelAddress)
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
        MetricsText text = new MetricsText(context, transport::traffic);
        this.admin = AdminServer.of(
                config, token -> new AdminHandler(context, stories, text, new RouterOperations(this), token));
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
            throw new IOException("cannot listen on the port of fluid.router.tunnel.port", e.getCause());
        }
        if (admin != null) {
            admin.start();
        }
        watchCertificates();
        var unused =
                sweeper.scheduleWithFixedDelay(this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
        LOG.log(
                Level.INFO,
                "router {0}: http {1}, https {2}, tunnels {3}, admin {4}",
                id,
                shown(httpPort()),
                shown(httpsPort()),
                shown(tunnelPort()),
                shown(adminPort()));
        return this;
    }

    /** The name of this router in the fleet. */
    public String id() {
        return id;
    }

    /** The bound port for plain HTTP; -1 before the start or when it is off. */
    public int httpPort() {
        return connector.httpPort();
    }

    /** The bound port for HTTPS; -1 before the start or when it is off. */
    public int httpsPort() {
        return connector.httpsPort();
    }

    /** The bound port that instances dial; -1 before the start. */
    public int tunnelPort() {
        return acceptor.localPort();
    }

    /** The bound port of the admin API; -1 before the start or when it is off. */
    public int adminPort() {
        return admin == null ? -1 : admin.port();
    }

    /** How many instances are connected. */
    public int instances() {
        return instances.all().size();
    }

    /** True while clients should send requests here: some instance takes requests, and the router does not stop. */
    public boolean ready() {
        if (stopping) {
            return false;
        }
        for (Instance instance : instances.all()) {
            if (instance.available()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Stops in an orderly way: not ready at once; requests are still accepted for {@code fluid.router.shutdown-delay};
     * then connections are closed as their requests end, for at most {@code fluid.drain-timeout}; then the instances are
     * told, and the rest is cut. Blocks until all is done.
     */
    public void drainAndClose() {
        stopping = true;
        Config now = config;
        LOG.log(
                Level.INFO,
                "router {0} stops: {1} requests under way",
                id,
                context.live().size());
        try {
            if (server.isRunning()) {
                TimeUnit.MILLISECONDS.sleep(now.get(RouterKeys.SHUTDOWN_DELAY).toMillis());
                awaitRequests(now.get(CommonKeys.DRAIN_TIMEOUT));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Drain drain = Drain.everything(Drain.Reason.SHUTDOWN, 0, List.of());
        for (Instance instance : instances.all()) {
            for (Session session : instance.sessions()) {
                session.sendDrain(drain);
            }
        }
        close();
    }

    private void awaitRequests(Duration timeout) throws InterruptedException {
        // Jetty closes idle connections, ends others with their response, and sends GOAWAY.
        CompletableFuture<Void> closed = Graceful.shutdown(server);
        try {
            closed.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            int left = context.live().size();
            LOG.log(left == 0 ? Level.INFO : Level.WARNING, "router {0}: {1} requests are cut", id, left);
        }
    }

    /** Stops at once; what is under way is cut. Closing twice is harmless. */
    @Override
    public void close() {
        stopping = true;
        sweeper.shutdownNow();
        acceptor.close();
        for (RouterExchange exchange : context.live().snapshot()) {
            exchange.shutDown();
        }
        for (Instance instance : instances.all()) {
            for (Session session : instance.sessions()) {
                session.close(ErrorCode.SHUTDOWN, "the router stops");
            }
        }
        transport.close();
        stop(server);
        if (admin != null) {
            admin.close();
        }
        if (accessLog != null) {
            accessLog.close();
        }
        if (tls != null) {
            tls.close();
        }
        if (https != null) {
            https.close();
        }
    }

    static void stop(Server server) {
        try {
            server.stop();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "the HTTP server did not stop cleanly", e);
        }
    }

    /** Takes the keys that may change while it runs; those that have changed. */
    List<String> reload() {
        synchronized (reloadLock) {
            Config before = config;
            Config next = before.reloaded();
            RouterSettings settings = RouterSettings.from(next);
            Credentials fresh = credentials(next);
            context.configure(settings.routes(), settings.proxies(), settings.times(), settings.retries());
            credentials.replace(fresh);
            config = next;
            List<String> changed = new ArrayList<>();
            Map<String, String> old = new HashMap<>();
            before.entries().forEach(entry -> old.put(entry.name(), entry.value()));
            next.entries().forEach(entry -> {
                if (!entry.value().equals(old.get(entry.name()))) {
                    changed.add(entry.name());
                }
            });
            LOG.log(Level.INFO, "the configuration was read again: {0}", changed);
            return changed;
        }
    }

    private void ended(RouterExchange exchange, long endedNanos) {
        if (!accounting) {
            return;
        }
        RequestStory story = RequestStory.of(exchange, endedNanos, System.currentTimeMillis());
        stories.add(story);
        AccessLog log = accessLog;
        if (log != null) {
            log.add(story);
        }
    }

    private void watchCertificates() {
        if (tls != null) {
            tls.watch(server.getScheduler(), CERTIFICATE_CHECK);
        }
        if (https != null) {
            https.watch(server.getScheduler(), CERTIFICATE_CHECK);
        }
    }

    private static String shown(int port) {
        return port < 0 ? "off" : Integer.toString(port);
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
            connector.closeSlowHeads(now, headerTimeoutNanos);
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
        List<ConnectionFactory> factories = new ArrayList<>(List.of(new ClientConnectionFactory(http), h2c));
        OptionalInt plainPort = config.get(RouterKeys.HTTP_PORT);
        OptionalInt securePort = config.get(RouterKeys.HTTPS_PORT);
        if (plainPort.isEmpty() && securePort.isEmpty()) {
            throw new IllegalArgumentException("fluid.router.http.port and fluid.router.https.port are both off");
        }
        SslConnectionFactory secure = securePort.isEmpty() ? null : secure(http, factories);
        String host = config.get(RouterKeys.HTTP_BIND);
        int selectors = config.get(RouterKeys.SELECTORS);
        RouterConnector made = new RouterConnector(
                server,
                selectors > 0 ? selectors : defaultSelectors(),
                plainPort.isPresent(),
                secure,
                securePort.isEmpty() ? null : new InetSocketAddress(host, securePort.getAsInt()),
                factories.toArray(ConnectionFactory[]::new));
        made.setHost(host);
        made.setPort(plainPort.isPresent() ? plainPort.getAsInt() : securePort.getAsInt());
        made.setIdleTimeout(config.get(RouterKeys.HTTP_IDLE_TIMEOUT).toMillis());
        int most = config.get(RouterKeys.MAX_CONNECTIONS);
        if (most > 0) {
            server.addBean(new NetworkConnectionLimit(most, made));
        }
        return made;
    }

    /** TLS, then HTTP/2 or HTTP/1.1 as the client chooses by ALPN. */
    private SslConnectionFactory secure(HttpConfiguration http, List<ConnectionFactory> factories) {
        TunnelTls certificate = https;
        if (certificate == null) {
            throw new IllegalArgumentException("fluid.router.https.port needs fluid.router.https.certificate and"
                    + " fluid.router.https.key, or fluid.router.https.keystore");
        }
        HTTP2ServerConnectionFactory h2 = new HTTP2ServerConnectionFactory(http);
        tune(h2);
        ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory("h2", "http/1.1");
        alpn.setDefaultProtocol("http/1.1");
        SslContextFactory.Server contexts = certificate.serverFactory();
        if (config.get(RouterKeys.HTTPS_CLIENT_REQUIRED)) {
            contexts.setNeedClientAuth(true);
        }
        SslConnectionFactory secure = new SslConnectionFactory(contexts, alpn.getProtocol());
        factories.add(secure);
        factories.add(alpn);
        factories.add(h2);
        return secure;
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

    private static @Nullable AccessLog accessLog(Config config) {
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

    private static @Nullable TunnelTls tunnelTls(Config config) {
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

    private static @Nullable TunnelTls httpsTls(Config config) {
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

    private static InetSocketAddress tunnelAddress(Config config) {
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
                String.format(Locale.ROOT, "fluid.router.selector: no selector is named %s (found: %s)", name, names));
    }
}
