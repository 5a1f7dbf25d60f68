/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.instance.internal.signal.BuiltInSignals;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.HealthSignalProvider;
import io.fluid4j.spi.health.SignalContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;

/** Puts together the signals of an instance: its own, and those of plugins. */
final class Signals {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private record Context(Path procRoot, Path cgroupRoot, String function) implements SignalContext {}

    private Signals() {}

    static List<WatchedSignal> watched(
            Config config, ClassLoader loader, String function, BuiltInSignals.Sources sources) {
        List<WatchedSignal> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (HealthSignal builtIn : BuiltInSignals.create(config, sources)) {
            names.add(builtIn.name());
            all.add(new WatchedSignal(builtIn));
        }
        Context context =
                new Context(config.get(InstanceKeys.PROC_ROOT), config.get(InstanceKeys.CGROUP_ROOT), function);
        for (HealthSignal plugin : plugins(loader, context, names)) {
            all.add(new WatchedSignal(plugin));
        }
        return all;
    }

    /** Signals of plugins, by class name; a name that is taken is left out. */
    private static List<HealthSignal> plugins(ClassLoader loader, SignalContext context, Set<String> taken) {
        List<HealthSignalProvider> providers = new ArrayList<>();
        ServiceLoader.load(HealthSignalProvider.class, loader).forEach(providers::add);
        providers.sort(Comparator.comparing(provider -> provider.getClass().getName()));
        List<HealthSignal> signals = new ArrayList<>();
        for (HealthSignalProvider provider : providers) {
            String name = provider.name();
            if (!taken.add(name)) {
                LOG.log(WARNING, "health signal {0} of {1} is left out: the name is taken", name, provider.getClass());
                continue;
            }
            try {
                HealthSignal signal = provider.create(context);
                if (signal != null) {
                    signals.add(signal);
                    LOG.log(
                            INFO,
                            "health signal {0} comes from {1}",
                            name,
                            provider.getClass().getName());
                }
            } catch (Exception e) {
                LOG.log(WARNING, "health signal " + name + " cannot work here", e);
            }
        }
        return signals;
    }
}
