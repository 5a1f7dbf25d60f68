/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.router.provision.Provisioning;
import io.fluid4j.router.resolve.Advertised;
import io.fluid4j.router.resolve.FleetView;
import io.fluid4j.router.usage.PriceBook;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.trace.Tracing;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTls;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.IdleTimeout;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.Graceful;
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

    /** Instances that are sent to other routers get at least this long to reach them. */
    private static final Duration MOVE_TIME = Duration.ofSeconds(1);

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
    private final Accounting accounting;
    private final @Nullable AdminServer admin;
    private final @Nullable FleetView fleet;
    private final Provisioning provisioning;
    private final PeerSessions peers;
    private final @Nullable Fleet routers;
    private final @Nullable TunnelTls peerTls;
    private final @Nullable TunnelTls https;
    private final ReloadableCredentials credentials;
    private final long headerTimeoutNanos;
    private final Object reloadLock = new Object();
    private volatile Config config;
    private volatile boolean stopping;

    private Router(Config config, @Nullable Tracing tracing) {
        this.config = config;
        this.id = config.find(RouterKeys.ROUTER_ID)
                .orElseGet(
                        () -> "r" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        this.credentials = new ReloadableCredentials(RouterParts.credentials(config), RouterParts.peerSecret(config));
        InetSocketAddress tunnelAddress = RouterParts.tunnelAddress(config);
        this.https = RouterParts.httpsTls(config);
        this.headerTimeoutNanos = config.get(RouterKeys.HTTP_HEADER_TIMEOUT).toNanos();
        RouterSettings settings = RouterSettings.from(config);
        this.provisioning = Provisioning.of(config);
        RouterMetrics metrics = new RouterMetrics();
        this.accounting = new Accounting(config, metrics, Clock.systemUTC(), tracing);
        this.instances = new InstanceTable(
                RouterParts.selector(config.get(RouterKeys.SELECTOR)),
                metrics,
                accounting.instances(),
                config.get(RouterKeys.SLOW_START).toNanos(),
                NanoClock.SYSTEM,
                Clock.systemUTC());
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
                accounting.exchanges());
        context.configure(settings.routes(), settings.proxies(), settings.times(), settings.retries());
        server.setHandler(new RouterHandler(context));
        server.setDynamic(false);
        server.setErrorHandler(context.errors());
        server.setDefaultHandler(null);
        this.connector = ClientPorts.connector(
                server,
                config,
                settings.limits(),
                https,
                new Offenders(
                        config.get(RouterKeys.HTTP_TURN_AWAY)
                                .map(Duration::toNanos)
                                .orElse(0L),
                        address -> context.proxies().trusts(address),
                        NanoClock.SYSTEM,
                        metrics));
        server.addConnector(connector);
        this.tls = RouterParts.tunnelTls(config);
        TunnelTransport.Builder tunnels =
                TunnelTransport.builder().name("router").executor(threads).scheduler(server.getScheduler());
        config.find(CommonKeys.BYTE_BUDGET).ifPresent(tunnels::byteBudget);
        this.transport = tunnels.build();
        this.peers = new PeerSessions(context, id);
        this.acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .selectors(connector.getSelectorManager())
                .bind(tunnelAddress)
                .tls(tls == null ? null : tls.serverFactory())
                .welcomeFor(hello -> RouterParts.welcome(this.config, id, hello))
                .authenticator(credentials)
                .listener(session -> session.peerHello().role() == Hello.Role.ROUTER
                        ? peers.listener(session)
                        : instances.listener(session))
                .maxHandshakes(config.get(RouterKeys.MAX_HANDSHAKES))
                .build();
        this.sweeper = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "fluid-router-clock");
            thread.setDaemon(true);
            return thread;
        });
        MetricsText text =
                new MetricsText(context, transport::traffic, transport::committedBytes, accounting, provisioning);
        RouterOperations operations = new RouterOperations(this);
        this.admin = AdminServer.of(
                config, token -> new AdminHandler(context, accounting, text, operations, provisioning, token));
        this.fleet = FleetView.open(config);
        this.peerTls = RouterParts.peerTls(config);
        this.routers = RouterParts.fleet(config, id, fleet, transport, connector.getSelectorManager(), peerTls);
        if (routers != null) {
            context.fleet(routers);
        }
    }

    /**
     * A router, not started.
     *
     * @param config a configuration of the role router
     * @throws IllegalArgumentException naming the key that has to be set or changed
     */
    public static Router create(Config config) {
        return create(config, Tracing.installed());
    }

    /** With spans that go elsewhere; null for none. */
    static Router create(Config config, @Nullable Tracing tracing) {
        return new Router(config, tracing);
    }

    /**
     * Binds the ports and begins to serve.
     *
     * @return this
     * @throws IOException when a port cannot be bound
     */
    public Router start() throws IOException {
        try {
            accounting.start();
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
        if (fleet != null) {
            int clients = httpPort() < 0 ? httpsPort() : httpPort();
            fleet.start(Advertised.of(config, id, clients, tunnelPort()), instances::holdings);
        }
        startProvisioning();
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

    private void startProvisioning() throws IOException {
        try {
            provisioning.start(
                    new ProvisionedFleet(instances, new RouterOperations(this)),
                    RouterParts.localTunnel(config, tunnelPort()));
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
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

    /** What all routers hold, from memory; null when the resolver's client is not on the class path. */
    public @Nullable Resolver resolver() {
        return fleet == null ? null : fleet.resolver();
    }

    /** How many instances are connected. */
    public int instances() {
        return instances.all().size();
    }

    /** True while clients should send requests here: some instance or other router takes them, and this one goes on. */
    public boolean ready() {
        if (stopping) {
            return false;
        }
        for (Instance instance : instances.all()) {
            if (instance.available()) {
                return true;
            }
        }
        return routers != null && routers.anywhere();
    }

    /**
     * Stops in an orderly way: not ready at once, and the instances are told which other routers to dial; requests are still
     * accepted for {@code fluid.router.shutdown-delay}, and each HTTP/1 connection ends with its next answer; then
     * connections are closed as their requests end, for at most {@code fluid.drain-timeout}; then the rest is cut. Blocks
     * until all is done.
     */
    public void drainAndClose() {
        context.leave();
        stopping = true;
        provisioning.pause();
        if (fleet != null) {
            fleet.drain();
        }
        Config now = config;
        List<String> others = fleet == null ? List.of() : fleet.othersToDial(id);
        LOG.log(
                Level.INFO,
                "router {0} stops: {1} requests under way, {2} other routers for its instances",
                id,
                context.live().size(),
                others.size());
        // Nobody dials in any more, and those who are here look for others while they still serve.
        acceptor.close();
        Duration delay = now.get(RouterKeys.SHUTDOWN_DELAY);
        Duration timeout = now.get(CommonKeys.DRAIN_TIMEOUT);
        announce(Drain.everything(
                Drain.Reason.SHUTDOWN, Math.max(1, delay.plus(timeout).toMillis()), others));
        try {
            if (server.isRunning()) {
                boolean moving = !others.isEmpty() && instances() > 0 && delay.compareTo(MOVE_TIME) < 0;
                TimeUnit.MILLISECONDS.sleep((moving ? MOVE_TIME : delay).toMillis());
                peers.drain();
                awaitRequests(timeout);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        announce(Drain.everything(Drain.Reason.SHUTDOWN, 0, others));
        close();
    }

    private void announce(Drain drain) {
        for (Instance instance : instances.all()) {
            for (Session session : instance.sessions()) {
                session.sendDrain(drain);
            }
        }
    }

    private void awaitRequests(Duration timeout) throws InterruptedException {
        // Who has been silent for long gets the same second as all: what comes in it is answered, and told to be the
        // last.
        for (EndPoint client : connector.getConnectedEndPoints()) {
            if (client instanceof IdleTimeout silent) {
                silent.notIdle();
            }
        }
        // Jetty closes connections that are idle for a second, ends others with their response, and sends GOAWAY.
        CompletableFuture<Void> closed = Graceful.shutdown(server);
        try {
            long deadline = System.nanoTime() + timeout.toNanos();
            closed.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            while (peers.busy() && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(SWEEP.toMillis());
            }
        } catch (TimeoutException | ExecutionException e) {
            int left = context.live().size();
            LOG.log(left == 0 ? Level.INFO : Level.WARNING, "router {0}: {1} requests are cut", id, left);
        }
    }

    /** Stops at once; what is under way is cut. Closing twice is harmless. */
    @Override
    public void close() {
        stopping = true;
        if (fleet != null) {
            fleet.close();
        }
        sweeper.shutdownNow();
        if (routers != null) {
            routers.close();
        }
        acceptor.close();
        for (RouterExchange exchange : context.live().snapshot()) {
            exchange.shutDown();
        }
        for (Instance instance : instances.all()) {
            for (Session session : instance.sessions()) {
                session.close(ErrorCode.SHUTDOWN, "the router stops");
            }
        }
        peers.close();
        transport.close();
        provisioning.close();
        stop(server);
        accounting.endFollowing();
        if (admin != null) {
            admin.close();
        }
        accounting.close();
        if (tls != null) {
            tls.close();
        }
        if (https != null) {
            https.close();
        }
        if (peerTls != null) {
            peerTls.close();
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
            Credentials fresh = RouterParts.credentials(next);
            PriceBook prices = Accounting.prices(next);
            context.configure(settings.routes(), settings.proxies(), settings.times(), settings.retries());
            credentials.replace(fresh);
            accounting.take(prices);
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

    /** Who hears what becomes of requests, in this order. */
    private void watchCertificates() {
        if (tls != null) {
            tls.watch(server.getScheduler(), CERTIFICATE_CHECK);
        }
        if (peerTls != null) {
            peerTls.watch(server.getScheduler(), CERTIFICATE_CHECK);
        }
        if (https != null) {
            https.watch(server.getScheduler(), CERTIFICATE_CHECK);
        }
    }

    /** Body octets that instances may have lying here, for tests. */
    long committedBytes() {
        return transport.committedBytes();
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
            if (routers != null) {
                routers.tunnels().dropIdle();
            }
        } catch (RuntimeException e) {
            // One bad exchange must not end the timeouts of all others.
            LOG.log(Level.ERROR, "looking after deadlines failed", e);
        }
    }
}
