/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.plugin;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fills instances one after another instead of spreading the work, so that the others stay idle and can be stopped: the
 * fullest instance that is not tight gets the request. Chosen by {@code fluid.router.selector=packing}.
 */
public final class PackingSelector implements InstanceSelector {

    /** An instance is tight above this share of its limit, or below the same share of free headroom. */
    private static final double TIGHT = 0.8;

    /** The limit that is assumed of an instance which has not said one. */
    private static final int ASSUMED_LIMIT = 64;

    /** For ServiceLoader. */
    public PackingSelector() {}

    @Override
    public String name() {
        return "packing";
    }

    @Override
    public Picker picker(List<? extends Candidate> candidates) {
        Candidate[] all = candidates.toArray(Candidate[]::new);
        return attempt -> pick(all, attempt);
    }

    private static @Nullable Candidate pick(Candidate[] all, Attempt attempt) {
        Candidate fullest = null;
        double fullestUse = -1;
        Candidate emptiest = null;
        double emptiestUse = Double.MAX_VALUE;
        for (Candidate candidate : all) {
            if (!candidate.available() || attempt.excludes(candidate)) {
                continue;
            }
            double use = use(candidate);
            if (use < emptiestUse) {
                emptiest = candidate;
                emptiestUse = use;
            }
            if (use > fullestUse && use < TIGHT * candidate.readiness() && candidate.headroom() > 1 - TIGHT) {
                fullest = candidate;
                fullestUse = use;
            }
        }
        // When all are tight the work is spread.
        return fullest != null ? fullest : emptiest;
    }

    private static double use(Candidate candidate) {
        int limit = candidate.limit();
        return (double) candidate.load() / (limit > 0 ? limit : ASSUMED_LIMIT);
    }
}
