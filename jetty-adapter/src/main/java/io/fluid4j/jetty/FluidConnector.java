/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.instance.DrainResult;
import io.fluid4j.instance.InstanceRuntime;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.spi.config.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ForwardedRequestCustomizer;
import org.eclipse.jetty.server.HttpChannel;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.ProxyCustomizer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.annotation.ManagedAttribute;
import org.eclipse.jetty.util.annotation.ManagedObject;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * A connector without a port: the server dials routers, and the requests that come through those tunnels run in its
 * handlers as those of any other connector do. Nothing else has to be configured; other connectors may be beside it.
 *
 * <p>It dials when the whole server has started, so that the contexts are there. When the server stops, routers hear of it
 * first, then what runs is finished (`fluid.drain-timeout`), then handlers stop.
 *
 * <p>Thread-safe as Jetty's connectors are: configure before the start.
 *
 * @since 0.1.0
 */
@ManagedObject("Connector fed by the tunnels that this server dials")
public final class FluidConnector extends AbstractConnector {

    /** As many as a busy server runs at once; each is a few kilobytes. */
    private static final int MAX_IDLE_CHANNELS = 1024;

    /** What the answer of a drain may take beyond the time that the drain itself may take. */
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(1);

    private final Config config;
    private final HttpConfiguration httpConfiguration;
    private final HttpChannel.Factory channelFactory = new HttpChannel.DefaultFactory();
    private final ChannelPool channels = new ChannelPool(MAX_IDLE_CHANNELS);
    private final LifeCycle.Listener serverListener = new ServerListener();
    private final PlaceholderConnection placeholder;
    private volatile Executor exchangeExecutor;
    private volatile @Nullable InstanceRuntime runtime;

    /**
     * A connector for an embedded server, with Jetty's default treatment of requests.
     *
     * @param server the server it is going to be added to
     * @param config the configuration of an instance
     */
    public FluidConnector(Server server, Config config) {
        this(server, new HttpConfiguration(), config);
    }

    /**
     * A connector for an embedded server.
     *
     * @param server the server it is going to be added to
     * @param httpConfiguration how requests are treated; copied. Customizers that believe header fields about the
     *     client's address are left out, since the router tells it in a trusted way
     * @param config the configuration of an instance
     */
    public FluidConnector(Server server, HttpConfiguration httpConfiguration, Config config) {
        this(server, config, forTunnels(httpConfiguration));
    }

    /**
     * A connector for {@code fluid.xml}: reads `fluid.properties` and the other sources.
     *
     * @param server the server it is going to be added to
     * @param httpConfiguration as above
     * @param options keys and values given to the start of Jetty, null or empty where it was given none
     * @throws io.fluid4j.spi.config.ConfigException when anything is wrong, so that the server does not start
     */
    public FluidConnector(Server server, HttpConfiguration httpConfiguration, Map<String, @Nullable String> options) {
        this(server, httpConfiguration, read(options));
    }

    private FluidConnector(Server server, Config config, HttpConfiguration forTunnels) {
        super(server, null, null, null, 0, new FluidConnectionFactory(forTunnels));
        this.config = requireNonNull(config, "config");
        this.httpConfiguration = forTunnels;
        this.exchangeExecutor = getExecutor();
        this.placeholder = new PlaceholderConnection(getScheduler(), getExecutor());
        WebappClasses.apply(server);
        server.addEventListener(new ContextSlices());
        server.addEventListener(new Deployments(() -> runtime));
    }

    /**
     * What this connector was configured with.
     *
     * @return the configuration
     */
    public Config config() {
        return config;
    }

    /**
     * The function this server serves.
     *
     * @return its name and deployment, {@code name@deployment}
     */
    @ManagedAttribute("Function and deployment that this server serves")
    public String getDeployment() {
        return config.get(InstanceKeys.FUNCTION) + "@" + config.get(InstanceKeys.DEPLOYMENT);
    }

    @Override
    public @Nullable Object getTransport() {
        return null;
    }

    /** Announces the end to the routers and completes when what runs has finished. */
    @Override
    public CompletableFuture<Void> shutdown() {
        InstanceRuntime running = runtime;
        CompletableFuture<Void> done = super.shutdown();
        return running == null ? done : CompletableFuture.allOf(done, running.drain());
    }

