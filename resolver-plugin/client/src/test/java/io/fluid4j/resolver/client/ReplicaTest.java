/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.testkit.ManualClock;
import io.fluid4j.testkit.ManualScheduler;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicaTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    private final ManualScheduler scheduler = new ManualScheduler(new ManualClock());
    private final Replica replica = new Replica(new Locality("eu", "a"), scheduler, scheduler.clock()::nanoTime);
    private final ChangeLog log = new ChangeLog(scheduler, scheduler.clock()::nanoTime, new Revision(1, 0));

    private static class LogStore implements io.fluid4j.spi.resolve.RecordStore {
        private final ChangeLog log;

        LogStore(ChangeLog log) {
            this.log = log;
        }

        @Override
        public java.util.concurrent.CompletableFuture<Revision> register(
                RouterAddress router, Duration ttl, List<Holding> holdings) {
            throw new UnsupportedOperationException();
        }

        @Override
        public java.util.concurrent.CompletableFuture<Revision> update(String router, List<Holding> changes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public java.util.concurrent.CompletableFuture<Revision> remove(String router) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Watch watch(Revision from, io.fluid4j.spi.resolve.RecordWatcher watcher) {
            return log.watch(from, watcher);
        }

        @Override
        public void close() {}
    }

    @Test
    void nearestRouterComesFirstThenTheOneWithMostRoom() {
        follow();
        log.append(
                new Revision(1, 1),
                List.of(
                        put(1, "far", "us", "a", 99),
                        put(1, "near-full", "eu", "a", 0),
                        put(1, "region", "eu", "b", 50),
                        put(1, "near-b", "eu", "a", 9),
                        put(1, "near-a", "eu", "a", 9)));
        scheduler.runDue();
        Resolution shop = requireNonNull(replica.lookup("shop"));
        assertThat(shop.routes())
                .extracting(route ->
                        route.tier() + " " + route.registration().router().router())
                .containsExactly("0 near-a", "0 near-b", "0 near-full", "1 region", "2 far");
        assertThat(replica.revision()).isEqualTo(new Revision(1, 1));
        assertThat(replica.stale()).isFalse();
        log.append(new Revision(1, 2), List.of(RecordChange.gone("shop", "near-a")));
        scheduler.runDue();
        assertThat(shop.routes()).hasSize(5);
        assertThat(requireNonNull(replica.lookup("shop")).routes()).hasSize(4);
        assertThat(replica.lookup("nothing")).isNull();
    }

    @Test
    void aLostStoreLeavesEverythingAndIsSaid() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        log.lost("the engine does not answer");
        scheduler.runDue();
        assertThat(replica.stale()).isTrue();
        scheduler.advance(TTL.multipliedBy(100));
        assertThat(replica.lookup("shop")).isNotNull();
        log.append(new Revision(1, 2), List.of());
        scheduler.runDue();
        assertThat(replica.stale()).isFalse();
    }

    @Test
    void aStoreYoungerThanATtlDeletesNothing() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1), put(1, "r2", "eu", "a", 1)));
        scheduler.runDue();
        log.relist(new Revision(2, 0), List.of());
        scheduler.runDue();
        assertThat(requireNonNull(replica.lookup("shop")).routes()).hasSize(2);
        // One of them is heard of again, the other is not.
        scheduler.advance(Duration.ofSeconds(10));
        log.append(new Revision(2, 1), List.of(put(2, "r2", "eu", "a", 5)));
        scheduler.advance(Duration.ofSeconds(19));
        assertThat(requireNonNull(replica.lookup("shop")).routes()).hasSize(2);
        scheduler.advance(Duration.ofSeconds(2));
        assertThat(requireNonNull(replica.lookup("shop")).routes())
                .extracting(route -> route.registration().router().router())
                .containsExactly("r2");
    }

    @Test
    void nothingIsDroppedWhileTheNewStoreIsSilent() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        scheduler.runDue();
        log.relist(new Revision(2, 0), List.of());
        scheduler.runDue();
        log.lost("gone again");
        scheduler.advance(TTL.multipliedBy(2));
        assertThat(replica.lookup("shop")).isNotNull();
        log.append(new Revision(2, 0), List.of());
        scheduler.runDue();
        assertThat(replica.lookup("shop")).isNull();
    }

    @Test
    void anOldStoreOfAnotherHistoryIsBelievedAtOnce() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        scheduler.runDue();
        replica.follow(new LogStore(log) {
            @Override
            public Watch watch(Revision from, io.fluid4j.spi.resolve.RecordWatcher watcher) {
                watcher.onRelist(new Revision(3, 0), TTL, List.of());
                return () -> {};
            }
        });
        scheduler.runDue();
        assertThat(replica.lookup("shop")).isNull();
    }

    @Test
    void aRelistOfTheSameHistoryDropsWhatItLacks() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        scheduler.runDue();
        log.relist(new Revision(1, 9), List.of());
        scheduler.runDue();
        assertThat(replica.lookup("shop")).isNull();
        assertThat(replica.all()).isEmpty();
    }

    @Test
    void listenersHearEverythingThenEveryChange() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        scheduler.runDue();
        List<String> heard = new ArrayList<>();
        replica.watch((function, resolution) -> heard.add(function + (resolution == null ? " gone" : " held")));
        scheduler.runDue();
        log.append(new Revision(1, 2), List.of(RecordChange.gone("shop", "r1")));
        scheduler.runDue();
        assertThat(heard).containsExactly("shop held", "shop gone");
    }

    @Test
    void routersAreKnownApartFromWhatTheyHold() {
        follow();
        List<String> heard = new ArrayList<>();
        replica.watch(new Resolver.Listener() {
            @Override
            public void onChange(String function, Resolution resolution) {
                heard.add(function);
            }

            @Override
            public void onRouters(List<Resolution.Route> routers) {
                heard.add(routers.stream()
                        .map(route -> route.tier() + " "
                                + route.registration().router().router())
                        .toList()
                        .toString());
            }
        });
        log.append(new Revision(1, 1), List.of(itself(1, "far", "us"), itself(1, "near", "eu")));
        scheduler.runDue();
        assertThat(heard).containsExactly("[2 far]", "[0 near, 2 far]");
        assertThat(replica.routers()).hasSize(2);
        assertThat(replica.all()).isEmpty();
        assertThat(replica.lookup(Holding.ITSELF)).isNull();
        log.append(new Revision(1, 2), List.of(RecordChange.gone(Holding.ITSELF, "far")));
        log.append(new Revision(1, 3), List.of(RecordChange.gone(Holding.ITSELF, "near")));
        scheduler.runDue();
        assertThat(heard).endsWith("[0 near]", "[]");
        assertThat(replica.routers()).isEmpty();
    }

    @Test
    void ofRoutersThatAreToldTogetherListenersHearTogetherAndKnowTheRevision() {
        log.append(new Revision(1, 1), List.of(itself(1, "far", "us"), itself(1, "near", "eu")));
        List<String> heard = new ArrayList<>();
        replica.watch(new Resolver.Listener() {
            @Override
            public void onChange(String function, Resolution resolution) {}

            @Override
            public void onRouters(List<Resolution.Route> routers) {
                heard.add(routers.size() + " at " + replica.revision());
            }
        });
        follow();
        assertThat(heard).containsExactly("2 at 1.1");
    }

    private static RecordChange itself(long number, String router, String region) {
        return RecordChange.put(new Registration(
                Holding.ITSELF,
                new RouterAddress(router, "10.0.0.1:80", "tcp://10.0.0.1:7443", region, "a"),
                List.of(Holding.itself()),
                TTL,
                new Revision(1, number)));
    }

    @Test
    void aLookUpAllocatesNothing() {
        follow();
        log.append(new Revision(1, 1), List.of(put(1, "r1", "eu", "a", 1)));
        scheduler.runDue();
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long found = 0;
        long allocated = Long.MAX_VALUE;
        // The first rounds run interpreted, where the measuring itself may allocate.
        for (int round = 0; round < 5 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100_000; i++) {
                found += replica.lookup("shop") == null || replica.lookup("none") != null ? 0 : 1;
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(found % 100_000).isZero();
        assertThat(found).isPositive();
        assertThat(allocated).isZero();
    }

    private void follow() {
        replica.follow(new LogStore(log));
        scheduler.runDue();
    }

    private static RecordChange put(long epoch, String router, String region, String zone, int capacity) {
        return RecordChange.put(new Registration(
                "shop",
                new RouterAddress(router, "h:1", "tcp://h:2", region, zone),
                List.of(new Holding("shop", "v", 1, capacity)),
                TTL,
                new Revision(epoch, 1)));
    }
}
