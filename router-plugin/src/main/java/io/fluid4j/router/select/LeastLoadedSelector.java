/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The default: the instance with the most resources left and the fewest requests, active ones before idle ones.
 *
 * <p>The share of its limit that an instance uses, divided by the headroom of its tightest health signal, is its cost;
 * the cheapest one wins, and the search begins at a random place so that equals share the work. An instance that
 * nears a threshold becomes dear long before it has to say no. An idle instance costs at least
 * {@link #IDLE_COST}: it gets work when the active ones are half used. One that has just connected gets the share of
 * the others' work that its {@link Candidate#readiness()} says; one that has lately answered more slowly than the best, or failed
 * more often, is dearer by its {@link Candidate#handicap()}.
 *
 * <p>When all look bad, which is when no headroom is left anywhere, health says nothing any more about who is better:
 * below {@link #MIN_HEADROOM} all count as equally tight, and the fewest requests decide.
 */
public final class LeastLoadedSelector implements InstanceSelector {

    /** What an idle instance costs at least; a share of a limit. */
    static final double IDLE_COST = 0.5;
    /** The limit that is assumed of an instance which has not said one. */
    static final int ASSUMED_LIMIT = 64;
    /** Below this headroom all are equally tight. */
    static final double MIN_HEADROOM = 0.02;
    /** Of more candidates only that many neighbours are compared: the pick stays cheap in a large fleet. */
    static final int MAX_COMPARED = 32;

    private final Supplier<? extends RandomGenerator> random;

    /** For ServiceLoader. */
    public LeastLoadedSelector() {
        this(ThreadLocalRandom::current);
    }

    /** With chance of the caller's choice. */
    LeastLoadedSelector(Supplier<? extends RandomGenerator> random) {
        this.random = random;
    }

    @Override
    public String name() {
        return "least-loaded";
    }

    @Override
    public Picker picker(List<? extends Candidate> candidates) {
        Candidate[] all = candidates.toArray(Candidate[]::new);
        return attempt -> pick(all, attempt, random);
    }

    private static @Nullable Candidate pick(
            Candidate[] all, Attempt attempt, Supplier<? extends RandomGenerator> random) {
        int count = all.length;
        if (count == 1) {
            Candidate only = all[0];
            return only.available() && !attempt.excludes(only) ? only : null;
        }
        if (count == 0) {
            return null;
        }
        Candidate best = null;
        double bestCost = Double.MAX_VALUE;
        int at = random.get().nextInt(count);
        int compared = 0;
        for (int i = 0; i < count && compared < MAX_COMPARED; i++) {
            Candidate candidate = all[at];
            at = at + 1 == count ? 0 : at + 1;
            if (!candidate.available() || attempt.excludes(candidate)) {
                continue;
            }
            compared++;
            double cost = cost(candidate);
            if (cost < bestCost) {
                best = candidate;
                bestCost = cost;
            }
        }
        return best;
    }

    static double cost(Candidate candidate) {
        return cost(
                candidate.load(),
                candidate.limit(),
                candidate.headroom(),
                candidate.readiness() / candidate.handicap(),
                candidate.active());
    }

    /**
     * What an instance costs: the lower, the more likely it is taken.
     *
     * @param load requests there
     * @param limit most requests there, 0 when not known
     * @param headroom of its tightest signal, 0 to 1
     * @param trust the share of its capacity that it is trusted with, above 0 to 1: readiness, less its handicap
     * @param active whether it serves at the moment
     * @return above 0
     */
    public static double cost(int load, int limit, double headroom, double trust, boolean active) {
        double share = (load + 1.0) / (limit > 0 ? limit : ASSUMED_LIMIT);
        double cost = share / (Math.max(headroom, MIN_HEADROOM) * trust);
        return active ? cost : Math.max(cost, IDLE_COST);
    }
}
