/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.resolver.client.RemoteStore;
import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * 10,000 instances that come at once, a thousand at each of ten routers, each with a function of its own there: how long
 * until all of three resolvers that share an etcd know them. Prints the times; no time is asserted but that they come.
 */
@Timeout(300)
class RegistrationWaveTest {

    private static final int RESOLVERS = 3;
    private static final int ROUTERS = 10;
    private static final int INSTANCES = 1_000;
    /** A router tells of what has come meanwhile, not of each instance by itself. */
    private static final int AT_ONCE = 100;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @Test
    void everyResolverKnowsAllOfTenThousandThatCameAtOnce() throws Exception {
        try (EtcdProcess etcd = EtcdProcess.start()) {
            List<ResolverServer> resolvers = new ArrayList<>();
            List<RemoteStore> routers = new ArrayList<>();
            try {
                for (int i = 0; i < RESOLVERS; i++) {
                    ResolverServer resolver = resolver(etcd.uri());
                    opened.add(resolver);
                    resolvers.add(resolver);
                }
                for (int r = 0; r < ROUTERS; r++) {
                    URI uri = URI.create(
                            "http://127.0.0.1:" + resolvers.get(r % RESOLVERS).httpPort());
                    RemoteStore router = new RemoteStore(List.of(uri), null);
                    opened.add(router);
                    routers.add(router);
                    router.register(address(r), Duration.ofSeconds(120), List.of())
                            .get();
                }
                wave("cold", resolvers, routers);
                wave("warm", resolvers, routers);
            } finally {
                for (int i = opened.size() - 1; i >= 0; i--) {
                    opened.get(i).close();
                }
            }
        }
    }

    private static void wave(String name, List<ResolverServer> resolvers, List<RemoteStore> routers) throws Exception {
        Map<String, AtomicInteger> knownBy = new ConcurrentHashMap<>();
        Map<String, Long> knownByAll = new ConcurrentHashMap<>();
        CountDownLatch all = new CountDownLatch(ROUTERS * INSTANCES);
        for (ResolverServer resolver : resolvers) {
            resolver.resolver().watch((function, resolution) -> {
                if (function.startsWith(name) && resolution != null && known(resolution)) {
                    AtomicInteger count = knownBy.computeIfAbsent(function, f -> new AtomicInteger());
                    if (count.incrementAndGet() == RESOLVERS) {
                        knownByAll.put(function, System.nanoTime());
                        all.countDown();
                    }
                }
            });
        }
        long start = System.nanoTime();
        List<CompletableFuture<?>> written = new ArrayList<>();
        for (int r = 0; r < ROUTERS; r++) {
            written.add(update(routers.get(r), name, r, 0));
        }
        CompletableFuture.allOf(written.toArray(CompletableFuture[]::new)).get();
        double writtenMillis = (System.nanoTime() - start) / 1e6;
        assertThat(all.await(120, TimeUnit.SECONDS))
                .as("%d are missing", all.getCount())
                .isTrue();
        List<Long> times =
                knownByAll.values().stream().map(at -> at - start).sorted().toList();
        System.out.printf(
                Locale.ROOT,
                "%s wave of %,d instances at %d routers, %d resolvers: written after %.0f ms, known to every resolver"
                        + " after p50 %.0f ms, p99 %.0f ms, all %.0f ms%n",
                name,
                times.size(),
                ROUTERS,
                RESOLVERS,
                writtenMillis,
                times.get(times.size() / 2) / 1e6,
                times.get(times.size() * 99 / 100) / 1e6,
                times.get(times.size() - 1) / 1e6);
    }

    /** One after another, as a router does it. */
    private static CompletableFuture<?> update(RemoteStore store, String name, int router, int from) {
        List<Holding> holdings = new ArrayList<>();
        for (int i = from; i < from + AT_ONCE; i++) {
            holdings.add(new Holding(name + "-" + router + "-" + i, "v1", 1, 10));
        }
        CompletableFuture<?> written = store.update("r" + router, holdings);
        int next = from + AT_ONCE;
        return next == INSTANCES ? written : written.thenCompose(done -> update(store, name, router, next));
    }

    private static boolean known(Resolution resolution) {
        for (Route route : resolution.routes()) {
            if (route.registration().capacity() > 0) {
                return true;
            }
        }
        return false;
    }

    private static RouterAddress address(int router) {
        return new RouterAddress("r" + router, "10.0.0." + (1 + router) + ":8080", "tls://10.0.0.1:7443", "eu", "a");
    }

    private static ResolverServer resolver(URI etcd) throws IOException {
        return ResolverServer.create(Config.builder()
                        .role(Role.RESOLVER)
                        .noDefaultFiles()
                        .environment(Map.of())
                        .explicit(Map.of(
                                "fluid.resolver.dns.port", "0",
                                "fluid.resolver.http.port", "0",
                                "fluid.resolver.store", "etcd",
                                "fluid.resolver.etcd.endpoints", etcd.toString()))
                        .build())
                .start();
    }
}
