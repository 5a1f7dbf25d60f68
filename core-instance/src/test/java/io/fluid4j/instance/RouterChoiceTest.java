/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.instance.RouterChoice.Who;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Placement;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RouterChoiceTest {

    private static final int INSTANCES = 2_000;
    private static final Locality HERE = new Locality("eu", "a");

    private static Candidate router(String name, String region, String zone) {
        String url = "tcp://" + name + ":7443";
        return new Candidate(
                name,
                URI.create(url),
                region + "/" + zone,
                HERE.tierOf(new RouterAddress(name, name + ":8080", url, region, zone)));
    }

    private static List<String> choose(int instance, List<Candidate> routers, int count, String... placed) {
        return RouterChoice.choose(new Who("instance-" + instance, "shop"), List.of(placed), routers, count).stream()
                .map(URI::getHost)
                .toList();
    }

    @Test
    void allInstancesOfAFunctionMeetWhereItIsPlacedThenInItsOrder() {
        List<Candidate> routers = List.of(
                router("far", "us", "a"),
                router("b1", "eu", "b"),
                router("a1", "eu", "a"),
                router("c1", "eu", "c"),
                router("a2", "eu", "a"));
        List<String> unplaced = choose(0, routers, 9);
        assertThat(unplaced).hasSize(5).endsWith("far");
        assertThat(unplaced.subList(0, 3)).contains("b1", "c1");
        for (int i = 0; i < 100; i++) {
            assertThat(choose(i, routers, 2, "a2", "c1")).containsExactlyInAnyOrder("a2", "c1");
            List<String> three = choose(i, routers, 3, "a2", "c1");
            assertThat(three.subList(0, 2)).containsExactlyInAnyOrder("a2", "c1");
            assertThat(three).as("the zone that is missing").endsWith("b1");
            assertThat(choose(i, routers, 2, "gone", "c1").get(0)).isEqualTo("c1");
            assertThat(choose(i, routers, 9)).isEqualTo(unplaced);
        }
    }

    @Test
    void withoutAWordTheOrderIsThatOfThePlacement() {
        for (int f = 0; f < 200; f++) {
            String function = "f" + f;
            List<String> byRank = Stream.of("r0", "r1", "r2", "r3")
                    .sorted((one, other) ->
                            Long.compareUnsigned(Placement.rank(function, other), Placement.rank(function, one)))
                    .toList();
            List<Candidate> routers = Stream.of("r0", "r1", "r2", "r3")
                    .map(name -> router(name, "eu", "a"))
                    .toList();
            assertThat(RouterChoice.choose(new Who("i", function), List.of(), routers, 4).stream()
                            .map(URI::getHost)
                            .toList())
                    .isEqualTo(byRank);
        }
    }

    @Test
    void oneZoneIsBetterThanAnotherRegion() {
        List<Candidate> routers = List.of(router("far", "us", "b"), router("a1", "eu", "a"), router("a2", "eu", "a"));
        assertThat(choose(1, routers, 2)).containsExactlyInAnyOrder("a1", "a2");
        assertThat(choose(1, routers, 2, "a1", "a2", "far")).containsExactlyInAnyOrder("a1", "a2");
        assertThat(choose(1, List.of(router("far", "us", "b"), router("a1", "eu", "a")), 2))
                .containsExactly("a1", "far");
        assertThat(choose(1, List.of(), 2)).isEmpty();
    }

    @Test
    void anAddressCountsOnce() {
        Candidate restarted = new Candidate("again", URI.create("tcp://a1:7443"), "eu/a", 0);
        assertThat(choose(1, List.of(router("a1", "eu", "a"), restarted), 2)).containsExactly("a1");
    }

    @Test
    void instancesSpreadOverASetThatIsWiderAndOnlyThoseMoveThatMust() {
        List<Candidate> twenty = new ArrayList<>();
        String[] eleven = new String[11];
        for (int i = 0; i < 20; i++) {
            twenty.add(router("r" + i, "eu", "a"));
            if (i < eleven.length) {
                eleven[i] = "r" + i;
            }
        }
        String[] ten = Arrays.copyOf(eleven, 10);
        Map<String, Integer> tunnels = new HashMap<>();
        int gained = 0;
        for (int i = 0; i < INSTANCES; i++) {
            List<String> before = choose(i, twenty, 2, ten);
            assertThat(ten).containsAll(before);
            before.forEach(router -> tunnels.merge(router, 1, Integer::sum));

            List<String> more = choose(i, twenty, 2, eleven);
            if (more.contains("r10")) {
                gained++;
                assertThat(before).containsAnyElementsOf(more);
            } else {
                assertThat(more).isEqualTo(before);
            }
        }
        int fair = INSTANCES * 2 / 10;
        assertThat(tunnels.values()).allSatisfy(count -> assertThat(count).isBetween(fair * 3 / 4, fair * 5 / 4));
        assertThat(gained).isBetween(INSTANCES * 2 / 11 * 3 / 4, INSTANCES * 2 / 11 * 5 / 4);
    }
}
