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
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One after the other, whatever their load. */
public final class RoundRobinSelector implements InstanceSelector {

    /** For ServiceLoader. */
    public RoundRobinSelector() {}

    @Override
    public String name() {
        return "round-robin";
    }

    @Override
    public Picker picker(List<? extends Candidate> candidates) {
        return new Turn(candidates.toArray(Candidate[]::new));
    }

    private static final class Turn implements Picker {
        private final Candidate[] all;
        private final AtomicInteger next = new AtomicInteger();

        Turn(Candidate[] all) {
            this.all = all;
        }

        @Override
        public @Nullable Candidate pick(Attempt attempt) {
            int count = all.length;
            int start = next.getAndIncrement() & Integer.MAX_VALUE;
            for (int i = 0; i < count; i++) {
                Candidate candidate = all[(start % count + i) % count];
                if (candidate.available() && !attempt.excludes(candidate)) {
                    return candidate;
                }
            }
            return null;
        }
    }
}
