/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is made of the answers of an instance and of its neighbours. */
class StandingTest {

    private static final long MILLI = 1_000_000L;
    private static final long LOOK = 250 * MILLI;

    private final Standing one = new Standing();
    private final Standing other = new Standing();
    private final List<Standing> both = List.of(one, other);
    private long now;

    private void look() {
        now += LOOK;
        for (Standing each : both) {
            each.look(now);
        }
        for (Standing each : both) {
            each.compare(both, now);
        }
    }

    private static void answer(Standing by, int times, long millis) {
        for (int i = 0; i < times; i++) {
            by.answered(millis * MILLI);
        }
    }

    private static void fail(Standing by, int times) {
        for (int i = 0; i < times; i++) {
            by.failed();
        }
    }

    @Test
    void nobodyHasAHandicapAtFirst() {
        look();
        assertThat(one.handicap()).isEqualTo(1);
        answer(one, 100, 20);
        look();
        assertThat(one.handicap()).isEqualTo(1);
        assertThat(other.handicap()).isEqualTo(1);
    }

    @Test
    void aSlowOneIsHandicappedAndTheQuickOneIsNot() {
        answer(one, 100, 200);
        answer(other, 100, 20);
        look();
        assertThat(one.handicap()).isBetween(6.0, 7.5);
        assertThat(other.handicap()).isEqualTo(1);
    }

    @Test
    void beingALittleSlowerIsChance() {
        answer(one, 100, 28);
        answer(other, 100, 20);
        look();
        assertThat(one.handicap()).isEqualTo(1);
    }

    @Test
    void oneLongPollAmongHundredsIsNotSlowness() {
        answer(one, 300, 20);
        answer(one, 3, 20_000);
        answer(other, 300, 20);
        look();
        assertThat(one.handicap()).isEqualTo(1);
    }

    @Test
    void failingFastIsNotQuick() {
        fail(one, 100);
        answer(other, 100, 20);
        look();
        assertThat(one.handicap()).isBetween(15.0, Standing.MAX_HANDICAP);
        assertThat(other.handicap()).isEqualTo(1);
    }

    @Test
    void whatFailsEverywhereIsTheApplications() {
        for (Standing each : both) {
            answer(each, 50, 20);
            fail(each, 50);
        }
        look();
        assertThat(one.handicap()).isEqualTo(1);
        assertThat(other.handicap()).isEqualTo(1);
    }

    @Test
    void whatIsKnownFadesAndComesBackWithTheNextFailure() {
        fail(one, 100);
        answer(other, 100, 20);
        look();
        for (long faded = 0; faded < 4 * Standing.HALF_LIFE_NANOS; faded += LOOK) {
            answer(other, 10, 20);
            look();
        }
        assertThat(one.handicap()).isBetween(1.0, 2.5);
        one.failed();
        assertThat(one.handicap()).isBetween(15.0, Standing.MAX_HANDICAP);
    }

    @Test
    void oneThatHasRecoveredIsAsGoodAsTheOthersSoon() {
        answer(one, 20, 600);
        answer(other, 100, 20);
        look();
        assertThat(one.handicap()).isGreaterThan(10);
        for (int i = 0; i < 8; i++) {
            answer(one, 5, 20);
            answer(other, 100, 20);
            look();
        }
        assertThat(one.handicap()).isLessThan(1.2);
    }
}
