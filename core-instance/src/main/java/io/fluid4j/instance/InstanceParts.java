/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Settings;
import io.fluid4j.instance.internal.signal.BuiltInSignals;
import io.fluid4j.instance.internal.signal.SchedulerLag;
import io.fluid4j.spi.admission.ConcurrencyLimit;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigKey;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.TunnelTls;
import io.fluid4j.tunnel.TunnelTransport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/** Makes the parts of an instance from its configuration, and starts and ends what has threads. */
final class InstanceParts implements AutoCloseable {

    private static final int ID_BYTES = 12;
    private static final long JOIN_SECONDS = 5;
    private static final Duration TLS_RELOAD_INTERVAL = Duration.ofSeconds(10);

    private final Config config;
    private final @Nullable ResolvedRouters resolved;
    private final String container;
    private final String affinityRoute;
    private final @Nullable PoolProbe poolProbe;
    private final Identity identity;
    private final byte[] sessionGroup = new byte[Hello.SESSION_GROUP_BYTES];
    private final ScheduledThreadPoolExecutor scheduler;
    private final AfterResponseExecutor afterResponseExecutor;
    private final AdmissionController admission;
    private final Accounts accounts;
    private final HealthMonitor health;
    private final ContextPaths paths = new ContextPaths();
    private final ExchangeRunner runner;
    private final ExchangeHandler exchanges;
    private final ProcessMeter meter;
    private final TunnelTransport transport;
    private final long startedNanos = System.nanoTime();
    private final SchedulerLag lag = new SchedulerLag(InstanceRuntime.EXPIRY_INTERVAL_MILLIS * 1_000_000L);
    private @Nullable TunnelTls tls;

    InstanceParts(InstanceRuntime.Builder builder, Consumer<Throwable> onFatal) {
        config = requireNonNull(builder.config);
        resolved = ResolvedRouters.of(config, builder.loader);
        container = requireNonNull(builder.container);
        exchanges = requireNonNull(builder.exchanges);
        affinityRoute = builder.affinityRoute;
        poolProbe = builder.poolProbe;
        SecureRandom random = new SecureRandom();
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        random.nextBytes(sessionGroup);
        identity = new Identity(
                config.find(InstanceKeys.INSTANCE_ID)
                        .orElseGet(() -> HexFormat.of().formatHex(id)),
                config.get(InstanceKeys.FUNCTION),
                config.get(InstanceKeys.DEPLOYMENT));
        scheduler = new ScheduledThreadPoolExecutor(1, InstanceThreads.named("fluid-instance-scheduler"));
        scheduler.setRemoveOnCancelPolicy(true);
        afterResponseExecutor = AfterResponseExecutor.create(
                config.get(InstanceKeys.WAIT_UNTIL_THREADS), config.get(InstanceKeys.WAIT_UNTIL_QUEUE));
        ConcurrencyLimit limit = Limits.from(config, builder.loader);
        admission = new AdmissionController(limit);
        AfterResponse afterResponse =
                new AfterResponse(afterResponseExecutor, scheduler, config.get(InstanceKeys.WAIT_UNTIL_TIMEOUT));
        Outcomes outcomes = new Outcomes();
        accounts = new Accounts(
                identity,
                admission,
                limit,
                new CpuAccounts(System.nanoTime()),
                new RunDelay(config.get(InstanceKeys.PROC_ROOT), System.nanoTime()),
                outcomes,
                afterResponse,
                System::nanoTime,
                onFatal,
                builder.tracing);
        long maxDelayNanos = config.get(InstanceKeys.ADMIT_QUEUE_DELAY)
                .map(Duration::toNanos)
                .orElse(Long.MAX_VALUE);
        runner = new ExchangeRunner(
                requireNonNull(builder.containerExecutor), System::nanoTime, () -> maxDelayNanos, admission::roomAgain);
        health = new HealthMonitor(
                Signals.watched(
                        config,
                        builder.loader,
                        identity.function(),
                        new BuiltInSignals.Sources(
                                outcomes::responses,
                                outcomes::errors,
                                outcomes::timeouts,
                                runner::stalledNanos,
                                lag,
                                startedNanos)),
                admission,
                afterResponse::pending,
                System::nanoTime,
                () -> config.get(InstanceKeys.ADMIT_HYSTERESIS));
        meter = new ProcessMeter(config.get(InstanceKeys.PROC_ROOT));
        TunnelTransport.Builder tunnels = TunnelTransport.builder().name("instance");
        config.find(CommonKeys.BYTE_BUDGET).ifPresent(tunnels::byteBudget);
        transport = tunnels.build();
    }

