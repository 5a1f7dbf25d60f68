/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import java.util.List;

/** {@code remote}: the resolvers of {@code fluid.resolver.urls}. */
public final class RemoteStoreProvider implements RecordStoreProvider {

    /** For ServiceLoader. */
    public RemoteStoreProvider() {}

    @Override
    public String name() {
        return "remote";
    }

    @Override
    public RecordStore open(Config config) {
        return new RemoteStore(
                config.find(CommonKeys.RESOLVER_URLS).orElse(List.of()),
                config.find(CommonKeys.RESOLVER_TOKEN).orElse(null));
    }
}
