/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.router.provision.ScalingDecision.Policy;
import io.fluid4j.router.provision.ScalingDecision.Situation;
import io.fluid4j.router.provision.ScalingDecision.Standing;
import io.fluid4j.router.provision.ScalingDecision.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The decision, in time that the test moves. */
class ScalingDecisionTest {

    private static final long MILLIS = 1_000_000L;
    private static final long SECOND = 1_000 * MILLIS;
    private static final long LOOK = 100 * MILLIS;
    private static final long IDLE = 10 * SECOND;
    private static final long START_TIMEOUT = 20 * SECOND;

    private final ScalingDecision decision = decision(1, 5);
    /** Near the overflow: only differences count. */
    private long now = Long.MAX_VALUE - 3 * SECOND;

    private final List<Standing> there = new ArrayList<>();
    private int leaving;
    private int waiting;
    private int nextId;

    private static ScalingDecision decision(int min, int max) {
        return new ScalingDecision(new Policy(min, max, IDLE, START_TIMEOUT, SECOND));
    }

    private Step look(int desired) {
        now += LOOK;
        Step step = decision.decide(now, new Situation(desired, waiting, List.copyOf(there), leaving));
        for (int i = 0; i < step.starts(); i++) {
            decision.asked(now, "i" + nextId++);
        }
        return step;
    }

    private int startsWithin(long nanos, int desired) {
        int starts = 0;
        for (long until = now + nanos; now - until < 0; ) {
            starts += look(desired).starts();
        }
        return starts;
    }

    /** Whoever was asked for comes. */
    private void comes(int count) {
        for (int i = 0; i < count; i++) {
            String id = decision.oldestPending();
            assertThat(id).isNotNull();
            assertThat(decision.joined(now, id)).isNotNegative();
            there.add(new Standing(id, true, 0, 0));
        }
    }

    private void there(int count) {
        startsWithin(SECOND, count);
        comes(count);
    }

    @Test
    void theLeastIsAskedForAtOnce() {
        Step first = look(1);
        assertThat(first.starts()).isEqualTo(1);
        assertThat(first.reason()).isEqualTo("minimum");
    }

    @Test
    void askingIsIdempotentWhileAStartIsPending() {
        assertThat(startsWithin(START_TIMEOUT - SECOND, 1)).isEqualTo(1);
        comes(1);
        assertThat(startsWithin(60 * SECOND, 1)).isZero();
    }

    @Test
    void whoWaitsIsHelpedAtOnce() {
        there(1);
        waiting = 3;
        Step step = look(2);
        assertThat(step.starts()).isEqualTo(1);
        assertThat(step.reason()).isEqualTo("waiting");
        assertThat(startsWithin(SECOND, 2)).isZero();
    }

    @Test
    void aMomentOfLoadIsNoTrend() {
        there(1);
        assertThat(look(3).starts()).isZero();
        assertThat(look(1).starts()).isZero();
        assertThat(startsWithin(ScalingDecision.SHORT_NANOS - LOOK, 3)).isZero();
        assertThat(look(1).starts()).isZero();
        assertThat(startsWithin(2 * ScalingDecision.SHORT_NANOS, 3)).isEqualTo(2);
    }

    @Test
    void neverMoreThanTheMost() {
        waiting = 1_000;
        assertThat(startsWithin(SECOND, 100)).isEqualTo(5);
        assertThat(decision.target()).isEqualTo(5);
        assertThat(decision.mayGrow(now, 0)).isFalse();
        comes(5);
        assertThat(startsWithin(60 * SECOND, 100)).isZero();
    }

    @Test
    void thoseWhoLeaveCountAgainstTheMost() {
        there(4);
        leaving = 1;
        waiting = 1;
        assertThat(startsWithin(SECOND, 100)).isZero();
        leaving = 0;
        assertThat(look(100).starts()).isEqualTo(1);
    }

    @Test
    void aStartThatFailsWaitsLongerEachTime() {
        waiting = 1;
        List<Long> waits = new ArrayList<>();
        long failedAt = 0;
        for (int round = 0; round < 10; round++) {
            while (look(1).starts() == 0) {
                assertThat(decision.pending()).isZero();
            }
            if (round > 0) {
                waits.add((now - failedAt) / SECOND);
            }
            assertThat(decision.failed(now, "i" + (nextId - 1))).isTrue();
            failedAt = now;
            assertThat(decision.mayGrow(now, 0)).isFalse();
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 64L, 64L);
    }

