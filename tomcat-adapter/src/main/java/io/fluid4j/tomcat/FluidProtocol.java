/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.util.Objects.requireNonNull;

import io.fluid4j.instance.InstanceRuntime;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.catalina.Service;
import org.apache.catalina.util.ServerInfo;
import org.apache.coyote.Adapter;
import org.apache.coyote.ContinueResponseTiming;
import org.apache.coyote.ProtocolHandler;
import org.apache.coyote.RequestGroupInfo;
import org.apache.coyote.UpgradeProtocol;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.collections.SynchronizedStack;
import org.apache.tomcat.util.http.parser.HttpParser;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.jspecify.annotations.Nullable;

/**
 * A connector of Tomcat that listens on no port: it dials the routers, and the requests that come down the tunnels run
 * through Tomcat as if they had come over HTTP.
 *
 * <p>It is added by itself when the jar lies in {@code $CATALINA_BASE/lib} ({@link FluidInitializer}). To make it visible
 * instead, name it in server.xml, with any key of the configuration as an attribute:
 *
 * <pre>{@code <Connector protocol="io.fluid4j.tomcat.FluidProtocol" function="shop" routerUrls="tls://router:7443"/>}</pre>
 *
 * or, embedded: {@code tomcat.getService().addConnector(new Connector(new FluidProtocol()))}.
 *
 * <p>Lifecycle methods are called by Tomcat, one at a time; setters before {@link #init}.
 */
public final class FluidProtocol extends ConnectorAttributes implements ProtocolHandler {
    /** The name in thread names, JMX and the manager's status page. */
    static final String NAME = "fluid";

    private static final Log LOG = LogFactory.getLog(FluidProtocol.class);

    private static final long ASYNC_TIMEOUT_CHECK_MILLIS = 1_000;
    /** What is added to the drain timeout until the server stops all the same. */
    private static final Duration DRAIN_MARGIN = Duration.ofSeconds(2);

    private final RequestGroupInfo requestGroup = new RequestGroupInfo();
    private final Set<FluidExchange> waiting = ConcurrentHashMap.newKeySet();

    private @Nullable Adapter adapter;
    private @Nullable Service service;
    private @Nullable Executor sharedExecutor;
    private @Nullable ScheduledExecutorService utilityExecutor;
    private @Nullable Config config;
    private @Nullable ContainerThreads threads;
    private @Nullable InstanceRuntime runtime;
    private @Nullable StatusBeans beans;
    private @Nullable Deployments deployments;
    private @Nullable Future<?> timeoutChecks;
    private @Nullable CompletableFuture<?> draining;
    private @Nullable RequestFiller filler;
    private @Nullable SynchronizedStack<FluidProcessor> pool;
    private ContinueResponseTiming continueTiming = ContinueResponseTiming.IMMEDIATELY;
    private int maxHeadBytes;

    /** A connector with every attribute at its default. */
    public FluidProtocol() {}

    /** The service it belongs to, for the places that know; else it is found by JMX. */
    void service(Service owner) {
        service = owner;
    }

    // ---------------------------------------------------------------- ProtocolHandler

    @Override
    public void init() throws Exception {
        try {
            config = TomcatConfig.read(attributes());
            continueTiming = ContinueResponseTiming.fromString(getContinueResponseTiming());
        } catch (ConfigException | IllegalArgumentException e) {
            LOG.fatal("Fluid4J cannot start. " + e.getMessage());
            ServerStart.fail(serviceOrNull(), e);
            throw e;
        }
        maxHeadBytes = Math.toIntExact(config().get(CommonKeys.MAX_HEAD));
        filler = new RequestFiller(new HttpParser(getRelaxedPathChars(), getRelaxedQueryChars()), getMaxHeaderCount());
        int cached = getProcessorCache() < 0 ? Integer.MAX_VALUE : getProcessorCache();
        pool = new SynchronizedStack<>(Math.min(cached, SynchronizedStack.DEFAULT_SIZE), cached);
    }

