/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import io.fluid4j.spi.config.Config;

/**
 * Makes {@link RecordStore}s. Found by ServiceLoader with the class loader of the part that needs one, at start; must
 * have a public constructor without parameters that does nothing.
 */
public interface RecordStoreProvider {

    /**
     * The word in the configuration that chooses it.
     *
     * @return lower case, for example {@code memory}
     */
    String name();

    /**
     * Opens a store. Does not wait until the engine behind it can be reached.
     *
     * @param config the configuration of the process
     * @return a store of its own, closed by the caller
     */
    RecordStore open(Config config);
}