    @Test
    void aStartThatSucceedsEndsTheBackOff() {
        waiting = 1;
        look(1);
        decision.failed(now, "i0");
        assertThat(startsWithin(2 * SECOND, 1)).isEqualTo(1);
        comes(1);
        assertThat(startsWithin(LOOK, 3)).isEqualTo(2);
    }

    @Test
    void ordersThatFailTogetherAreOneFailure() {
        waiting = 1;
        assertThat(look(3).starts()).isEqualTo(3);
        decision.failed(now, "i0");
        decision.failed(now, "i1");
        decision.failed(now, "i2");
        assertThat(startsWithin(SECOND + 2 * LOOK, 3)).isEqualTo(3);
    }

    @Test
    void whatDoesNotComeInTimeHasFailed() {
        look(1);
        List<String> expired = new ArrayList<>();
        for (long until = now + START_TIMEOUT + LOOK; now - until < 0; ) {
            expired.addAll(look(1).expired());
        }
        assertThat(expired).containsExactly("i0");
        assertThat(decision.failed(now, "i0")).as("told once").isFalse();
        assertThat(decision.joined(now, "i0")).as("too late").isEqualTo(-1);
        assertThat(startsWithin(2 * SECOND, 1)).isEqualTo(1);
    }

    @Test
    void oneIsLetGoAfterTheIdleTimeAndTheNextWhenItHasGone() {
        there(4);
        look(4);
        long loadEnds = now;
        Step step;
        do {
            step = look(1);
        } while (step.stop() == null);
        assertThat((now - loadEnds) / SECOND).isEqualTo(IDLE / SECOND);
        assertThat(step.reason()).isEqualTo("idle");
        there.remove(3);
        leaving = 1;
        for (int i = 0; i < 100; i++) {
            assertThat(look(1).stop()).isNull();
        }
        leaving = 0;
        assertThat(look(1).stop()).isNotNull();
    }

    @Test
    void theLeastStays() {
        there(1);
        for (int i = 0; i < 1_000; i++) {
            assertThat(look(1).stop()).isNull();
        }
    }

    @Test
    void theOneWithTheLeastToFinishGoesThenTheYoungest() {
        startsWithin(SECOND, 1);
        comes(1);
        there.clear();
        there.add(new Standing("others", false, 0, 1));
        there.add(new Standing("busy", true, 5, 1));
        there.add(new Standing("old", true, 2, 90 * SECOND));
        there.add(new Standing("young", true, 2, 60 * SECOND));
        Step step;
        do {
            step = look(1);
        } while (step.stop() == null);
        assertThat(step.stop()).isEqualTo("young");
    }

    @Test
    void whatOthersLookAfterIsNotStopped() {
        there.add(new Standing("a", false, 0, SECOND));
        there.add(new Standing("b", false, 0, SECOND));
        for (int i = 0; i < 1_000; i++) {
            Step step = look(1);
            assertThat(step.stop()).isNull();
            assertThat(step.starts()).isZero();
        }
    }

    /** Load that moves to and fro faster than the idle time: up to its peak once, and not down again. */
    @Test
    void noFlapping() {
        there(1);
        Random random = new Random(42);
        int moves = 0;
        for (int i = 0; i < 36_000; i++) {
            boolean high = now / (4 * SECOND) % 2 == 0;
            Step step = look((high ? 3 : 1) + random.nextInt(2));
            assertThat(step.stop()).isNull();
            moves += step.starts();
            comes(step.starts());
        }
        assertThat(moves).isEqualTo(3);
        assertThat(there).hasSize(4);
    }

    @Test
    void whatIsPublishedIsWhatIsFollowed() {
        there(1);
        startsWithin(SECOND, 3);
        assertThat(decision.target()).isEqualTo(3);
        assertThat(decision.pending()).isEqualTo(2);
        comes(2);
        look(1);
        assertThat(decision.target()).as("not before the idle time is over").isEqualTo(3);
        startsWithin(IDLE + SECOND, 1);
        assertThat(decision.target()).isEqualTo(1);
    }

    @Test
    void theBoundsMakeSense() {
        assertThatThrownBy(() -> decision(3, 2)).hasMessageContaining("min 3, max 2");
        assertThatThrownBy(() -> decision(0, 2)).hasMessageContaining("min 0");
    }
}