    @Override
    public void start() throws Exception {
        ContainerThreads running = ContainerThreads.of(sharedExecutor, this);
        threads = running;
        beans = StatusBeans.register(requireNonNull(adapter).getDomain(), NAME, requestGroup, running);
        timeoutChecks = utilityExecutor()
                .scheduleWithFixedDelay(
                        this::checkTimeouts,
                        ASYNC_TIMEOUT_CHECK_MILLIS,
                        ASYNC_TIMEOUT_CHECK_MILLIS,
                        TimeUnit.MILLISECONDS);
        InstanceRuntime started = InstanceRuntime.builder()
                .config(config())
                .container(container())
                .loader(FluidProtocol.class.getClassLoader())
                .containerExecutor(running.executor())
                .poolSaturation(running)
                .affinityRoute(WebApplications.jvmRoute(serviceOrNull()))
                .contextPaths(() -> WebApplications.paths(serviceOrNull()))
                .applications(() -> WebApplications.loaders(serviceOrNull()))
                .exchanges((stream, head, scope) -> new FluidExchange(this, stream, head, scope))
                .build();
        runtime = started;
        deployments = Deployments.watch(serviceOrNull(), started::contextsChanged);
        started.start();
        LOG.info("Fluid4J dials its routers:\n" + config().describe());
    }

    /** Begins the drain; the web applications still run. */
    @Override
    public void closeServerSocketGraceful() {
        drain();
    }

