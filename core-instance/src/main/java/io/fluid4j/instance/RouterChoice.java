/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Placement;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which of the known routers an instance dials: those where its function is placed, and when these are too few, because
 * they are down or nobody has said where it is placed, the next ones in the order of the function, which is the same for
 * all of its instances. When the function is placed at more routers than an instance dials, each instance has an order of
 * its own, so that they spread over the set, and when it grows or shrinks only those move that it concerns. The own region
 * comes first, and each further router is of a zone that has none yet, as long as there is such a zone. Stateless.
 */
final class RouterChoice {

    /**
     * A router that may be dialled. Immutable.
     *
     * @param router its name
     * @param url what is dialled
     * @param place its region and zone
     * @param tier how near it is, as {@link Locality#tierOf}
     */
    record Candidate(String router, URI url, String place, int tier) {}

    /**
     * Who dials. Immutable.
     *
     * @param instance the instance
     * @param function its function
     */
    record Who(String instance, String function) {}

    private record Ranked(Candidate candidate, long rank, boolean placed) {}

    private RouterChoice() {}

    /**
     * Chooses.
     *
     * @param who for whom
     * @param placed names of the routers where the function is placed; others are chosen after these
     * @param candidates the routers that may be dialled; of several with one address, one counts
     * @param count how many at most
     * @return their addresses, the best first
     */
    static List<URI> choose(Who who, Collection<String> placed, Collection<Candidate> candidates, int count) {
        List<Ranked> left = new ArrayList<>();
        for (Candidate candidate : candidates) {
            boolean in = placed.contains(candidate.router);
            left.add(new Ranked(candidate, Placement.rank(in ? who.instance : who.function, candidate.router), in));
        }
        Set<URI> chosen = new LinkedHashSet<>();
        Set<String> places = new HashSet<>();
        Comparator<Ranked> order = Comparator.comparing((Ranked one) -> !one.placed)
                .thenComparing(one -> one.candidate.tier == Locality.ELSEWHERE)
                .thenComparing(one -> places.contains(one.candidate.place))
                .thenComparing((one, other) -> Long.compareUnsigned(other.rank, one.rank))
                .thenComparing(one -> one.candidate.router);
        while (chosen.size() < count && !left.isEmpty()) {
            Ranked best = left.get(0);
            for (Ranked one : left) {
                best = order.compare(one, best) < 0 ? one : best;
            }
            URI url = best.candidate.url;
            chosen.add(url);
            places.add(best.candidate.place);
            left.removeIf(one -> one.candidate.url.equals(url));
        }
        return List.copyOf(chosen);
    }
}
