/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a request went to another router: what the resolver said at that moment. Immutable.
 *
 * @param router the router that was chosen
 * @param afterNanos when, nanoseconds since the request began
 * @param revision of the resolver's answer; empty when it had none any more
 * @param ageMillis since when it is the answer; -1 when that is not known
 * @param stale the resolver's store could not be reached
 * @param candidates the routers that hold the function, nearest first
 * @param before the hop before that one, which came to nothing
 */
public record Hop(
        String router,
        long afterNanos,
        String revision,
        long ageMillis,
        boolean stale,
        List<Candidate> candidates,
        @Nullable Hop before) {

    /** Routers that are written down; there may be more. */
    static final int MAX_CANDIDATES = 16;

    /**
     * A router that says that it holds the function.
     *
     * @param tier 0 same zone, 1 same region, 2 elsewhere
     * @param weight free capacity in requests
     * @param tunnels live tunnels of instances
     * @param tunnel how the tunnel to it stands, as one word
     */
    public record Candidate(
            String router, String region, String zone, int tier, int weight, int tunnels, String tunnel) {}

    /** Copies the list. */
    public Hop {
        candidates = List.copyOf(candidates);
    }

    /**
     * All hops, for JSON.
     *
     * @param last the last one, or null when there was none
     * @return in the order in which they were tried
     */
    public static List<Map<String, Object>> story(@Nullable Hop last) {
        List<Map<String, Object>> story = new ArrayList<>();
        for (Hop hop = last; hop != null; hop = hop.before) {
            story.add(0, hop.asMap());
        }
        return story;
    }

    private Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("router", router);
        map.put("afterMs", afterNanos / 1e6);
        map.put("revision", revision);
        if (ageMillis >= 0) {
            map.put("ageSeconds", ageMillis / 1e3);
        }
        map.put("stale", stale);
        List<Map<String, Object>> shown = new ArrayList<>();
        for (Candidate candidate : candidates) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("router", candidate.router);
            one.put("region", candidate.region);
            one.put("zone", candidate.zone);
            one.put("tier", candidate.tier);
            one.put("weight", candidate.weight);
            one.put("tunnels", candidate.tunnels);
            one.put("tunnel", candidate.tunnel);
            shown.add(one);
        }
        map.put("candidates", shown);
        return map;
    }
}
