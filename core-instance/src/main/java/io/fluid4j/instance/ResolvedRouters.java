/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The routers that the resolvers of {@code fluid.resolver.urls} know, from a replica in this process, and where they place
 * the function of this instance, which is asked now and then. While no resolver can be reached, what is known stays.
 * Thread-safe.
 */
final class ResolvedRouters implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    /** How often a resolver is asked where the function is placed, give or take a fifth. */
    static final Duration ASK_EVERY = Duration.ofSeconds(5);
    /** How often at least when it does not answer. */
    static final Duration ASK_AT_LEAST_EVERY = Duration.ofSeconds(60);
    /** Routers have come or gone: all instances ask within this time. */
    private static final Duration ASK_SOON = Duration.ofSeconds(1);
    /** An instance without any tunnel waits so long for the first answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Supplier<RecordStore> stores;
    private final ResolverProvider replicas;
    private final Asked what;
    private final LongSupplier nanos;
    private final DoubleSupplier random;
    private volatile Known known = Known.NOTHING;
    private volatile Runnable changed = () -> {};

    // Guarded by this.
    private @Nullable RecordStore store;
    private @Nullable Resolver resolver;
    private List<Candidate> routers = List.of();
    private @Nullable DialOrder order;
    private boolean answered;
    private boolean asking;
    private long askNanos;
    private long askedNanos;
    private Duration pause = ASK_EVERY;
    private Duration longestTtl = Registration.DEFAULT_TTL;
    private @Nullable Long youngUntilNanos;
    private boolean closed;

    /**
     * What is known. Immutable.
     *
     * @param routers those that want to be dialled
     * @param placed names of those where the function is placed; empty: nobody has said
     */
    record Known(List<Candidate> routers, List<String> placed) {
        static final Known NOTHING = new Known(List.of(), List.of());
    }

    /**
     * What the resolvers are asked. Immutable.
     *
     * @param function whose instances dial
     * @param here where this one runs
     * @param count how many routers it dials
     */
    record Asked(String function, Locality here, int count) {}

    ResolvedRouters(
            Supplier<RecordStore> stores,
            ResolverProvider replicas,
            Asked what,
            LongSupplier nanos,
            DoubleSupplier random) {
        this.stores = stores;
        this.replicas = replicas;
        this.what = what;
        this.nanos = nanos;
        this.random = random;
        this.askNanos = nanos.getAsLong();
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
                        new Asked(
                                config.get(InstanceKeys.FUNCTION),
                                new Locality(config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE)),
                                config.get(InstanceKeys.ROUTERS_DIALLED)),
                        System::nanoTime,
                        () -> ThreadLocalRandom.current().nextDouble());
            }
        }
        throw new IllegalArgumentException(
                "fluid.resolver.urls is set, and the resolver's client is not on the class path");
    }

    /**
     * Begins to follow the resolvers.
     *
     * @param listener is told on some thread when {@link #known} is another; must not block
     */
    synchronized void start(Runnable listener) {
        if (closed || resolver != null) {
            return;
        }
        changed = listener;
        RecordStore opened = stores.get();
        Resolver following = replicas.open(new RoutersOnly(opened, this::relisted), what.here);
        store = opened;
        resolver = following;
        following.watch(new Resolver.Listener() {
            @Override
            public void onChange(String function, @Nullable Resolution resolution) {
                // Only the routers matter here.
            }

            @Override
            public void onRouters(List<Resolution.Route> all) {
                take(all);
                look();
                changed.run();
            }
        });
    }

    /** What is known: replaced as a whole. Nothing until a resolver has answered, or will not. */
    Known known() {
        return known;
    }

    /** Asks where the function is placed, if it is time to. Call it often. */
    void look() {
        RecordStore asked;
        synchronized (this) {
            long now = nanos.getAsLong();
            if (asking && !answered && now - askedNanos >= PATIENCE.toNanos()) {
                answered = true; // As good as: the routers are known.
                publish();
            }
            if (store == null || closed || asking || routers.isEmpty() || now - askNanos < 0) {
                return;
            }
            asking = true;
            askedNanos = now;
            asked = store;
        }
        var unused = asked.dial(what.function, what.here, what.count).whenComplete(this::answered);
    }

    private void answered(@Nullable DialOrder said, @Nullable Throwable failure) {
        synchronized (this) {
            asking = false;
            answered = true;
            if (said != null && counts(said)) {
                order = said;
            }
            Duration longer = pause.multipliedBy(2);
            pause = failure == null
                    ? ASK_EVERY
                    : longer.compareTo(ASK_AT_LEAST_EVERY) < 0 ? longer : ASK_AT_LEAST_EVERY;
            askNanos = nanos.getAsLong() + (long) (pause.toNanos() * (0.8 + 0.4 * random.getAsDouble()));
            publish();
        }
        if (failure != null) {
            LOG.log(DEBUG, "where the function is placed was asked in vain: {0}", failure.toString());
        }
        changed.run();
    }

    /** A store that has just begun anew does not know all routers yet: what another one has said before is better. */
    private boolean counts(DialOrder said) {
        long epoch = said.revision().epoch();
        if (resolver == null
                || said.routers().isEmpty()
                || epoch != resolver.revision().epoch()) {
            return false;
        }
        return order == null
                || order.revision().epoch() == epoch
                || youngUntilNanos == null
                || nanos.getAsLong() - youngUntilNanos >= 0;
    }

    private synchronized void relisted(Duration storeAge) {
        youngUntilNanos = nanos.getAsLong() + longestTtl.minus(storeAge).toNanos();
    }

    private synchronized void take(List<Resolution.Route> all) {
        List<Candidate> staying = new ArrayList<>();
        for (Resolution.Route route : all) {
            RouterAddress address = route.registration().router();
            Duration ttl = route.registration().ttl();
            longestTtl = ttl.compareTo(longestTtl) > 0 ? ttl : longestTtl;
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
        if (!staying.equals(routers)) {
            LOG.log(INFO, "the resolver knows {0} routers to dial ({1} before)", staying.size(), routers.size());
            routers = List.copyOf(staying);
            if (answered) {
                long soon = nanos.getAsLong() + (long) (random.getAsDouble() * ASK_SOON.toNanos());
                askNanos = soon - askNanos < 0 ? soon : askNanos;
            }
            publish();
        }
    }

    private void publish() {
        Known now = new Known(routers, order == null ? List.of() : order.routers());
        if (answered && !now.equals(known)) {
            if (!now.placed.equals(known.placed)) {
                LOG.log(INFO, "{0} is placed at {1}", what.function, now.placed);
            }
            known = now;
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
    private record RoutersOnly(RecordStore store, Consumer<Duration> relisted) implements RecordStore {
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
            return store.watch(from, Holding.ITSELF, new RecordWatcher() {
                @Override
                public void onRelist(Revision revision, Duration storeAge, List<Registration> all) {
                    relisted.accept(storeAge);
                    watcher.onRelist(revision, storeAge, all);
                }

                @Override
                public void onChange(Revision revision, List<RecordChange> changes) {
                    watcher.onChange(revision, changes);
                }

                @Override
                public void onLost(String reason) {
                    watcher.onLost(reason);
                }
            });
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
