/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the request path takes from the configuration, in the types that it uses. Immutable. */
record RouterSettings(
        RouterLimits limits,
        RouterContext.Times times,
        RouterContext.Retries retries,
        RouteTable routes,
        TrustedProxies proxies) {

    private static final String WEIGHT = "weight.";

    static RouterSettings from(Config config) {
        return new RouterSettings(
                new RouterLimits(
                        Math.toIntExact(config.get(RouterKeys.MAX_TARGET)),
                        Math.toIntExact(config.get(RouterKeys.MAX_HEADER_SIZE)),
                        config.get(RouterKeys.MAX_HEADERS),
                        config.get(RouterKeys.MAX_BODY).orElse(Long.MAX_VALUE),
                        config.get(RouterKeys.MAX_HOPS)),
                new RouterContext.Times(
                        config.get(RouterKeys.REQUEST_TIMEOUT).toNanos(),
                        config.get(CommonKeys.STREAM_IDLE_TIMEOUT).toNanos(),
                        config.get(RouterKeys.MAX_WAIT).toNanos()),
                new RouterContext.Retries(
                        config.get(RouterKeys.MAX_ATTEMPTS),
                        config.get(RouterKeys.REPLAY_BUFFER),
                        config.get(RouterKeys.MAX_WAITING)),
                routes(config),
                new TrustedProxies(config.find(RouterKeys.TRUSTED_PROXIES).orElse(List.of())));
    }

    private static RouteTable routes(Config config) {
        List<RouteTable.Route> routes = new ArrayList<>();
        for (Map.Entry<String, Map<String, String>> entry :
                config.group("fluid.route").entrySet()) {
            String name = entry.getKey();
            Map<String, Integer> weights = new HashMap<>();
            for (String key : entry.getValue().keySet()) {
                if (key.startsWith(WEIGHT)) {
                    String deployment = key.substring(WEIGHT.length());
                    weights.put(deployment, config.get(RouterKeys.ROUTE_WEIGHT.named(name, deployment)));
                }
            }
            routes.add(new RouteTable.Route(
                    name,
                    config.find(RouterKeys.ROUTE_FUNCTION.named(name)).orElse(name),
                    config.find(RouterKeys.ROUTE_HOST.named(name)).orElse(List.of()),
                    config.get(RouterKeys.ROUTE_PATH.named(name)),
                    Weights.of(weights)));
        }
        return new RouteTable(routes);
    }
}
