/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import io.fluid4j.testkit.InstanceSelectorContract;
import io.fluid4j.testkit.TestCandidate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The selectors of the router. */
class SelectorsTest {

    private static final Attempt FIRST = new Attempt() {
        @Override
        public boolean excludes(Candidate candidate) {
            return false;
        }

        @Override
        public int retries() {
            return 0;
        }
    };

    @Nested
    class LeastLoaded implements InstanceSelectorContract {
        @Override
        public InstanceSelector selector() {
            return new LeastLoadedSelector();
        }
    }

    @Nested
    class TwoChoices implements InstanceSelectorContract {
        @Override
        public InstanceSelector selector() {
            return new TwoChoicesSelector();
        }
    }

    @Nested
    class RoundRobin implements InstanceSelectorContract {
        @Override
        public InstanceSelector selector() {
            return new RoundRobinSelector();
        }
    }

    /** How the requests of a fleet spread when that many run at once. */
    private static void fill(List<TestCandidate> fleet, int requests) {
        Picker picker = new LeastLoadedSelector().picker(List.copyOf(fleet));
        for (int i = 0; i < requests; i++) {
            TestCandidate picked = (TestCandidate) requireNonNull(picker.pick(FIRST));
            picked.load(picked.load() + 1);
        }
    }

    private static List<TestCandidate> warm(int count) {
        List<TestCandidate> fleet = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fleet.add(new TestCandidate("warm" + i).limit(200));
        }
        return fleet;
    }

    @Test
    void aNewInstanceGetsATenthThenMore() {
        for (double readiness : new double[] {0.1, 0.5, 1.0}) {
            List<TestCandidate> fleet = warm(3);
            TestCandidate cold = new TestCandidate("cold").limit(200).readiness(readiness);
            fleet.add(cold);
            fill(fleet, 512);
            double share = cold.load() / (double) fleet.get(0).load();
            assertThat(share).isBetween(readiness * 0.8, readiness * 1.2);
        }
    }

    @Test
    void aNewInstanceTakesEverythingWhenItIsAlone() {
        TestCandidate cold = new TestCandidate("cold").readiness(0.1);
        fill(List.of(cold), 50);
        assertThat(cold.load()).isEqualTo(50);
    }

    @Test
    void anIdleInstanceIsUsedWhenTheActiveOnesAreHalfFull() {
        List<TestCandidate> fleet = warm(2);
        TestCandidate idle = new TestCandidate("idle").limit(200).active(false);
        fleet.add(idle);
        fill(fleet, 190);
        assertThat(idle.load()).isZero();
        fill(fleet, 60);
        assertThat(idle.load()).isPositive();
    }

    @Test
    void aTightInstanceGetsLess() {
        List<TestCandidate> fleet = warm(2);
        fleet.get(0).headroom(0.25);
        fill(fleet, 100);
        assertThat(fleet.get(0).load()).isBetween(15, 25);
    }

    @Test
    void oneThatAnswersWorseGetsLess() {
        List<TestCandidate> fleet = warm(2);
        fleet.get(0).handicap(4);
        fill(fleet, 100);
        assertThat(fleet.get(0).load()).isBetween(15, 25);
    }

    @Test
    void whenAllLookBadTheFewestRequestsDecide() {
        List<TestCandidate> fleet = warm(3);
        fleet.get(0).headroom(0.01);
        fleet.get(1).headroom(0.002);
        fleet.get(2).headroom(0);
        fill(fleet, 300);
        assertThat(fleet).extracting(TestCandidate::load).containsOnly(100);
    }

    @Test
    void roundRobinHonoursSlowStart() {
        List<TestCandidate> fleet = warm(3);
        TestCandidate cold = new TestCandidate("cold").readiness(0.1);
        fleet.add(cold);
        int rounds = 4_000;
        assertThat(turns(fleet, cold, rounds)).isBetween(rounds / 4 / 20, rounds / 4 / 5);
        cold.readiness(1);
        assertThat(turns(fleet, cold, rounds)).isEqualTo(rounds / 4);
        cold.readiness(0.1);
        assertThat(turns(List.of(cold), cold, 50)).isEqualTo(50);
    }

    private static int turns(List<TestCandidate> fleet, TestCandidate of, int rounds) {
        Random chance = new Random(rounds);
        Picker picker = new RoundRobinSelector(() -> chance).picker(List.copyOf(fleet));
        int turns = 0;
        for (int i = 0; i < rounds; i++) {
            turns += picker.pick(FIRST) == of ? 1 : 0;
        }
        return turns;
    }
}
