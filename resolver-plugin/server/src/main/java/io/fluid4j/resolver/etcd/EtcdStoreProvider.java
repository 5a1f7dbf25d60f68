/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ResolverKeys;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import java.util.List;

/** {@code etcd}: registrations in the etcd of {@code fluid.resolver.etcd.endpoints}. */
public final class EtcdStoreProvider implements RecordStoreProvider {

    /** For ServiceLoader. */
    public EtcdStoreProvider() {}

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public RecordStore open(Config config) {
        return new EtcdStore(config.find(ResolverKeys.ETCD_ENDPOINTS).orElse(List.of()), EtcdStore.DEFAULT_PREFIX);
    }
}
