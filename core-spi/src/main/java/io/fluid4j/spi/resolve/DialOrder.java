/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Where the instances of a function should dial, as a resolver has said it ({@link Placement}). Immutable.
 *
 * @param revision what the resolver knew when it said so
 * @param routers names of routers, the best first; an instance that dials fewer of them takes some. Empty when the resolver
 *     knows none
 */
public record DialOrder(Revision revision, List<String> routers) {

    /** Copies the list. */
    public DialOrder {
        requireNonNull(revision, "revision");
        routers = List.copyOf(routers);
    }
}
