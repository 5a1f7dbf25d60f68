/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.ResolverProvider;

/** Resolvers that answer from a {@link Replica}. */
public final class ReplicaProvider implements ResolverProvider {

    /** For ServiceLoader. */
    public ReplicaProvider() {}

    @Override
    public Resolver open(RecordStore store, Locality here) {
        return Replica.of(store, here);
    }
}
