/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Host and path to function. Immutable; replaced as a whole when the configuration is read again. */
final class RouteTable {

    /**
     * One route.
     *
     * @param name its name in the configuration
     * @param function the function it leads to
     * @param hosts lower case; {@code *.example.com} for subdomains, {@code *} or empty for every host
     * @param path prefix of whole segments; {@code /} for every path
     * @param weights shares of deployments
     */
    record Route(String name, String function, List<String> hosts, String path, Weights weights) {

        /** The route of a router without routes: the one function that is connected. */
        static Route toOnly(String function) {
            return new Route("default", function, List.of(), "/", Weights.NONE);
        }

        Route {
            List<String> lower = new ArrayList<>();
            for (String host : hosts) {
                lower.add(host.toLowerCase(Locale.ROOT));
            }
            hosts = List.copyOf(lower);
            if (path.length() > 1 && path.endsWith("/")) {
                path = path.substring(0, path.length() - 1);
            }
        }

        boolean anyHost() {
            return hosts.isEmpty() || hosts.contains("*");
        }

        boolean matchesPath(String normalised) {
            return path.length() == 1
                    || (normalised.startsWith(path)
                            && (normalised.length() == path.length() || normalised.charAt(path.length()) == '/'));
        }
    }

    static final RouteTable EMPTY = new RouteTable(List.of());

    private static final Comparator<Route> LONGEST_PATH_FIRST =
            Comparator.<Route>comparingInt(route -> -route.path().length()).thenComparing(Route::name);

    private final List<Route> routes;
    private final Map<String, List<Route>> byHost;
    private final Map<String, List<Route>> bySuffix;
    private final List<Route> anyHost;

    RouteTable(List<Route> routes) {
        this.routes = List.copyOf(routes);
        Map<String, List<Route>> exact = new HashMap<>();
        Map<String, List<Route>> suffix = new HashMap<>();
        List<Route> any = new ArrayList<>();
        List<Route> sorted = new ArrayList<>(routes);
        sorted.sort(LONGEST_PATH_FIRST);
        for (Route route : sorted) {
            if (route.anyHost()) {
                any.add(route);
                continue;
            }
            for (String host : route.hosts()) {
                boolean wild = host.startsWith("*.");
                (wild ? suffix : exact)
                        .computeIfAbsent(wild ? host.substring(1) : host, key -> new ArrayList<>())
                        .add(route);
            }
        }
        byHost = Map.copyOf(exact);
        bySuffix = Map.copyOf(suffix);
        anyHost = List.copyOf(any);
    }

    boolean isEmpty() {
        return routes.isEmpty();
    }

    List<Route> routes() {
        return routes;
    }

    /** A route that another router has found; made up when there is none of that name here that leads there. */
    Route named(String name, String function) {
        for (Route route : routes) {
            if (route.name().equals(name) && route.function().equals(function)) {
                return route;
            }
        }
        return new Route(name, function, List.of(), "/", Weights.NONE);
    }

    /**
     * The route for a request: the exact host before a wildcard, the longer suffix before the shorter, any host last; among
     * these the longest path.
     *
     * @param host host without port, any case
     * @param path the normalised path
     */
    @Nullable
    Route find(String host, String path) {
        if (!byHost.isEmpty() || !bySuffix.isEmpty()) {
            String lower = host.toLowerCase(Locale.ROOT);
            Route route = first(byHost.get(lower), path);
            if (route != null) {
                return route;
            }
            for (int dot = lower.indexOf('.'); dot >= 0; dot = lower.indexOf('.', dot + 1)) {
                route = first(bySuffix.get(lower.substring(dot)), path);
                if (route != null) {
                    return route;
                }
            }
        }
        return first(anyHost, path);
    }

    private static @Nullable Route first(@Nullable List<Route> candidates, String path) {
        if (candidates == null) {
            return null;
        }
        for (int i = 0; i < candidates.size(); i++) {
            if (candidates.get(i).matchesPath(path)) {
                return candidates.get(i);
            }
        }
        return null;
    }
}
