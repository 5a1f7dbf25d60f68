/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.testkit.RecordStoreContract;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract of a store, on a real etcd. */
class EtcdStoreTest implements RecordStoreContract {

    private static final AtomicInteger STORES = new AtomicInteger();
    private static EtcdProcess etcd;

    @BeforeAll
    static void start() throws IOException {
        etcd = EtcdProcess.start();
    }

    @AfterAll
    static void stop() throws IOException {
        if (etcd != null) {
            etcd.close();
        }
    }

    @Override
    public RecordStore open() {
        return new EtcdStore(List.of(etcd.uri()), "/test/" + STORES.incrementAndGet());
    }

    /** etcd's shortest lease is twice its election time-out. */
    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(2);
    }
}
