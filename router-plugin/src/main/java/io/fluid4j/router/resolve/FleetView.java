/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.resolve;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.ResolverProvider;
import io.fluid4j.spi.resolve.RouterAddress;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The fleet as this router sees it: a store (that of {@code fluid.resolver.urls}, else one in memory), a replica of it,
 * and this router's own word in it. Start and close are for one thread; the resolver is for any.
 */
public final class FleetView implements AutoCloseable {

    private static final Logger LOG = System.getLogger(FleetView.class.getName());

    private static final int MAX_NAMED = 8;

    private final RecordStore store;
    private final Resolver resolver;
    private @Nullable Registrar registrar;

    private FleetView(RecordStore store, Resolver resolver) {
        this.store = store;
        this.resolver = resolver;
    }

    /**
     * Opens the store of a configuration and follows it.
     *
     * @param config a configuration of the role router
     * @return null when no store is installed: a router that is embedded without the resolver's client
     * @throws IllegalArgumentException when resolvers are named and there is nothing to reach them with
     */
    public static @Nullable FleetView open(Config config) {
        boolean remote = config.find(CommonKeys.RESOLVER_URLS).isPresent();
        String name = remote ? "remote" : "memory";
        ResolverProvider replicas = services(ResolverProvider.class).findFirst().orElse(null);
        for (RecordStoreProvider provider : services(RecordStoreProvider.class)) {
            if (provider.name().equals(name) && replicas != null) {
                RecordStore store = provider.open(config);
                return new FleetView(
                        store,
                        replicas.open(store, new Locality(config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE))));
            }
        }
        if (remote) {
            throw new IllegalArgumentException(
                    "fluid.resolver.urls is set, and the resolver's client is not on the class path");
        }
        LOG.log(Level.DEBUG, "the resolver's client is not on the class path: nothing is registered");
        return null;
    }

    private static <T> ServiceLoader<T> services(Class<T> type) {
        return ServiceLoader.load(type, FleetView.class.getClassLoader());
    }

    /**
     * Begins to register.
     *
     * @param address this router, as others reach it
     * @param holdings what it holds now; asked twice a second on a thread of this view, must not block
     */
    public void start(RouterAddress address, Supplier<List<Holding>> holdings) {
        registrar = new Registrar(store, address, Registration.DEFAULT_TTL, () -> {
            List<Holding> all = new ArrayList<>(holdings.get());
            all.add(Holding.itself());
            return all;
        });
        registrar.start();
    }

    /** What all routers hold. */
    public Resolver resolver() {
        return resolver;
    }

    /**
     * Where instances of a router that goes away find another one.
     *
     * @param router its name
     * @return tunnel addresses of others that stay, nearest first, a few at most
     */
    public List<String> othersToDial(String router) {
        return resolver.routers().stream()
                .map(Resolution.Route::registration)
                .filter(one -> one.capacity() > 0 && !one.router().router().equals(router))
                .map(one -> one.router().tunnel())
                .distinct()
                .limit(MAX_NAMED)
                .toList();
    }

    /** From now on this router has room for nothing: whoever asks is sent elsewhere. */
    public void drain() {
        if (registrar != null) {
            registrar.drain();
        }
    }

    /** Withdraws what is registered, and stops. Closing twice is harmless. */
    @Override
    public void close() {
        if (registrar != null) {
            registrar.close();
        }
        resolver.close();
        store.close();
    }
}
