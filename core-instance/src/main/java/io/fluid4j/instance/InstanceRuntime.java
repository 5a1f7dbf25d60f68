/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;
import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.trace.Tracing;
import io.fluid4j.tunnel.Session;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What makes a server an instance: dials every router, admits requests and hands them to the container, watches the health,
 * meters, and drains. One per server. Thread-safe.
 *
 * <p>The container's adapter builds it, starts it when its applications are up, and closes it when the server stops.
 * Nothing here blocks a reader thread (C-1).
 */
public final class InstanceRuntime implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    /** How often the queue is searched for exchanges no thread came for: a fifth of the default limit of 250 ms. */
    static final long EXPIRY_INTERVAL_MILLIS = 50;

    /** How often is looked at who is dialled, when nothing calls for it earlier. */
    private static final long PLAN_INTERVAL_MILLIS = 250;

    private static final long EXPIRY_LOG_INTERVAL_NANOS = 10_000_000_000L;
    private static final long METER_INTERVAL_MILLIS = 1_000;

    /** How often applications' logging is looked at; it may be configured anew at any time. */
    private static final long LOGS_INTERVAL_MILLIS = 1_000;

    /** Least distance of two HEALTH frames; keeps below the budget of 40 a second (P-9.4). */
    private static final long MIN_PUSH_INTERVAL_NANOS = 30_000_000L;

    private enum State {
        NEW,
        STARTED,
        CLOSED
    }

    private final Config config;
    private final Identity identity;
    private final InstanceParts parts;
    private final RouterLinks links;
    private final RouterPlan plan;
    private final ScheduledThreadPoolExecutor scheduler;
    private final HealthMonitor health;
    private final DrainCoordinator drains;
    private final ContextPaths paths;
    private final ExchangeRunner runner;
    private final Supplier<Set<String>> contextPaths;
    private final @Nullable InstanceBean bean;
    private final Supplier<Set<ClassLoader>> applications;
    private final @Nullable ApplicationLogs logs;
    private final AtomicBoolean pushDue = new AtomicBoolean();
    private final Object lock = new Object();

    private volatile long lastPushNanos;

    // Of the scheduler's thread alone.
    private long expired;
    private long expiryLoggedNanos = System.nanoTime() - EXPIRY_LOG_INTERVAL_NANOS;

    /** Guarded by the lock. */
    private State state = State.NEW;

    private InstanceRuntime(Builder builder) {
        config = requireNonNull(builder.config, "config");
        contextPaths = builder.contextPaths;
        applications = builder.applications;
        parts = new InstanceParts(builder, this::fatal);
        identity = parts.identity();
        scheduler = parts.scheduler();
        health = parts.health();
        paths = parts.paths();
        runner = parts.runner();
        links = parts.links(new SessionEvents());
        plan = parts.plan(links);
        drains = new DrainCoordinator(
                parts.accounts(), health, scheduler, this::announce, this::pushHealth, System::nanoTime);
        parts.admission().onRoom(this::pushHealthSoon);
        bean = config.get(InstanceKeys.JMX) ? new InstanceBean(this) : null;
        logs = config.get(InstanceKeys.LOG_CAPTURE)
                ? new ApplicationLogs(new RequestLines(parts.accounts()), config.get(InstanceKeys.LOG_STDOUT))
                : null;
    }

    /**
     * A builder; configuration, container, executor and exchanges are required.
     *
     * @return an empty builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts to dial the routers. Returns at once; a router that cannot be reached is dialled again and again. Call when the
     * applications are up. A second call does nothing.
     *
     * @throws IllegalStateException when it was closed
     */
    public void start() {
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw new IllegalStateException("the instance was closed");
            }
            if (state == State.STARTED) {
                return;
            }
            state = State.STARTED;
        }
        refreshPaths();
        parts.start();
        long interval = config.get(InstanceKeys.HEALTH_INTERVAL).toMillis();
        every(interval, this::sample);
        every(EXPIRY_INTERVAL_MILLIS, this::expire);
        if (logs != null) {
            logs.start();
        }
        every(LOGS_INTERVAL_MILLIS, this::refreshLogs);
        every(METER_INTERVAL_MILLIS, () -> parts.meter().tick(links.sessions(), parts.accounts()));
        scheduleEndOfLife();
        if (bean != null) {
            bean.register();
        }
        List<URI> routers = config.find(InstanceKeys.ROUTER_URLS).orElse(List.of());
        routers.forEach(links::dial);
        ResolvedRouters resolved = parts.resolved();
        LOG.log(
                INFO,
                "instance {0} serves {1}@{2} for {3}",
                identity.instanceId(),
                identity.function(),
                identity.deployment(),
                (resolved == null ? "" : "the routers that " + config.get(CommonKeys.RESOLVER_URLS) + " knows and ")
                        + routers.size() + " configured routers");
        if (resolved != null) {
            resolved.start(this::lookAtRouters);
        }
        every(PLAN_INTERVAL_MILLIS, plan::look);
    }

    /**
     * Finishes what runs and takes nothing new: the routers are told first. Joins a drain that goes on.
     *
     * @param timeout how long work may go on; what is left then is cut
     * @param reason why
     * @return completes when nothing is left, or the time is over; never exceptionally
     */
    public CompletableFuture<DrainResult> drain(Duration timeout, Drain.Reason reason) {
        return drains.begin(timeout, Drain.everything(reason, timeout.toMillis(), List.of()));
    }

    /** As {@link #drain(Duration, Drain.Reason)} within the configured {@code fluid.drain-timeout}, for a server that stops. */
    public CompletableFuture<DrainResult> drain() {
        return drain(config.get(CommonKeys.DRAIN_TIMEOUT), Drain.Reason.SHUTDOWN);
    }

    /** Ends a drain: requests are taken again. */
    public void undrain() {
        drains.resume();
    }

    /**
     * One application is about to be undeployed: its path takes no new requests from now on; what runs goes on.
     *
     * @param contextPath the path; empty for the root application
     */
    public void drainContext(String contextPath) {
        paths.drain(contextPath);
        if (!contextPath.isEmpty()) {
            announce(Drain.path(
                    Drain.Reason.REDEPLOY, config.get(CommonKeys.DRAIN_TIMEOUT).toMillis(), contextPath));
        }
    }

    /**
     * An application is up, again or for the first time.
     *
     * @param contextPath the path; empty for the root application
     */
    public void contextDeployed(String contextPath) {
        paths.resume(contextPath);
        refreshPaths();
    }

    /**
     * Applications came or went: looks at once which paths there are, instead of with the next health sample. Any thread;
     * does nothing when nothing has changed.
     */
    public void contextsChanged() {
        refreshPaths();
        refreshLogs();
    }

    /**
     * The id of this process: random per boot.
     *
     * @return the id
     */
    public String instanceId() {
        return identity.instanceId();
    }

    /**
     * Requests whose work goes on.
     *
     * @return 0 or more
     */
    public int inFlight() {
        return parts.admission().inFlight();
    }

    /**
     * The state, as the routers see it.
     *
     * @return accepting, overloaded, draining or failing
     */
    public Health.State state() {
        return health.latest().state();
    }

    /**
     * Tunnels whose handshake is done.
     *
     * @return 0 or more
     */
    public int tunnels() {
        return links.sessions().size();
    }

    /**
     * Refused requests since the start.
     *
     * @param reason of that reason
     * @return 0 or more
     */
    public long nacks(NackReason reason) {
        return parts.admission().nacks(reason);
    }

    InstanceParts parts() {
        return parts;
    }

    RouterLinks links() {
        return links;
    }

    /** Closes the tunnels and ends every thread of the instance; what still runs is cut off. Drain first. Idempotent. */
    @Override
    public void close() {
        synchronized (lock) {
            if (state == State.CLOSED) {
                return;
            }
            state = State.CLOSED;
        }
        if (bean != null) {
            bean.unregister();
        }
        if (logs != null) {
            logs.close();
        }
        links.close();
        parts.close();
        LOG.log(INFO, "instance {0} is closed", identity.instanceId());
    }

    // ---- health

    private void sample() {
        refreshPaths();
        health.sample();
        broadcast();
    }

    private void expire() {
        parts.lag().fired(System.nanoTime());
        expired += runner.expire();
        long now = System.nanoTime();
        if (expired > 0 && now - expiryLoggedNanos > EXPIRY_LOG_INTERVAL_NANOS) {
            LOG.log(WARNING, "{0} requests had waited too long for a thread and were handed back", expired);
            expired = 0;
            expiryLoggedNanos = now;
        }
        parts.admission().look(System.nanoTime());
        parts.lag().armed(System.nanoTime());
    }

    private void pushHealth() {
        health.publish();
        broadcast();
    }

    /** There is room again: the routers learn it soon, but not too often. */
    private void pushHealthSoon() {
        if (!pushDue.compareAndSet(false, true)) {
            return;
        }
        long wait = Math.max(0, lastPushNanos + MIN_PUSH_INTERVAL_NANOS - System.nanoTime());
        try {
            after(wait, () -> {
                pushDue.set(false);
                pushHealth();
            });
        } catch (RejectedExecutionException e) {
            pushDue.set(false); // The instance is closing: nobody needs to know.
        }
    }

    private void broadcast() {
        lastPushNanos = System.nanoTime();
        Health frame = health.latest();
        for (Session session : links.sessions()) {
            if (!links.leaving(session)) {
                session.sendHealth(frame);
            }
        }
    }

    private void refreshPaths() {
        paths.refresh(contextPaths.get());
    }

    private void refreshLogs() {
        Set<ClassLoader> running = applications.get();
        parts.accounts().afterResponse().logContexts().retain(running);
        if (logs != null) {
            logs.refresh(running);
        }
    }

    private void announce(Drain drain) {
        for (Session session : links.sessions()) {
            session.sendDrain(drain);
        }
    }

    private void lookAtRouters() {
        try {
            scheduler.execute(guarded(plan::look));
        } catch (RejectedExecutionException e) {
            LOG.log(DEBUG, "the instance is closing: no router is dialled any more");
        }
    }

    private void fatal(Throwable cause) {
        if (health.failing() == null) {
            health.failing(cause);
            LOG.log(ERROR, "the process is in danger: it takes no more requests and drains itself", cause);
            pushHealth();
            Duration timeout = config.get(CommonKeys.DRAIN_TIMEOUT);
            var unused = drain(timeout, Drain.Reason.FAILING);
        }
    }

    private void scheduleEndOfLife() {
        Optional<Duration> lifetime = config.get(InstanceKeys.LIFETIME);
        if (lifetime.isPresent()) {
            Duration drainTimeout = config.get(CommonKeys.DRAIN_TIMEOUT);
            after(Math.max(0, lifetime.get().minus(drainTimeout).toNanos()), () -> {
                var unused = drain(drainTimeout, Drain.Reason.LIFETIME);
            });
        }
    }

    private void every(long millis, Runnable task) {
        var unused = scheduler.scheduleWithFixedDelay(guarded(task), 0, millis, TimeUnit.MILLISECONDS);
    }

    private void after(long nanos, Runnable task) {
        var unused = scheduler.schedule(guarded(task), nanos, TimeUnit.NANOSECONDS);
    }

    /** A periodic task must survive its own failure, or the instance would fall silent. */
    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error failure) {
                LOG.log(ERROR, "a background task of the instance failed; it goes on", failure);
            }
        };
    }

    private final class SessionEvents implements InboundRequests.Sessions {
        @Override
        public void opened(Session session) {
            links.opened(session);
            session.sendHealth(health.latest());
        }

        @Override
        public void closed(Session session, ErrorCode code, @Nullable Throwable cause) {
            links.lost(session, code, cause);
        }

        @Override
        public void asked(Session session, Ask ask) {
            if (ask.action() == Ask.Action.UNDRAIN) {
                scheduler.execute(guarded(InstanceRuntime.this::undrain));
                return;
            }
            scheduler.execute(guarded(() -> {
                var unused = drain(Duration.ofMillis(ask.timeoutMillis()), Drain.Reason.ASKED)
                        .thenAccept(result -> session.sendDrained(new Drained(
                                result.finished(), result.cut(), result.took().toMillis())));
            }));
        }

        @Override
        public void routerDrains(Session session, Drain drain) {
            LOG.log(
                    INFO,
                    "the router at {0} goes away within {1} ms; it names {2} others to dial",
                    session.remoteAddress(),
                    drain.timeoutMillis(),
                    drain.routers().size());
            plan.named(drain.routers());
            lookAtRouters(); // Make before break: the old session goes on until the router closes it.
        }
    }

    /** Collects what an instance needs. Not thread-safe. */
    public static final class Builder {
        @Nullable
        Config config;

        @Nullable
        String container;

        @Nullable
        Executor containerExecutor;

        @Nullable
        ExchangeHandler exchanges;

        @Nullable
        PoolProbe poolProbe;

        @Nullable
        Tracing tracing = Tracing.installed();

        String affinityRoute = "";
        ClassLoader loader = InstanceRuntime.class.getClassLoader();
        Supplier<Set<String>> contextPaths = Set::of;
        Supplier<Set<ClassLoader>> applications = Set::of;

        private Builder() {}

        /**
         * The configuration, of the role of an instance.
         *
         * @param value the configuration
         * @return this
         */
        public Builder config(Config value) {
            config = requireNonNull(value, "config");
            return this;
        }

        /**
         * What the server is.
         *
         * @param value such as {@code tomcat/11.0.24}, at most 64 octets
         * @return this
         */
        public Builder container(String value) {
            container = requireNonNull(value, "container");
            return this;
        }

        /**
         * Runs exchanges: the container's own pool. What it rejects is nacked.
         *
         * @param value the executor
         * @return this
         */
        public Builder containerExecutor(Executor value) {
            containerExecutor = requireNonNull(value, "containerExecutor");
            return this;
        }

        /**
         * Makes the container's exchanges.
         *
         * @param value the adapter's handler
         * @return this
         */
        public Builder exchanges(ExchangeHandler value) {
            exchanges = requireNonNull(value, "exchanges");
            return this;
        }

        /**
         * Where providers are looked for, once, at the start. Default: the loader of this class.
         *
         * @param value the loader
         * @return this
         */
        public Builder loader(ClassLoader value) {
            loader = requireNonNull(value, "loader");
            return this;
        }

        /**
         * Which context paths are deployed now; asked several times a second. What was there and is gone is nacked
         * (NOT_DEPLOYED) instead of answered 404. Default: not known.
         *
         * @param value the paths, empty for the root; an empty set: not known
         * @return this
         */
        public Builder contextPaths(Supplier<Set<String>> value) {
            contextPaths = requireNonNull(value, "contextPaths");
            return this;
        }

        /**
         * The class loaders of the applications that run now, whose loggers are listened to; asked every second and with
         * {@link InstanceRuntime#contextsChanged}. Default: none, only the server's own loggers are.
         *
         * @param value the loaders
         * @return this
         */
        public Builder applications(Supplier<Set<ClassLoader>> value) {
            applications = requireNonNull(value, "applications");
            return this;
        }

        /**
         * Looks into the container's pool. Default: not known.
         *
         * @param value the probe
         * @return this
         */
        public Builder poolSaturation(PoolProbe value) {
            poolProbe = requireNonNull(value, "poolSaturation");
            return this;
        }

        /**
         * The suffix the container appends to its session ids, so that routers find the instance again.
         *
         * @param value such as Tomcat's {@code jvmRoute}; empty for none
         * @return this
         */
        public Builder affinityRoute(String value) {
            affinityRoute = requireNonNull(value, "affinityRoute");
            return this;
        }

        /**
         * The instance, not started.
         *
         * @return a new instance
         * @throws NullPointerException naming what is missing
         * @throws IllegalArgumentException naming what is not allowed
         */
        public InstanceRuntime build() {
            requireNonNull(config, "config");
            requireNonNull(container, "container");
            requireNonNull(containerExecutor, "containerExecutor");
            requireNonNull(exchanges, "exchanges");
            return new InstanceRuntime(this);
        }
    }
}
