/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.Revision;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a store in this process: for each function an immutable answer in a concurrent map. A look-up takes no lock
 * and allocates nothing. One thread writes: it applies what the store's watch tells, in order.
 *
 * <p>Only the store says that something has gone; a replica that has lost its store keeps everything. And a store that
 * is younger than the time to live of a record, because it was restarted empty, has not yet heard from every router: what
 * it lacks is kept until it is old enough for its silence to mean something.
 */
public final class Replica implements Resolver {

    private static final Comparator<Route> NEAREST_FIRST = Comparator.comparingInt(Route::tier)
            .thenComparing(Comparator.comparingInt(
                            (Route route) -> route.registration().capacity())
                    .reversed())
            .thenComparing(route -> route.registration().router().router());

    private static final Logger LOG = System.getLogger(Replica.class.getName());

    private record Key(String function, String router) {}

    private final Locality here;
    private final ScheduledExecutorService writer;
    private final LongSupplier nanos;
    private final Map<String, Resolution> byFunction = new ConcurrentHashMap<>();
    private final Collection<Resolution> all = Collections.unmodifiableCollection(byFunction.values());
    /** What routers say of themselves; null: none has said anything. */
    private volatile @Nullable Resolution routers;

    private volatile Revision revision = Revision.NONE;
    // Stale until it has heard from the store for the first time.
    private volatile boolean stale = true;
    // Used by the writer's thread only:
    private final List<Listener> listeners = new ArrayList<>();
    /** What a young store lacks, and until when it is kept. */
    private final Map<Key, Long> heldUntilNanos = new HashMap<>();
    /** While everything is told anew; listeners hear of the routers once, when all of it is known. */
    private boolean listing;

    private boolean routersListed;

    private RecordStore.@Nullable Watch watch;

    Replica(Locality here, ScheduledExecutorService writer, LongSupplier nanos) {
        this.here = here;
        this.writer = writer;
        this.nanos = nanos;
    }

