/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;

/** {@code memory}: registrations in this process. */
public final class MemoryStoreProvider implements RecordStoreProvider {

    /** For ServiceLoader. */
    public MemoryStoreProvider() {}

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public RecordStore open(Config config) {
        return new MemoryStore();
    }
}