    @Override
    protected void doStart() throws Exception {
        Executor virtual = VirtualThreads.getVirtualThreadsExecutor(getExecutor());
        if (virtual != null) {
            // Jetty leaves the start of such a pool to whoever uses it first: its own connectors, if there are any.
            addBean(virtual);
        }
        exchangeExecutor = virtual != null ? virtual : getExecutor();
        super.doStart();
        runtime = InstanceRuntime.builder()
                .config(config)
                .container("jetty/" + Server.getVersion())
                .containerExecutor(exchangeExecutor)
                .exchanges((stream, head, scope) -> new HttpStreamOverTunnel(this, stream, head, scope))
                .contextPaths(() -> Deployments.paths(getServer()))
                .applications(() -> Deployments.loaders(getServer()))
                .poolSaturation(new ThreadPoolProbe(exchangeExecutor))
                .build();
        if (getServer().isStarted()) {
            dial();
        } else {
            getServer().addEventListener(serverListener);
        }
    }

    @Override
    protected void doStop() throws Exception {
        getServer().removeEventListener(serverListener);
        InstanceRuntime running = runtime;
        runtime = null;
        if (running != null) {
            running.close();
        }
        channels.clear();
        super.doStop();
    }

    @Override
    protected void accept(int acceptor) {
        throw new UnsupportedOperationException("tunnels are dialled, not accepted");
    }

    Connection placeholder() {
        return placeholder;
    }

    Executor exchangeExecutor() {
        return exchangeExecutor;
    }

    StreamChannel takeChannel() {
        StreamChannel idle = channels.take();
        if (idle != null) {
            return idle;
        }
        StreamMetaData metaData = new StreamMetaData(this, httpConfiguration);
        return new StreamChannel(channelFactory.newHttpChannel(metaData), metaData, new HeadWriter(), new HeadWriter());
    }

    void giveBack(StreamChannel channel) {
        channels.giveBack(channel);
    }

    private void dial() {
        InstanceRuntime starting = runtime;
        if (starting != null) {
            starting.start();
        }
    }

    private void drainAndWait() {
        InstanceRuntime running = runtime;
        if (running == null) {
            return;
        }
        Duration wait = config.get(CommonKeys.DRAIN_TIMEOUT).plus(DRAIN_GRACE);
        try {
            DrainResult result = running.drain().get(wait.toMillis(), TimeUnit.MILLISECONDS);
            LOG.info(
                    "Drained in {} ms: {} finished, {} cut", result.took().toMillis(), result.finished(), result.cut());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The drain did not come to its end", e);
        }
    }

    private static Config read(Map<String, @Nullable String> options) {
        Map<String, String> explicit = new HashMap<>();
        options.forEach((name, value) -> {
            if (value != null && !value.isEmpty()) {
                explicit.put(name, value);
            }
        });
        return Config.builder().role(Role.INSTANCE).explicit(explicit).build();
    }

    private static HttpConfiguration forTunnels(HttpConfiguration given) {
        HttpConfiguration copy = new HttpConfiguration(given);
        List<HttpConfiguration.Customizer> customizers = new ArrayList<>();
        customizers.add(FluidConnector::beginHandling);
        for (HttpConfiguration.Customizer customizer : given.getCustomizers()) {
            if (!(customizer instanceof ForwardedRequestCustomizer) && !(customizer instanceof ProxyCustomizer)) {
                customizers.add(customizer);
            }
        }
        copy.setCustomizers(customizers);
        return copy;
    }

    private static Request beginHandling(Request request, HttpFields.Mutable responseHeaders) {
        return request.getConnectionMetaData() instanceof StreamMetaData metaData
                ? metaData.stream().handling(request)
                : request;
    }

    private final class ServerListener implements LifeCycle.Listener {
        @Override
        public void lifeCycleStarted(LifeCycle server) {
            dial();
        }

        /** Before Jetty's own graceful phase, in which contexts refuse what the routers still send. */
        @Override
        public void lifeCycleStopping(LifeCycle server) {
            drainAndWait();
        }
    }
}
