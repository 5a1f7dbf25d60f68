/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Placement in virtual time, on fleets made up at random. */
class PlacementTest {

    private static final Revision REVISION = new Revision(1, 1);

    private final Fleet fleet = new Fleet();
    private final AtomicLong nanos = new AtomicLong();
    private final Placement placement = new Placement(fleet, 2, nanos::get);

    private List<String> place(String function, String region, String zone) {
        return placement.of(function, new Locality(region, zone)).stream()
                .map(RouterAddress::router)
                .toList();
    }

    @Test
    void whoeverAsksInARegionMeetsAtTheSameRouters() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            fleet.clear();
            int routers = 1 + random.nextInt(12);
            for (int i = 0; i < routers; i++) {
                fleet.add("r" + i, "region" + i % 3, "zone" + random.nextInt(3));
            }
            for (int f = 0; f < 20; f++) {
                String region = "region" + f % 3;
                List<String> one = place("f" + f, region, "zone0");
                assertThat(place("f" + f, region, "zone2")).isEqualTo(one);
                assertThat(one).hasSize(Math.min(2, routers)).doesNotHaveDuplicates();
                boolean local =
                        fleet.routers.values().stream().anyMatch(r -> r.region().equals(region));
                if (local) {
                    assertThat(fleet.routers.get(one.get(0)).region()).isEqualTo(region);
                }
            }
        }
    }

    @Test
    void zonesDifferWhenThereAreAny() {
        for (int i = 0; i < 9; i++) {
            fleet.add("r" + i, "region", "zone" + i % 3);
        }
        for (int f = 0; f < 300; f++) {
            List<String> two = place("f" + f, "region", "zone0");
            assertThat(fleet.routers.get(two.get(0)).zone())
                    .isNotEqualTo(fleet.routers.get(two.get(1)).zone());
        }
    }

    @Test
    void onlyThoseMoveThatAChangeConcerns() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        Map<String, List<String>> before = new HashMap<>();
        for (int f = 0; f < 1_000; f++) {
            before.put("f" + f, place("f" + f, "region", "zone"));
        }
        fleet.remove("r3");
        int moved = 0;
        for (Map.Entry<String, List<String>> one : before.entrySet()) {
            List<String> now = place(one.getKey(), "region", "zone");
            if (one.getValue().contains("r3")) {
                moved++;
                assertThat(now).doesNotContain("r3");
            } else {
                assertThat(now).isEqualTo(one.getValue());
            }
        }
        assertThat(moved).as("of 1,000 functions on 2 of 8 routers each").isBetween(180, 320);
    }

    @Test
    void aRouterThatGoesAwayGetsNothing() {
        fleet.add("r0", "region", "a");
        fleet.add("r1", "region", "b");
        fleet.drain("r0");
        assertThat(place("shop", "region", "a")).containsExactly("r1");
        assertThat(place("shop", "elsewhere", "a")).containsExactly("r1");
        fleet.remove("r1");
        assertThat(place("shop", "region", "a")).isEmpty();
    }

    @Test
    void theNextRegionIsNextAndOnlyThen() {
        fleet.add("far", "there", "a");
        fleet.add("near", "here", "a");
        assertThat(place("shop", "here", "a")).containsExactly("near", "far");
        fleet.remove("near");
        assertThat(place("shop", "here", "a")).containsExactly("far");
    }

    @Test
    void whoIsAtItsLimitGetsNoFunctionThatItDoesNotHold() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        // Functions of very different sizes come one after another and stay where they were put.
        Random random = new Random(7);
        Map<String, String> first = new HashMap<>();
        for (int f = 0; f < 2_000; f++) {
            String function = "f" + f;
            List<String> routers = place(function, "region", "zone");
            int size = 1 + (int) (20 / (1.0 + random.nextInt(20)));
            first.put(function, routers.get(0));
            fleet.hold(function, 1_000, Map.of(routers.get(0), size));
        }
        Map<String, Integer> load = fleet.tunnels();
        double mean =
                load.values().stream().mapToInt(Integer::intValue).average().orElseThrow();
        assertThat(load.values()).allSatisfy(one -> assertThat((double) one).isLessThanOrEqualTo(mean * 1.25 + 21));
        // Who holds a function keeps it, however full it is.
        String holder = first.get("f5");
        fleet.hold("giant", 1_000_000, Map.of(holder, 100_000));
        assertThat(place("f5", "region", "zone")).startsWith(holder);
        for (int f = 0; f < 200; f++) {
            assertThat(place("new" + f, "region", "zone")).doesNotContain(holder);
        }
    }

    @Test
    void aSpikeWidensTheSetAndItNarrowsAgain() {
        for (int i = 0; i < 16; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        List<String> quiet = place("shop", "region", "zone");
        Map<String, Integer> two = Map.of(quiet.get(0), 8, quiet.get(1), 8);
        fleet.hold("shop", 100, two);
        pass(Duration.ofMinutes(5));
        assertThat(place("shop", "region", "zone")).isEqualTo(quiet);

        fleet.hold("shop", 0, two);
        List<Integer> widths = new ArrayList<>();
        for (int second = 0; second < 7; second++) {
            for (int ask = 0; ask < 50; ask++) {
                assertThat(place("shop", "region", "zone")).startsWith(quiet.get(0), quiet.get(1));
            }
            widths.add(place("shop", "region", "zone").size());
            pass(Duration.ofSeconds(1));
        }
        assertThat(widths).containsExactly(3, 4, 6, 10, 16, 16, 16);
        assertThat(place("other", "region", "zone")).hasSize(2);

        fleet.hold("shop", 100, two);
        pass(Duration.ofSeconds(20));
        assertThat(place("shop", "region", "zone")).as("not at once").hasSize(16);
        int last = 16;
        for (int second = 0; second < 200; second++) {
            pass(Duration.ofSeconds(1));
            int now = place("shop", "region", "zone").size();
            assertThat(last - now).isBetween(0, 1);
            last = now;
        }
        assertThat(place("shop", "region", "zone")).isEqualTo(quiet);
    }

    @Test
    void aSetThatNobodyHasAskedForNarrowsAllTheSame() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        fleet.hold("shop", 0, Map.of("r0", 8));
        for (int second = 0; second < 5; second++) {
            place("shop", "region", "zone");
            pass(Duration.ofSeconds(1));
        }
        assertThat(place("shop", "region", "zone")).hasSize(8);
        fleet.hold("shop", 50, Map.of("r0", 8));
        pass(Duration.ofMinutes(10));
        assertThat(place("shop", "region", "zone")).hasSize(2);
    }

    @Test
    void aSetHasNoMoreRoutersThanTunnels() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        fleet.hold("shop", 0, Map.of("r0", 2, "r1", 3));
        fleet.hold("lone", 0, Map.of("r0", 1, "r1", 1));
        for (int second = 0; second < 9; second++) {
            place("shop", "region", "zone");
            assertThat(place("lone", "region", "zone")).hasSize(2);
            pass(Duration.ofSeconds(1));
        }
        assertThat(place("shop", "region", "zone")).hasSize(5);
    }

    @Test
    void instancesThatTakeOneRequestAtATimeHaveRoomWhileSomeAreFree() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        for (int second = 0; second < 5; second++) {
            fleet.hold("shop", 2, Map.of("r0", 4, "r1", 4)); // 4 of 8 are free
            assertThat(place("shop", "region", "zone")).hasSize(2);
            pass(Duration.ofSeconds(1));
        }
        fleet.hold("shop", 0, Map.of("r0", 4, "r1", 4));
        assertThat(place("shop", "region", "zone")).hasSize(3);
    }

    @Test
    void aFunctionWithManyInstancesIsAtAsManyRoutersAsItTakes() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone");
        }
        List<String> quiet = place("shop", "region", "zone");
        fleet.hold("shop", 10_000, Map.of(quiet.get(0), 16, quiet.get(1), 16));
        assertThat(place("shop", "region", "zone")).isEqualTo(quiet);
        fleet.hold("shop", 10_000, Map.of(quiet.get(0), 41, quiet.get(1), 39));
        assertThat(place("shop", "region", "zone")).hasSize(5).startsWith(quiet.get(0), quiet.get(1));
        // It stays for a while when there are fewer again, also when that goes to and fro.
        for (int second = 0; second < 60; second++) {
            fleet.hold("shop", 10_000, Map.of(quiet.get(0), second % 2 == 0 ? 20 : 41, quiet.get(1), 39));
            assertThat(place("shop", "region", "zone")).hasSize(5);
            pass(Duration.ofSeconds(1));
        }
        fleet.hold("shop", 10_000, Map.of(quiet.get(0), 1, quiet.get(1), 1));
        pass(Duration.ofMinutes(2));
        assertThat(place("shop", "region", "zone")).isEqualTo(quiet);
        // A giant is everywhere, and no more than that.
        fleet.hold("shop", 100_000, Map.of(quiet.get(0), 5_000));
        assertThat(place("shop", "region", "zone")).hasSize(8);
    }

    @Test
    void whoDialsMoreIsToldMoreOfTheSameOrder() {
        for (int i = 0; i < 8; i++) {
            fleet.add("r" + i, "region", "zone" + i % 4);
        }
        Locality here = new Locality("region", "zone0");
        List<RouterAddress> four = placement.of("shop", here, 4);
        assertThat(four).hasSize(4);
        assertThat(placement.of("shop", here)).isEqualTo(four.subList(0, 2));
        assertThat(placement.of("shop", here, 1)).isEqualTo(four.subList(0, 1));
        assertThat(placement.of("shop", here, 64)).hasSize(8);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    /** A resolver whose answers a test makes up. */
    private static final class Fleet implements Resolver {
        final Map<String, RouterAddress> routers = new LinkedHashMap<>();
        private final Map<String, Integer> room = new HashMap<>();
        private final Map<String, Resolution> held = new HashMap<>();
        private final List<Listener> listeners = new ArrayList<>();

        void add(String name, String region, String zone) {
            routers.put(name, new RouterAddress(name, "10.0.0.1:80", "tls://10.0.0.1:7443", region, zone));
            room.put(name, 1);
        }

        void drain(String name) {
            room.put(name, 0);
        }

        void remove(String name) {
            routers.remove(name);
        }

        void clear() {
            routers.clear();
        }

        void hold(String function, int capacity, Map<String, Integer> tunnels) {
            List<Resolution.Route> routes = new ArrayList<>();
            tunnels.forEach((router, count) -> routes.add(new Resolution.Route(
                    new Registration(
                            function,
                            routers.get(router),
                            List.of(new Holding(function, "default", count, capacity)),
                            Registration.DEFAULT_TTL,
                            REVISION),
                    0)));
            Resolution now = new Resolution(function, REVISION, routes);
            held.put(function, now);
            listeners.forEach(listener -> listener.onChange(function, now));
        }

        Map<String, Integer> tunnels() {
            Map<String, Integer> sums = new HashMap<>();
            for (Resolution resolution : held.values()) {
                for (Resolution.Route route : resolution.routes()) {
                    sums.merge(
                            route.registration().router().router(),
                            route.registration().tunnels(),
                            Integer::sum);
                }
            }
            return sums;
        }

        @Override
        public @Nullable Resolution lookup(String function) {
            return held.get(function);
        }

        @Override
        public Collection<Resolution> all() {
            return held.values();
        }

        @Override
        public List<Resolution.Route> routers() {
            return routers.values().stream()
                    .map(router -> new Resolution.Route(
                            new Registration(
                                    Holding.ITSELF,
                                    router,
                                    List.of(new Holding(
                                            Holding.ITSELF, "default", 1, room.getOrDefault(router.router(), 1))),
                                    Registration.DEFAULT_TTL,
                                    REVISION),
                            0))
                    .toList();
        }

        @Override
        public Revision revision() {
            return REVISION;
        }

        @Override
        public boolean stale() {
            return false;
        }

        @Override
        public void watch(Listener listener) {
            listeners.add(listener);
        }

        @Override
        public void close() {}
    }
}
