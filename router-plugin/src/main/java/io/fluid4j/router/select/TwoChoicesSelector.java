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

/** Power of two choices: two at random, the cheaper one wins. Falls back to any that is available. */
public final class TwoChoicesSelector implements InstanceSelector {

    private final Supplier<? extends RandomGenerator> randoms;

    /** For ServiceLoader. */
    public TwoChoicesSelector() {
        this(ThreadLocalRandom::current);
    }

    /** With chance of the caller's choice. */
    TwoChoicesSelector(Supplier<? extends RandomGenerator> randoms) {
        this.randoms = randoms;
    }

    @Override
    public String name() {
        return "p2c";
    }

    @Override
    public Picker picker(List<? extends Candidate> candidates) {
        Candidate[] all = candidates.toArray(Candidate[]::new);
        return attempt -> pick(all, attempt, randoms.get());
    }

    private static @Nullable Candidate pick(Candidate[] all, Attempt attempt, RandomGenerator random) {
        int count = all.length;
        if (count == 0) {
            return null;
        }
        Candidate first = all[random.nextInt(count)];
        Candidate second = all[random.nextInt(count)];
        boolean firstFits = first.available() && !attempt.excludes(first);
        boolean secondFits = second.available() && !attempt.excludes(second);
        if (firstFits && secondFits) {
            return LeastLoadedSelector.cost(first) <= LeastLoadedSelector.cost(second) ? first : second;
        }
        if (firstFits || secondFits) {
            return firstFits ? first : second;
        }
        int start = random.nextInt(count);
        for (int i = 0; i < count; i++) {
            Candidate candidate = all[(start + i) % count];
            if (candidate.available() && !attempt.excludes(candidate)) {
                return candidate;
            }
        }
        return null;
    }
}
