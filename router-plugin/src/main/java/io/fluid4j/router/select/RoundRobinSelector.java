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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One after the other, whatever their load. One that has just connected is passed over in so many of its turns that it
 * gets the share its {@link Candidate#readiness()} says, unless nobody else is free.
 */
public final class RoundRobinSelector implements InstanceSelector {

    private final Supplier<? extends RandomGenerator> random;

    /** For ServiceLoader. */
    public RoundRobinSelector() {
        this(ThreadLocalRandom::current);
    }

    /** With chance of the caller's choice. */
    RoundRobinSelector(Supplier<? extends RandomGenerator> random) {
        this.random = random;
    }

    @Override
    public String name() {
        return "round-robin";
    }

    @Override
    public Picker picker(List<? extends Candidate> candidates) {
        return new Turn(candidates.toArray(Candidate[]::new), random);
    }

    private static final class Turn implements Picker {
        private final Candidate[] all;
        private final AtomicInteger next = new AtomicInteger();

        private final Supplier<? extends RandomGenerator> random;

        Turn(Candidate[] all, Supplier<? extends RandomGenerator> random) {
            this.all = all;
            this.random = random;
        }

        @Override
        public @Nullable Candidate pick(Attempt attempt) {
            int count = all.length;
            int start = next.getAndIncrement() & Integer.MAX_VALUE;
            Candidate passedOver = null;
            for (int i = 0; i < count; i++) {
                Candidate candidate = all[(start % count + i) % count];
                if (!candidate.available() || attempt.excludes(candidate)) {
                    continue;
                }
                double readiness = candidate.readiness();
                if (readiness >= 1 || random.get().nextDouble() < readiness) {
                    return candidate;
                }
                if (passedOver == null) {
                    passedOver = candidate;
                }
            }
            return passedOver;
        }
    }
}
