/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import io.fluid4j.testkit.InstanceSelectorContract;
import io.fluid4j.testkit.TestCandidate;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackingSelectorTest implements InstanceSelectorContract {

    @Override
    public InstanceSelector selector() {
        return new PackingSelector();
    }

    @Override
    public boolean sharesEqually() {
        return false;
    }

    @Test
    void oneIsFilledBeforeTheNext() {
        TestCandidate first = new TestCandidate("first").limit(10).load(1);
        TestCandidate second = new TestCandidate("second").limit(10);
        Picker picker = selector().picker(List.of(first, second));
        for (int i = 0; i < 7; i++) {
            assertThat(picker.pick(new FirstAttempt())).isSameAs(first);
            first.load(first.load() + 1);
        }
        assertThat(picker.pick(new FirstAttempt())).isSameAs(second);
    }

    private static final class FirstAttempt implements Attempt {
        @Override
        public boolean excludes(Candidate candidate) {
            return false;
        }

        @Override
        public int retries() {
            return 0;
        }
    }
}
