/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.ResolverProvider;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The routers that the resolvers of {@code fluid.resolver.urls} know, from a replica in this process. While no resolver
 * can be reached, what is known stays. Thread-safe.
 */
final class ResolvedRouters implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private final Supplier<RecordStore> stores;
    private final ResolverProvider replicas;
    private final Locality here;
    private volatile List<Candidate> known = List.of();

    // Guarded by this.
    private @Nullable RecordStore store;
    private @Nullable Resolver resolver;
    private boolean closed;

    ResolvedRouters(Supplier<RecordStore> stores, ResolverProvider replicas, Locality here) {
        this.stores = stores;
        this.replicas = replicas;
        this.here = here;
    }

    /**
     * What the configuration asks for; nothing is opened yet.
     *
     * @return null when no resolver is configured
     * @throws IllegalArgumentException when one is, and there is nothing to ask it with
     */
    static @Nullable ResolvedRouters of(Config config, ClassLoader loader) {
        if (config.find(CommonKeys.RESOLVER_URLS).isEmpty()) {
            return null;
        }
        ResolverProvider replicas =
                ServiceLoader.load(ResolverProvider.class, loader).findFirst().orElse(null);
        for (RecordStoreProvider provider : ServiceLoader.load(RecordStoreProvider.class, loader)) {
            if (provider.name().equals("remote") && replicas != null) {
                return new ResolvedRouters(
                        () -> provider.open(config),
                        replicas,
                        new Locality(config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE)));
            }
        }
        throw new IllegalArgumentException(
                "fluid.resolver.urls is set, and the resolver's client is not on the class path");
    }

    /**
     * Begins to follow the resolvers.
     *
     * @param changed is told on a thread of the replica when {@link #known} is another; must not block
     */
    synchronized void start(Runnable changed) {
        if (closed || resolver != null) {
            return;
        }
        RecordStore opened = stores.get();
        Resolver following = replicas.open(new RoutersOnly(opened), here);
        store = opened;
        resolver = following;
        following.watch(new Resolver.Listener() {
            @Override
            public void onChange(String function, @Nullable Resolution resolution) {
                // Only the routers matter here.
            }

            @Override
            public void onRouters(List<Resolution.Route> routers) {
                take(routers);
                changed.run();
            }
        });
    }

    /** Routers that want to be dialled: immutable, replaced as a whole. */
    List<Candidate> known() {
        return known;
    }

    private void take(List<Resolution.Route> routers) {
        List<Candidate> staying = new ArrayList<>();
        for (Resolution.Route route : routers) {
            RouterAddress address = route.registration().router();
            if (route.registration().capacity() > 0) {
                try {
                    staying.add(new Candidate(
                            address.router(),
                            URI.create(address.tunnel()),
                            address.region() + "/" + address.zone(),
                            route.tier()));
                } catch (IllegalArgumentException e) {
                    LOG.log(WARNING, "router {0} has an address that cannot be dialled: {1}", address.router(), e);
                }
            }
        }
        List<Candidate> before = known;
        if (!staying.equals(before)) {
            known = List.copyOf(staying);
            LOG.log(INFO, "the resolver knows {0} routers to dial ({1} before)", staying.size(), before.size());
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (resolver != null) {
            resolver.close();
        }
        if (store != null) {
            store.close();
        }
    }

    /** The part of a store that says what routers there are: what they hold is of no interest to an instance. */
    private record RoutersOnly(RecordStore store) implements RecordStore {
        @Override
        public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
            return store.register(router, ttl, holdings);
        }

        @Override
        public CompletableFuture<Revision> update(String router, List<Holding> changes) {
            return store.update(router, changes);
        }

        @Override
        public CompletableFuture<Revision> remove(String router) {
            return store.remove(router);
        }

        @Override
        public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
            return store.watch(from, Holding.ITSELF, watcher);
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