    /**
     * A replica with a thread of its own.
     *
     * @param store what it follows; stays the caller's to close
     * @param here where it runs, for the tiers of its answers
     */
    public static Replica of(RecordStore store, Locality here) {
        Replica replica = new Replica(
                here,
                Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, "fluid-replica");
                    thread.setDaemon(true);
                    return thread;
                }),
                System::nanoTime);
        replica.follow(store);
        return replica;
    }

    void follow(RecordStore store) {
        watch = store.watch(null, new Follower());
    }

    @Override
    public @Nullable Resolution lookup(String function) {
        return byFunction.get(function);
    }

    @Override
    public Collection<Resolution> all() {
        return all;
    }

    @Override
    public List<Route> routers() {
        Resolution known = routers;
        return known == null ? List.of() : known.routes();
    }

    @Override
    public Revision revision() {
        return revision;
    }

    @Override
    public boolean stale() {
        return stale;
    }

    @Override
    public void watch(Listener listener) {
        write(() -> {
            for (Resolution resolution : byFunction.values()) {
                listener.onChange(resolution.function(), resolution);
            }
            if (routers != null) {
                listener.onRouters(routers());
            }
            listeners.add(listener);
        });
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.close();
        }
        writer.shutdownNow();
    }

    private void write(Runnable task) {
        try {
            writer.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "a change was not applied", e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the replica is closed");
        }
    }

    private void change(Revision next, List<RecordChange> changes) {
        for (RecordChange change : changes) {
            heldUntilNanos.remove(new Key(change.function(), change.router()));
            apply(change);
        }
        revision = next;
        inTouch();
    }

    private void relist(Revision next, Duration storeAge, List<Registration> registrations) {
        listing = true;
        try {
            replace(next, storeAge, registrations);
        } finally {
            listing = false;
        }
        if (routersListed) {
            routersListed = false;
            tellRouters();
        }
    }

    private void replace(Revision next, Duration storeAge, List<Registration> registrations) {
        boolean sameHistory = next.epoch() == revision.epoch();
        Set<Key> listed = new HashSet<>();
        for (Registration registration : registrations) {
            Key key = new Key(registration.function(), registration.router().router());
            listed.add(key);
            heldUntilNanos.remove(key);
            apply(RecordChange.put(registration));
        }
        long now = nanos.getAsLong();
        Duration longest = Duration.ZERO;
        for (Resolution resolution : everything()) {
            for (Route route : resolution.routes()) {
                Registration registration = route.registration();
                Key key = new Key(registration.function(), registration.router().router());
                Duration left = registration.ttl().minus(storeAge);
                if (listed.contains(key) || (sameHistory && heldUntilNanos.containsKey(key))) {
                    continue;
                }
                if (sameHistory || left.isNegative() || left.isZero()) {
                    apply(RecordChange.gone(key.function, key.router));
                } else {
                    heldUntilNanos.put(key, now + left.toNanos());
                    longest = longest.compareTo(left) > 0 ? longest : left;
                    var unused = writer.schedule(this::dropHeld, left.toNanos(), TimeUnit.NANOSECONDS);
                }
            }
        }
        if (!heldUntilNanos.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "the store has begun anew and lacks {0} registrations: they are kept for up to {1} s",
                    heldUntilNanos.size(),
                    longest.toSeconds());
        }
        revision = next;
        inTouch();
    }

    /** Drops what a young store has not heard of until now; not while it is silent itself. */
    private void dropHeld() {
        if (stale) {
            return;
        }
        long now = nanos.getAsLong();
        for (Map.Entry<Key, Long> held : List.copyOf(heldUntilNanos.entrySet())) {
            if (now - held.getValue() >= 0) {
                heldUntilNanos.remove(held.getKey());
                apply(RecordChange.gone(held.getKey().function, held.getKey().router));
            }
        }
    }

    private void inTouch() {
        stale = false;
        if (!heldUntilNanos.isEmpty()) {
            dropHeld();
        }
    }

    private void apply(RecordChange change) {
        Resolution before = known(change.function());
        List<Route> routes = new ArrayList<>();
        Revision latest = Revision.NONE;
        if (before != null) {
            for (Route route : before.routes()) {
                if (!route.registration().router().router().equals(change.router())) {
                    routes.add(route);
                }
            }
        }
        Registration registration = change.registration();
        if (registration != null) {
            routes.add(new Route(registration, here.tierOf(registration.router())));
            routes.sort(NEAREST_FIRST);
        }
        if (routes.isEmpty()) {
            if (before != null) {
                set(change.function(), null);
            }
            return;
        }
        for (Route route : routes) {
            Revision written = route.registration().revision();
            latest = written.number() >= latest.number() ? written : latest;
        }
        set(change.function(), new Resolution(change.function(), latest, routes));
    }

    private List<Resolution> everything() {
        List<Resolution> everything = new ArrayList<>(byFunction.values());
        Resolution known = routers;
        if (known != null) {
            everything.add(known);
        }
        return everything;
    }

    private @Nullable Resolution known(String function) {
        return function.equals(Holding.ITSELF) ? routers : byFunction.get(function);
    }

    private void set(String function, @Nullable Resolution now) {
        if (function.equals(Holding.ITSELF)) {
            routers = now;
            if (listing) {
                routersListed = true;
            } else {
                tellRouters();
            }
            return;
        }
        if (now == null) {
            byFunction.remove(function);
        } else {
            byFunction.put(function, now);
        }
        tell(function, now);
    }

    private void tellRouters() {
        for (Listener listener : listeners) {
            listener.onRouters(routers());
        }
    }

    private void tell(String function, @Nullable Resolution resolution) {
        for (Listener listener : listeners) {
            listener.onChange(function, resolution);
        }
    }

    private final class Follower implements RecordWatcher {
        @Override
        public void onRelist(Revision next, Duration storeAge, List<Registration> registrations) {
            write(() -> relist(next, storeAge, registrations));
        }

        @Override
        public void onChange(Revision next, List<RecordChange> changes) {
            write(() -> change(next, changes));
        }

        @Override
        public void onLost(String reason) {
            write(() -> {
                stale = true;
                LOG.log(Level.WARNING, "the store cannot be reached: answers may be out of date ({0})", reason);
            });
        }
    }
}
