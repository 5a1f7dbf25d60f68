/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.explain;

import io.fluid4j.router.select.LeastLoadedSelector;
import io.fluid4j.spi.selection.Candidate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which instance a request was handed to, and how it and some others stood at that moment. Two small arrays, and no
 * reference to an instance that may be gone. Immutable.
 */
public final class Choice {

    /** How the instance stood that was taken; requests prefer them in this order. */
    public enum Standing {
        /** It served others, or had just done so. */
        ACTIVE,
        /** It was there and had nothing to do. */
        IDLE,
        /** It came after the request did. */
        NEW
    }

    /** The one that was taken, and some to compare it with. */
    static final int MAX_CANDIDATES = 8;

    private static final int AVAILABLE = 1;
    private static final int ACTIVE = 2;
    private static final int FIELDS = 6;

    private final String[] ids;
    /** Load, limit, headroom in thousandths, flags, readiness and handicap in thousandths of each. */
    private final int[] measures;

    private final Standing standing;
    private final int others;
    private final long afterNanos;
    private final @Nullable Choice before;

    private Choice(int known, Standing standing, int others, long afterNanos, @Nullable Choice before) {
        this.ids = new String[known];
        this.measures = new int[known * FIELDS];
        this.standing = standing;
        this.others = others;
        this.afterNanos = afterNanos;
        this.before = before;
    }

    /**
     * A choice as it is now.
     *
     * @param chosen the one that was taken; its load counts the request already
     * @param standing how it stood before it had the request
     * @param candidates all of the function, the chosen one too
     * @param afterNanos when, nanoseconds since the request began
     * @param before the choice before that one, which came to nothing
     * @return the choice
     */
    public static Choice of(
            Candidate chosen,
            Standing standing,
            List<? extends Candidate> candidates,
            long afterNanos,
            @Nullable Choice before) {
        int known = Math.max(1, Math.min(MAX_CANDIDATES, candidates.size()));
        Choice choice = new Choice(known, standing, Math.max(0, candidates.size() - known), afterNanos, before);
        choice.put(0, chosen);
        int at = 1;
        for (int i = 0; i < candidates.size() && at < known; i++) {
            Candidate candidate = candidates.get(i);
            if (candidate != chosen) {
                choice.put(at++, candidate);
            }
        }
        return choice;
    }

    private void put(int at, Candidate candidate) {
        ids[at] = candidate.instanceId();
        measures[at * FIELDS] = candidate.load();
        measures[at * FIELDS + 1] = candidate.limit();
        measures[at * FIELDS + 2] = (int) Math.round(candidate.headroom() * 1_000);
        measures[at * FIELDS + 3] = (candidate.available() ? AVAILABLE : 0) | (candidate.active() ? ACTIVE : 0);
        measures[at * FIELDS + 4] = (int) Math.round(candidate.readiness() * 1_000);
        measures[at * FIELDS + 5] = (int) Math.round(candidate.handicap() * 1_000);
    }

    /**
     * All choices, for JSON.
     *
     * @param last the last one, or null when there was none
     * @param costs whether the selector goes by the cost of {@link LeastLoadedSelector}
     * @return in the order in which they were made
     */
    public static List<Map<String, Object>> story(@Nullable Choice last, boolean costs) {
        List<Map<String, Object>> story = new ArrayList<>();
        for (Choice choice = last; choice != null; choice = choice.before) {
            story.add(0, choice.asMap(costs));
        }
        return story;
    }

    private Map<String, Object> asMap(boolean costs) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("afterMs", afterNanos / 1e6);
        map.put("instance", ids[0]);
        map.put("was", standing.name().toLowerCase(Locale.ROOT));
        List<Map<String, Object>> candidates = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] != null) {
                candidates.add(candidate(i, costs));
            }
        }
        map.put("candidates", candidates);
        if (others > 0) {
            map.put("otherCandidates", others);
        }
        return map;
    }

    private Map<String, Object> candidate(int at, boolean costs) {
        int load = measures[at * FIELDS];
        int limit = measures[at * FIELDS + 1];
        double headroom = measures[at * FIELDS + 2] / 1_000.0;
        int flags = measures[at * FIELDS + 3];
        double readiness = measures[at * FIELDS + 4] / 1_000.0;
        double handicap = measures[at * FIELDS + 5] / 1_000.0;
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("instance", ids[at]);
        map.put("load", load);
        map.put("limit", limit);
        map.put("headroom", headroom);
        map.put("active", (flags & ACTIVE) != 0);
        map.put("available", (flags & AVAILABLE) != 0);
        if (readiness < 1) {
            map.put("readiness", readiness);
        }
        if (handicap > 1) {
            map.put("handicap", handicap);
        }
        if (costs) {
            // Of the chosen one before it had this request.
            double cost = LeastLoadedSelector.cost(
                    at == 0 ? load - 1 : load, limit, headroom, readiness / handicap, (flags & ACTIVE) != 0);
            map.put("cost", Math.round(cost * 1e4) / 1e4);
        }
        return map;
    }
}
