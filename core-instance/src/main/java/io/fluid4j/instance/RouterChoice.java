/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.resolve.Locality;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which of the known routers an instance dials. Its own region comes first; in it, the first router is of its own zone and
 * each further one of a zone that has none yet, as long as there is such a zone. Among equals the order is that of
 * rendezvous hashing: each instance has one of its own, so that instances spread evenly, and when a router comes or goes
 * only those move that it concerns. Stateless.
 */
final class RouterChoice {

    private static final long OFFSET = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    /**
     * A router that may be dialled. Immutable.
     *
     * @param router its name
     * @param url what is dialled
     * @param place its region and zone
     * @param tier how near it is, as {@link Locality#tierOf}
     */
    record Candidate(String router, URI url, String place, int tier) {}

    private record Ranked(Candidate candidate, long rank) {}

    private RouterChoice() {}

    /**
     * Chooses.
     *
     * @param instanceId who dials
     * @param candidates the routers; of several with one address, one counts
     * @param count how many at most
     * @return their addresses, the best first
     */
    static List<URI> choose(String instanceId, Iterable<Candidate> candidates, int count) {
        long seed = hash(OFFSET, instanceId);
        List<Ranked> left = new ArrayList<>();
        for (Candidate candidate : candidates) {
            left.add(new Ranked(candidate, rank(seed, candidate.router)));
        }
        Set<URI> chosen = new LinkedHashSet<>();
        Set<String> places = new HashSet<>();
        Comparator<Ranked> order = Comparator.comparing((Ranked one) -> one.candidate.tier == Locality.ELSEWHERE)
                .thenComparing(one -> places.contains(one.candidate.place))
                .thenComparing(one -> one.candidate.tier)
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

    private static long rank(long seed, String router) {
        long mixed = hash(seed, router);
        mixed = (mixed ^ (mixed >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }

    private static long hash(long seed, String text) {
        long hash = seed;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return (hash ^ 0xFFFF) * PRIME;
    }
}