    RouterLinks links(InboundRequests.Sessions sessions) {
        InboundRequests requests = new InboundRequests(accounts, paths, exchanges, runner, sessions);
        Optional<Secret> secret = config.find(CommonKeys.TUNNEL_SECRET).map(text -> Secret.of(text.reveal()));
        return new RouterLinks(
                transport,
                new RouterLinks.Terms(
                        secret.orElse(null),
                        this::tls,
                        config.get(InstanceKeys.REDIAL_MIN),
                        config.get(InstanceKeys.REDIAL_MAX)),
                this::hello,
                requests,
                System::nanoTime);
    }

    /** Decides whom these links go to. */
    RouterPlan plan(RouterLinks links) {
        return new RouterPlan(
                new RouterPlan.Terms(
                        new RouterChoice.Who(identity.instanceId(), identity.function()),
                        config.find(InstanceKeys.ROUTER_URLS).orElse(List.of()),
                        config.get(InstanceKeys.ROUTERS_DIALLED)),
                resolved,
                links,
                System::nanoTime,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    @Nullable
    ResolvedRouters resolved() {
        return resolved;
    }

    /** Made for the first router that wants it. */
    private synchronized SslContextFactory.Client tls() {
        TunnelTls made = tls;
        if (made == null) {
            String password = config.find(CommonKeys.TLS_KEYSTORE_PASSWORD)
                    .or(() -> config.find(CommonKeys.TLS_TRUSTSTORE_PASSWORD))
                    .map(io.fluid4j.spi.config.Secret::reveal)
                    .orElse(null);
            made = TunnelTls.client(new TunnelTls.Files(
                            firstOf(CommonKeys.TLS_CERTIFICATE, CommonKeys.TLS_KEYSTORE),
                            config.find(CommonKeys.TLS_KEY).orElse(null),
                            firstOf(CommonKeys.TLS_TRUST, CommonKeys.TLS_TRUSTSTORE),
                            password))
                    .watch(transport.scheduler(), TLS_RELOAD_INTERVAL);
            tls = made;
        }
        return made.clientFactory();
    }

    private @Nullable Path firstOf(ConfigKey<Path> pem, ConfigKey<Path> store) {
        return config.find(pem).or(() -> config.find(store)).orElse(null);
    }

    private Hello.Builder hello() {
        Hello.Builder hello = Hello.builder()
                .role(Hello.Role.INSTANCE)
                .instanceId(identity.instanceId())
                .function(identity.function())
                .deployment(identity.deployment())
                .region(config.get(CommonKeys.REGION))
                .zone(config.get(CommonKeys.ZONE))
                .container(container)
                .sessionGroup(sessionGroup)
                .capacity(config.get(InstanceKeys.MAX_CONCURRENCY))
                .memoryBytes(Runtime.getRuntime().maxMemory())
                .processorThousandths(Runtime.getRuntime().availableProcessors() * 1000L)
                .software("fluid4j/" + Version.TEXT)
                .settings(new Settings(
                        Math.toIntExact(config.get(CommonKeys.MAX_FRAME)),
                        Math.toIntExact(config.get(CommonKeys.STREAM_WINDOW)),
                        Math.toIntExact(config.get(CommonKeys.SESSION_WINDOW)),
                        config.get(InstanceKeys.MAX_STREAMS),
                        Math.toIntExact(config.get(CommonKeys.MAX_HEAD)),
                        (int) config.get(CommonKeys.PING_INTERVAL).toMillis(),
                        (int) config.get(InstanceKeys.HEALTH_INTERVAL).toMillis()));
        if (!affinityRoute.isEmpty()) {
            hello.affinityRoute(affinityRoute);
        }
        config.get(InstanceKeys.LIFETIME)
                .ifPresent(lifetime -> hello.lifetimeLeftMillis(Math.max(
                        0, lifetime.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos))));
        return hello;
    }

    void start() {
        transport.start();
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
        if (resolved != null) {
            resolved.close();
        }
        transport.close();
        afterResponseExecutor.close();
        health.close();
        synchronized (this) {
            if (tls != null) {
                tls.close();
            }
        }
        InstanceThreads.join(scheduler, JOIN_SECONDS);
    }

    Identity identity() {
        return identity;
    }

    ScheduledThreadPoolExecutor scheduler() {
        return scheduler;
    }

    AdmissionController admission() {
        return admission;
    }

    Accounts accounts() {
        return accounts;
    }

    HealthMonitor health() {
        return health;
    }

    ContextPaths paths() {
        return paths;
    }

    ExchangeRunner runner() {
        return runner;
    }

    @Nullable
    PoolProbe poolProbe() {
        return poolProbe;
    }

    SchedulerLag lag() {
        return lag;
    }

    ProcessMeter meter() {
        return meter;
    }
}