    @Override
    public long awaitConnectionsClose(long waitMillis) {
        long start = System.nanoTime();
        awaitDrain(Duration.ofMillis(waitMillis));
        return Math.max(0, waitMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    /** Comes before the web applications stop: waits until what runs has ended, or the drain has timed out. */
    @Override
    public void pause() {
        drain();
        if (draining != null) {
            awaitDrain(config().get(CommonKeys.DRAIN_TIMEOUT).plus(DRAIN_MARGIN));
        }
    }

    @Override
    public void resume() {
        draining = null;
        InstanceRuntime current = runtime;
        if (current != null) {
            current.undrain();
        }
    }

    @Override
    public void stop() {
        Future<?> checks = timeoutChecks;
        if (checks != null) {
            checks.cancel(false);
        }
        // As AbstractProtocol: what still waits is timed out, so that the applications hear of it.
        for (FluidExchange exchange : waiting) {
            exchange.timeout(-1);
        }
        Deployments watching = deployments;
        if (watching != null) {
            watching.unwatch(serviceOrNull());
            deployments = null;
        }
        InstanceRuntime current = runtime;
        if (current != null) {
            current.close();
            runtime = null;
        }
        ContainerThreads running = threads;
        if (running != null) {
            running.stop();
        }
        StatusBeans registered = beans;
        if (registered != null) {
            registered.close();
            beans = null;
        }
        draining = null;
    }

    @Override
    public void destroy() {
        SynchronizedStack<FluidProcessor> processors = pool;
        if (processors != null) {
            processors.clear();
        }
    }

    @Override
    public Adapter getAdapter() {
        return requireNonNull(adapter, "adapter");
    }

    @Override
    public void setAdapter(Adapter adapter) {
        this.adapter = adapter;
    }

    @Override
    @SuppressWarnings("NullAway") // ProtocolHandler has no nullness: Tomcat asks before the start, too
    public @Nullable Executor getExecutor() {
        ContainerThreads running = threads;
        return running != null ? running.executor() : sharedExecutor;
    }

    @Override
    public void setExecutor(Executor executor) {
        sharedExecutor = executor;
    }

    @Override
    @SuppressWarnings("NullAway") // null until Tomcat has given one
    public @Nullable ScheduledExecutorService getUtilityExecutor() {
        return utilityExecutor;
    }

    @Override
    public void setUtilityExecutor(ScheduledExecutorService executor) {
        utilityExecutor = executor;
    }

    /** The connector has no port; this is what tells it from others. */
    @Override
    public String getId() {
        return NAME;
    }

    @Override
    public boolean isSendfileSupported() {
        return false;
    }

    @Override
    public void addSslHostConfig(SSLHostConfig sslHostConfig) {
        throw new UnsupportedOperationException("TLS of tunnels is configured by fluid.tunnel.tls.*");
    }

    @Override
    public void addSslHostConfig(SSLHostConfig sslHostConfig, boolean replace) {
        addSslHostConfig(sslHostConfig);
    }

    @Override
    public SSLHostConfig[] findSslHostConfigs() {
        return new SSLHostConfig[0];
    }

    @Override
    public void addUpgradeProtocol(UpgradeProtocol upgradeProtocol) {
        throw new UnsupportedOperationException("a tunnel carries no upgraded connections");
    }

    @Override
    public UpgradeProtocol[] findUpgradeProtocols() {
        return new UpgradeProtocol[0];
    }

    // ---------------------------------------------------------------- for exchanges and processors

    FluidProcessor borrowProcessor() {
        FluidProcessor pooled = requireNonNull(pool).pop();
        return pooled != null ? pooled : new FluidProcessor(this, getAdapter());
    }

    void giveBack(FluidProcessor processor, boolean reusable) {
        if (reusable) {
            processor.recycle();
            if (requireNonNull(pool).push(processor)) {
                return;
            }
        }
        processor.getRequest().getRequestProcessor().setGlobalProcessor(null);
    }

    /** Runs a slice of a request on a container thread. A started request cannot be nacked: it runs in any case. */
    void execute(Runnable slice) {
        try {
            requireNonNull(threads).executor().execute(slice);
        } catch (RejectedExecutionException e) {
            LOG.warn("the pool is full; an event of a running request goes to the server's utility threads", e);
            utilityExecutor().execute(slice);
        }
    }

    void addWaiting(FluidExchange exchange) {
        waiting.add(exchange);
    }

    void removeWaiting(FluidExchange exchange) {
        waiting.remove(exchange);
    }

    RequestGroupInfo requestGroup() {
        return requestGroup;
    }

    RequestFiller filler() {
        return requireNonNull(filler);
    }

    ContinueResponseTiming continueTiming() {
        return continueTiming;
    }

    int maxHeadBytes() {
        return maxHeadBytes;
    }

    private Config config() {
        return requireNonNull(config, "config");
    }

    private ScheduledExecutorService utilityExecutor() {
        return requireNonNull(utilityExecutor, "utilityExecutor");
    }

    private @Nullable Service serviceOrNull() {
        Service known = service;
        if (known == null && adapter != null) {
            known = WebApplications.serviceOf(adapter.getDomain());
            service = known;
        }
        return known;
    }

    private void checkTimeouts() {
        long now = System.currentTimeMillis(); // the clock AsyncStateMachine notes its start by
        for (FluidExchange exchange : waiting) {
            exchange.timeout(now);
        }
    }

    private void drain() {
        InstanceRuntime current = runtime;
        if (current != null && draining == null) {
            draining = current.drain();
        }
    }

    private void awaitDrain(Duration longest) {
        CompletableFuture<?> result = draining;
        if (result == null) {
            return;
        }
        try {
            LOG.info("Fluid4J drained: " + result.get(longest.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            LOG.warn("Fluid4J: requests still run after " + longest.toSeconds() + " s; the server stops all the same");
        } catch (ExecutionException e) {
            LOG.warn("Fluid4J could not drain", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Name and version. The number has a fourth part, which is not of the version; the other text may be hidden. */
    private static String container() {
        return "tomcat/" + ServerInfo.getServerNumber().replaceFirst("^(\\d+\\.\\d+\\.\\d+)\\..*$", "$1");
    }

    private Map<String, String> attributes() {
        Map<String, String> keys = new TreeMap<>();
        configAttributes().forEach((attribute, text) -> keys.put(TomcatConfig.keyOf(attribute), text));
        return keys;
    }
}
