/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.fleet;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which other router takes a request for a function that this one does not hold. The nearest tier first (same zone,
 * region, elsewhere); in a tier by chance, weighted with the free capacity that the routers have told. Routers that have
 * told none are asked when nobody else is left. For any thread.
 */
public final class Fleet implements AutoCloseable {

    private final String self;
    private final Resolver resolver;
    private final PeerTunnels tunnels;
    private final LongUnaryOperator random;
    /** When the answer for a function changed last; for people. */
    private final Map<String, Long> changedNanos = new ConcurrentHashMap<>();

    /**
     * The fleet as one router sees it.
     *
     * @param self the name of this router
     * @param resolver knows who holds what; stays the caller's to close
     * @param tunnels to the others; closed with this
     */
    public Fleet(String self, Resolver resolver, PeerTunnels tunnels) {
        this(self, resolver, tunnels, bound -> ThreadLocalRandom.current().nextLong(bound));
    }

    Fleet(String self, Resolver resolver, PeerTunnels tunnels, LongUnaryOperator random) {
        this.self = requireNonNull(self, "self");
        this.resolver = requireNonNull(resolver, "resolver");
        this.tunnels = requireNonNull(tunnels, "tunnels");
        this.random = random;
        resolver.watch((function, resolution) -> {
            if (resolution == null) {
                changedNanos.remove(function);
            } else {
                changedNanos.put(function, tunnels.nanos());
            }
        });
    }

    /** The name of this router. */
    public String self() {
        return self;
    }

    /** The tunnels to the other routers. */
    public PeerTunnels tunnels() {
        return tunnels;
    }

    /** True while some other router holds a function. */
    public boolean anywhere() {
        for (Resolution resolution : resolver.all()) {
            for (Resolution.Route route : resolution.routes()) {
                if (!isSelf(route)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The one function that is held in the whole fleet; null when there are none or several. */
    public @Nullable String onlyFunction() {
        Iterator<Resolution> all = resolver.all().iterator();
        if (!all.hasNext()) {
            return null;
        }
        String first = all.next().function();
        return all.hasNext() ? null : first;
    }

    /**
     * The router for a request.
     *
     * @param function what it is for
     * @param deployments which deployments may serve it
     * @param excluded where it has been in vain
     * @return a tunnel, possibly not dialled yet; null when no other router is left to ask
     */
    public @Nullable PeerTunnel choose(
            String function, Predicate<String> deployments, Predicate<? super PeerTunnel> excluded) {
        Resolution resolution = resolver.lookup(function);
        if (resolution == null) {
            return null;
        }
        PeerTunnel withoutRoom = null;
        PeerTunnel chosen = null;
        int tier = -1;
        long sum = 0;
        List<Resolution.Route> routes = resolution.routes();
        for (int i = 0; i < routes.size(); i++) {
            Resolution.Route route = routes.get(i);
            if (chosen != null && route.tier() != tier) {
                break;
            }
            long capacity = isSelf(route) ? -1 : capacity(route.registration(), deployments);
            if (capacity < 0) {
                continue;
            }
            PeerTunnel tunnel = tunnels.to(route.registration().router());
            if (excluded.test(tunnel) || !tunnel.usable(function)) {
                continue;
            }
            if (capacity == 0) {
                withoutRoom = withoutRoom == null ? tunnel : withoutRoom;
                continue;
            }
            tier = route.tier();
            sum += capacity;
            // Each of the tier stays with the probability of its weight among those seen so far.
            if (chosen == null || random.applyAsLong(sum) < capacity) {
                chosen = tunnel;
            }
        }
        return chosen != null ? chosen : withoutRoom;
    }

    /**
     * What the resolver says about a function at this moment, and to whom the request goes.
     *
     * @param function the function
     * @param to the router that was chosen
     * @param afterNanos when, nanoseconds since the request began
     * @param before the hop before that one, which came to nothing
     */
    public Hop hop(String function, PeerTunnel to, long afterNanos, @Nullable Hop before) {
        Resolution resolution = resolver.lookup(function);
        List<Hop.Candidate> candidates = new ArrayList<>();
        if (resolution != null) {
            for (Resolution.Route route : resolution.routes()) {
                Registration registration = route.registration();
                if (candidates.size() == Hop.MAX_CANDIDATES) {
                    break;
                }
                PeerTunnel tunnel = tunnels.known(registration.router().router());
                candidates.add(new Hop.Candidate(
                        registration.router().router(),
                        registration.router().region(),
                        registration.router().zone(),
                        route.tier(),
                        registration.capacity(),
                        registration.tunnels(),
                        isSelf(route) ? "self" : tunnel == null ? "idle" : tunnel.shownState()));
            }
        }
        Long changed = changedNanos.get(function);
        return new Hop(
                to.router().router(),
                afterNanos,
                resolution == null ? "" : resolution.revision().toString(),
                changed == null ? -1 : (tunnels.nanos() - changed) / 1_000_000L,
                resolver.stale(),
                candidates,
                before);
    }

    @Override
    public void close() {
        tunnels.close();
    }

    private boolean isSelf(Resolution.Route route) {
        return route.registration().router().router().equals(self);
    }

    /** Free capacity of the deployments that may serve; -1 when there are none of them. */
    private static long capacity(Registration registration, Predicate<String> deployments) {
        long capacity = -1;
        List<Holding> holdings = registration.deployments();
        for (int i = 0; i < holdings.size(); i++) {
            if (deployments.test(holdings.get(i).deployment())) {
                capacity = Math.max(0, capacity) + holdings.get(i).capacity();
            }
        }
        return capacity;
    }
}
