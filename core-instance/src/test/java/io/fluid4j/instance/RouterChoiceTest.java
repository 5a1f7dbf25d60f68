/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private static List<String> choose(int instance, List<Candidate> routers, int count) {
        return RouterChoice.choose("instance-" + instance, routers, count).stream()
                .map(URI::getHost)
                .toList();
    }

    @Test
    void theFirstIsOfTheOwnZoneTheSecondOfAnotherZoneOfTheRegion() {
        List<Candidate> routers = List.of(
                router("far", "us", "a"),
                router("b1", "eu", "b"),
                router("a1", "eu", "a"),
                router("c1", "eu", "c"),
                router("a2", "eu", "a"));
        for (int i = 0; i < 100; i++) {
            List<String> chosen = choose(i, routers, 2);
            assertThat(chosen.get(0)).isIn("a1", "a2");
            assertThat(chosen.get(1)).isIn("b1", "c1");
            assertThat(choose(i, routers, 3)).contains("b1", "c1");
            assertThat(choose(i, routers, 9)).hasSize(5).endsWith("far");
        }
    }

    @Test
    void oneZoneIsBetterThanAnotherRegion() {
        List<Candidate> routers = List.of(router("far", "us", "b"), router("a1", "eu", "a"), router("a2", "eu", "a"));
        assertThat(choose(1, routers, 2)).containsExactlyInAnyOrder("a1", "a2");
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
    void instancesSpreadAndOnlyThoseMoveThatMust() {
        List<Candidate> ten = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            ten.add(router("r" + i, "eu", "a"));
        }
        List<Candidate> eleven = new ArrayList<>(ten);
        eleven.add(router("new", "eu", "a"));
        List<Candidate> nine = ten.subList(1, 10);
        Map<String, Integer> tunnels = new HashMap<>();
        int gained = 0;
        for (int i = 0; i < INSTANCES; i++) {
            List<String> before = choose(i, ten, 2);
            before.forEach(router -> tunnels.merge(router, 1, Integer::sum));

            List<String> more = choose(i, eleven, 2);
            if (more.contains("new")) {
                gained++;
                assertThat(before).containsAnyElementsOf(more);
            } else {
                assertThat(more).isEqualTo(before);
            }

            List<String> fewer = choose(i, nine, 2);
            if (before.contains("r0")) {
                assertThat(before).containsAnyElementsOf(fewer);
            } else {
                assertThat(fewer).isEqualTo(before);
            }
        }
        int fair = INSTANCES * 2 / 10;
        assertThat(tunnels.values()).allSatisfy(count -> assertThat(count).isBetween(fair * 3 / 4, fair * 5 / 4));
        assertThat(gained).isBetween(INSTANCES * 2 / 11 * 3 / 4, INSTANCES * 2 / 11 * 5 / 4);
    }
}
