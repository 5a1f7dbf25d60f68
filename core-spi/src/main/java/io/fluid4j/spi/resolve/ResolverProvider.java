/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

/**
 * Makes {@link Resolver}s. Found by ServiceLoader with the class loader of the part that needs one, at start; must have
 * a public constructor without parameters that does nothing.
 */
public interface ResolverProvider {

    /**
     * A resolver that follows a store.
     *
     * @param store what it follows; stays the caller's to close
     * @param here where it runs, for the tiers of its answers
     * @return a resolver of its own, closed by the caller
     */
    Resolver open(RecordStore store, Locality here);
}
