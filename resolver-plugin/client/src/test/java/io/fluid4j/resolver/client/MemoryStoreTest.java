/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.testkit.RecordStoreContract;

class MemoryStoreTest implements RecordStoreContract {

    @Override
    public RecordStore open() {
        return new MemoryStore();
    }
}
