/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the routers of a {@link ReuseSimulation} have told by now, as everybody sees it. */
final class ReuseView implements Resolver {

    private static final Revision REVISION = new Revision(1, 1);

    private final List<RouterAddress> addresses = new ArrayList<>();
    private final List<Route> routers = new ArrayList<>();
    private final Map<String, Resolution> held = new HashMap<>();
    private final Map<String, Integer> indexes = new HashMap<>();
    private final Map<Locality, List<Candidate>> candidates = new HashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private final List<Set<Integer>> touched = new ArrayList<>();

    ReuseView(List<ReuseSimulation.Site> sites) {
        for (ReuseSimulation.Site site : sites) {
            RouterAddress address = new RouterAddress(
                    site.router(),
                    site.router() + ":8080",
                    "tls://" + site.router() + ":7443",
                    site.region(),
                    site.zone());
            indexes.put(site.router(), addresses.size());
            addresses.add(address);
            routers.add(route(address, Holding.itself()));
            touched.add(new TreeSet<>());
        }
    }

    private static Route route(RouterAddress address, Holding holding) {
        return new Route(
                new Registration(holding.function(), address, List.of(holding), Registration.DEFAULT_TTL, REVISION), 0);
    }

    /** What a router holds of a function has changed. */
    void touch(int router, int function) {
        touched.get(router).add(function);
    }

    /** What has changed since it was asked for the last time. */
    Collection<Integer> touched(int router) {
        Set<Integer> some = touched.set(router, new TreeSet<>());
        return some;
    }

    void tell(int router, int function, int tunnels, int capacity) {
        String name = "f" + function;
        RouterAddress address = addresses.get(router);
        List<Route> routes = new ArrayList<>();
        Resolution before = held.get(name);
        if (before != null) {
            before.routes().stream()
                    .filter(route -> !route.registration().router().equals(address))
                    .forEach(routes::add);
        }
        if (tunnels > 0) {
            routes.add(route(address, new Holding(name, "default", tunnels, capacity)));
        }
        Resolution now = routes.isEmpty() ? null : new Resolution(name, REVISION, routes);
        if (now == null) {
            held.remove(name);
        } else {
            held.put(name, now);
        }
        listeners.forEach(listener -> listener.onChange(name, now));
    }

    /** Who is said to hold a function: nearest first, then the most room. */
    List<Integer> holders(int function, Locality from) {
        Resolution known = held.get("f" + function);
        if (known == null) {
            return List.of();
        }
        return known.routes().stream()
                .map(Route::registration)
                .sorted(Comparator.comparingInt((Registration one) -> from.tierOf(one.router()))
                        .thenComparing(
                                Comparator.comparingInt(Registration::capacity).reversed())
                        .thenComparing(one -> one.router().router()))
                .map(one -> indexOf(one.router().router()))
                .toList();
    }

    List<Candidate> candidates(Locality here) {
        return candidates.computeIfAbsent(here, from -> addresses.stream()
                .map(router -> new Candidate(
                        router.router(),
                        URI.create(router.tunnel()),
                        router.region() + "/" + router.zone(),
                        from.tierOf(router)))
                .toList());
    }

    int indexOf(URI tunnel) {
        return indexOf(tunnel.getHost());
    }

    private int indexOf(String router) {
        Integer index = indexes.get(router);
        if (index == null) {
            throw new AssertionError("no router " + router);
        }
        return index;
    }

    @Override
    public @Nullable Resolution lookup(String function) {
        return held.get(function);
    }

    @Override
    public Collection<Resolution> all() {
        return held.values();
    }

    @Override
    public List<Route> routers() {
        return routers;
    }

    @Override
    public Revision revision() {
        return REVISION;
    }

    @Override
    public boolean stale() {
        return false;
    }

    @Override
    public void watch(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {}
}
