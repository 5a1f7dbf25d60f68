/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ProvisionKeys;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * All pools of a router, on a thread of their own: nothing of this is ever on the way of a request. Start and close are
 * for one thread, the figures for any.
 */
public final class Provisioning implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Provisioning.class.getName());
    private static final long LOOK_MILLIS = 100;
    private static final int ID_BYTES = 16;

    private record Settings(
            String name, String function, ScalingDecision.Policy policy, InstanceProvisionerProvider provider) {}

    private final Config config;
    private final List<Settings> settings = new ArrayList<>();
    private final SecureRandom random = new SecureRandom();
    private volatile Map<String, InstancePool> pools = Map.of();
    private @Nullable ScheduledExecutorService thread;

    private Provisioning(Config config) {
        this.config = config;
    }

    /**
     * The pools of a configuration; nothing is started.
     *
     * @param config of the router
     * @return the pools, perhaps none
     * @throws IllegalArgumentException naming the key that has to be set or changed
     */
    public static Provisioning of(Config config) {
        Provisioning all = new Provisioning(config);
        Map<String, InstanceProvisionerProvider> providers = new TreeMap<>();
        List<String> functions = new ArrayList<>();
        for (String name : config.group(ProvisionKeys.PREFIX).keySet()) {
            if (providers.isEmpty()) {
                ServiceLoader.load(InstanceProvisionerProvider.class, Provisioning.class.getClassLoader())
                        .forEach(provider -> providers.putIfAbsent(provider.name(), provider));
            }
            Settings one = settings(config, name, providers);
            if (functions.contains(one.function())) {
                throw new IllegalArgumentException(
                        ProvisionKeys.FUNCTION.named(name).name() + ": two pools are of the function "
                                + one.function());
            }
            functions.add(one.function());
            all.settings.add(one);
        }
        return all;
    }

    private static Settings settings(Config config, String name, Map<String, InstanceProvisionerProvider> providers) {
        String key = ProvisionKeys.PROVIDER.named(name).name();
        String chosen = config.find(ProvisionKeys.PROVIDER.named(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        key + " is not set (expected: one of " + providers.keySet() + ")"));
        InstanceProvisionerProvider provider = providers.get(chosen);
        if (provider == null) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "%s: no provider is named %s (found: %s)", key, chosen, providers.keySet()));
        }
        int min = config.get(ProvisionKeys.MIN.named(name));
        int max = config.get(ProvisionKeys.MAX.named(name));
        if (max < min) {
            throw new IllegalArgumentException(ProvisionKeys.MAX.named(name).name() + " is " + max
                    + ", less than fluid.provision." + name + ".min (" + min + ")");
        }
        ScalingDecision.Policy policy = new ScalingDecision.Policy(
                min,
                max,
                config.get(ProvisionKeys.IDLE_TIME.named(name)).toNanos(),
                config.get(ProvisionKeys.START_TIMEOUT.named(name)).toNanos(),
                config.get(ProvisionKeys.BACK_OFF.named(name)).toNanos());
        String function = config.find(ProvisionKeys.FUNCTION.named(name)).orElse(name);
        return new Settings(name, function, policy, provider);
    }

    /**
     * Opens the pools and begins to look after them.
     *
     * @param fleet the router's instances
     * @param router where instances on this machine dial it
     * @throws IOException when a provisioner cannot work
     * @throws IllegalArgumentException naming the key that has to be set or changed
     */
    public void start(Fleet fleet, URI router) throws IOException {
        if (settings.isEmpty()) {
            return;
        }
        Map<String, InstancePool> opened = new LinkedHashMap<>();
        for (Settings one : settings) {
            InstanceProvisioner provisioner = one.provider()
                    .open(new ProvisionContext(
                            one.name(),
                            one.function(),
                            router,
                            config.get(RouterKeys.DATA_DIR)
                                    .toAbsolutePath()
                                    .normalize()
                                    .resolve("provision")
                                    .resolve(one.name()),
                            config));
            opened.put(
                    one.function(),
                    new InstancePool(
                            one.name(),
                            one.function(),
                            one.policy(),
                            provisioner,
                            fleet,
                            config.get(CommonKeys.DRAIN_TIMEOUT),
                            System::nanoTime,
                            this::freshId));
            pools = Map.copyOf(opened);
        }
        ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "fluid-provision");
            made.setDaemon(true);
            return made;
        });
        thread = looking;
        var unused = looking.scheduleWithFixedDelay(this::look, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private String freshId() {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    private void look() {
        pools.values().forEach(pool -> {
            try {
                pool.look();
            } catch (RuntimeException e) {
                // A provider's fault must not end the looking after all others.
                LOG.log(Level.ERROR, "looking after a pool failed", e);
            }
        });
    }

    /** How each pool is. */
    public List<PoolFigures> figures() {
        return pools.values().stream().map(InstancePool::figures).toList();
    }

    /**
     * The pool of a function.
     *
     * @return null when it has none
     */
    public @Nullable PoolFigures figures(String function) {
        InstancePool pool = pools.get(function);
        return pool == null ? null : pool.figures();
    }

    /** Asks for nothing and stops nothing any more; instances go on. Harmless twice. */
    public void pause() {
        ScheduledExecutorService looking = thread;
        if (looking != null) {
            looking.shutdownNow();
            try {
                if (!looking.awaitTermination(10, TimeUnit.SECONDS)) {
                    LOG.log(Level.WARNING, "a pool is still being looked after");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends the pools, and with them the instances that run on this machine for them. Harmless twice. */
    @Override
    public void close() {
        pause();
        Map<String, InstancePool> ending = pools;
        pools = Map.of();
        ending.values().forEach(InstancePool::close);
    }
}
