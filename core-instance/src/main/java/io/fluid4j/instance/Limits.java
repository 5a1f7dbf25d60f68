/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import io.fluid4j.spi.admission.ConcurrencyLimitProvider;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.InstanceKeys;
import java.util.List;
import java.util.ServiceLoader;

/** Chooses how the limit of requests in flight is found. */
final class Limits {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private Limits() {}

    /** A limit that does not move. Immutable. */
    record Fixed(int limit) implements ConcurrencyLimit {
        @Override
        public void onFirstByte(long nowNanos, long firstByteNanos, int inFlight) {}

        @Override
        public void onOverload(long nowNanos, int inFlight) {}
    }

    static ConcurrencyLimit from(Config config, ClassLoader loader) {
        int fixed = config.get(InstanceKeys.MAX_CONCURRENCY);
        if (fixed > 0) {
            return new Fixed(fixed);
        }
        int processors = Math.max(1, Runtime.getRuntime().availableProcessors());
        List<ConcurrencyLimitProvider> providers = ServiceLoader.load(ConcurrencyLimitProvider.class, loader).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        if (providers.size() == 1) {
            ConcurrencyLimitProvider chosen = providers.get(0);
            LOG.log(INFO, "the limit of requests in flight is found by {0}", chosen.name());
            return chosen.create(processors);
        }
        if (!providers.isEmpty()) {
            LOG.log(WARNING, "{0} providers of a concurrency limit: the built-in one is used", providers.size());
        }
        return AdaptiveLimit.forProcessors(processors);
    }
}
