/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.util.List;

/**
 * Which routers hold a function: an immutable picture, replaced as a whole when something changes.
 *
 * @param function the function
 * @param revision the latest one among its registrations
 * @param routes the routers: nearest tier first, then most free capacity, then by name; not empty
 */
public record Resolution(String function, Revision revision, List<Route> routes) {

    /**
     * One router that holds the function.
     *
     * @param registration what it says
     * @param tier how near it is from where the resolver runs, as {@link Locality#tierOf}
     */
    public record Route(Registration registration, int tier) {}

    /** Copies the list. */
    public Resolution {
        routes = List.copyOf(routes);
        if (routes.isEmpty()) {
            throw new IllegalArgumentException("resolution of " + function + " (expected: a route)");
        }
    }
}
