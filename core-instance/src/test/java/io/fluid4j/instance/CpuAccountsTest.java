/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** How the processor time that nobody measured is shared out. */
class CpuAccountsTest {

    private static final long MILLIS = 1_000_000L;
    private static final long SECOND = 1_000 * MILLIS;

    @Test
    void whatWasMeasuredIsNotSharedOut() {
        CpuAccounts cpu = new CpuAccounts(0);
        double mark = cpu.admitted(0);
        cpu.direct(700 * MILLIS);

        cpu.tick(SECOND, 1000 * MILLIS, 300 * MILLIS, 0);
        cpu.tick(2 * SECOND, 1000 * MILLIS, 300 * MILLIS, 0);

        assertThat(cpu.ended(2 * SECOND, mark)).isZero();
        assertThat(cpu.directNanos()).isEqualTo(700 * MILLIS);
    }

    @Test
    void aRequestAloneGetsTheRestOfItsTime() {
        CpuAccounts cpu = new CpuAccounts(0);
        double mark = cpu.admitted(0);
        for (int second = 1; second <= 60; second++) {
            cpu.tick(second * SECOND, second * 400 * MILLIS, second * 100 * MILLIS, 0);
        }

        long share = cpu.ended(60 * SECOND, mark);

        // The first interval has no rate yet.
        assertThat(share).isCloseTo(59 * 300 * MILLIS, within(300 * MILLIS));
        assertThat(cpu.assignedNanos()).isEqualTo(share);
    }

    @Test
    void twoRequestsShareByTheTimeTheyWereInFlight() {
        CpuAccounts cpu = new CpuAccounts(0);
        double first = cpu.admitted(0);
        cpu.tick(SECOND, 0, 0, 0);
        double second = cpu.admitted(SECOND);
        for (int i = 2; i <= 40; i++) {
            cpu.tick(i * SECOND, (i - 1) * 600 * MILLIS, 0, 0);
        }

        long one = cpu.ended(40 * SECOND, first);
        long other = cpu.ended(40 * SECOND, second);

        assertThat(one).isCloseTo(other, within(MILLIS));
        assertThat(one + other).isCloseTo(39 * 600 * MILLIS, within(600 * MILLIS));
    }

    @Test
    void whatRunsWhileNobodyIsThereIsNobodys() {
        CpuAccounts cpu = new CpuAccounts(0);
        cpu.tick(SECOND, 500 * MILLIS, 0, 0);
        cpu.tick(2 * SECOND, 900 * MILLIS, 0, 0);

        double mark = cpu.admitted(2 * SECOND);

        assertThat(cpu.ended(3 * SECOND, mark)).isZero();
    }

    @Test
    void whatASliceHasUsedBeforeItsEndIsNotSharedOut() {
        CpuAccounts cpu = new CpuAccounts(0);
        double burning = cpu.admitted(0);
        double waiting = cpu.admitted(0);
        cpu.tick(SECOND, 900 * MILLIS, 0, 900 * MILLIS);
        cpu.direct(1_500 * MILLIS);
        cpu.tick(2 * SECOND, 1_500 * MILLIS, 0, 0);

        assertThat(cpu.ended(2_500 * MILLIS, waiting)).isZero();
        assertThat(cpu.ended(2_500 * MILLIS, burning)).isZero();
    }

    @Test
    void whatAnIntervalHasLeftIsChargedOnceHoweverShortTheFlightInItWas() {
        CpuAccounts cpu = new CpuAccounts(0, 2);
        cpu.ended(25 * MILLIS, cpu.admitted(0));
        cpu.tick(SECOND, 50 * MILLIS, 0, 0);

        double waiting = cpu.admitted(SECOND);
        cpu.tick(2 * SECOND, 50 * MILLIS, 0, 0);
        cpu.tick(3 * SECOND, 50 * MILLIS, 0, 0);

        assertThat(cpu.ended(3 * SECOND, waiting)).isEqualTo(50 * MILLIS);
    }

    @Test
    void whatProcessorsCannotHaveDoneInTheTimeOfRequestsIsNotTheirs() {
        CpuAccounts cpu = new CpuAccounts(0, 2);
        cpu.ended(4 * MILLIS, cpu.admitted(0));
        cpu.tick(SECOND, 50 * MILLIS, 0, 0);

        double waiting = cpu.admitted(SECOND);
        cpu.tick(2 * SECOND, 50 * MILLIS, 0, 0);
        cpu.tick(3 * SECOND, 50 * MILLIS, 0, 0);

        assertThat(cpu.ended(3 * SECOND, waiting)).isEqualTo(8 * MILLIS);
    }

    /** A debt of few is not asked of each of many at once. */
    @Test
    void aCrowdDoesNotPayTheDebtOfOneManyTimes() {
        CpuAccounts cpu = new CpuAccounts(0, 2);
        cpu.ended(25 * MILLIS, cpu.admitted(0));
        List<Double> crowd = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            crowd.add(cpu.admitted(999 * MILLIS));
        }
        cpu.tick(SECOND, 50 * MILLIS, 0, 0);

        long paid =
                crowd.stream().mapToLong(mark -> cpu.ended(2 * SECOND, mark)).sum();

        assertThat(paid).isBetween(49 * MILLIS, 50 * MILLIS);
    }

    /** The kernel counts a process in steps, slices are exact: what seems to be left comes and goes. */
    @Test
    void stepsOfTheProcessClockDoNotAddUp() {
        CpuAccounts cpu = new CpuAccounts(0);
        double mark = cpu.admitted(0);
        for (int second = 1; second <= 60; second++) {
            cpu.direct(300 * MILLIS);
            cpu.tick(second * SECOND, (second * 300 + second % 2 * 10) * MILLIS, 0, 0);
        }

        assertThat(cpu.ended(60 * SECOND, mark)).isLessThanOrEqualTo(10 * MILLIS);
    }

    @Test
    void theStartOfTheProcessIsNotThatOfItsFirstRequest() {
        CpuAccounts cpu = new CpuAccounts(0);
        double mark = cpu.admitted(0);
        cpu.begins(8 * SECOND, 2 * SECOND, 0);
        cpu.tick(SECOND, 8 * SECOND, 2 * SECOND, 0);
        cpu.tick(2 * SECOND, 8 * SECOND, 2 * SECOND, 0);

        assertThat(cpu.ended(2 * SECOND, mark)).isZero();
    }

    /** On threads without a clock all is shared out: the parts must add up to the whole, whatever the mix. */
    @Property(tries = 50)
    void sharesAddUpToTheProcessOverAMinute(@ForAll long seed) {
        Random random = new Random(seed);
        CpuAccounts cpu = new CpuAccounts(0);
        List<double[]> live = new ArrayList<>();
        long process = 0;
        long assigned = 0;
        long now = 0;
        int busyness = 1 + random.nextInt(8);
        while (now < 60 * SECOND) {
            for (int step = 0; step < 100; step++) {
                now += 10 * MILLIS;
                process += live.isEmpty() ? 0 : (1 + random.nextInt(busyness)) * MILLIS;
                live.add(new double[] {cpu.admitted(now), now + random.nextInt(300) * MILLIS});
                for (int i = live.size() - 1; i >= 0; i--) {
                    if (live.get(i)[1] <= now) {
                        assigned += cpu.ended(now, live.remove(i)[0]);
                    }
                }
            }
            cpu.tick(now, process, 0, 0);
        }
        for (double[] request : live) {
            assigned += cpu.ended(now, request[0]);
        }

        assertThat((double) assigned / process).isBetween(0.95, 1.03);
    }
}
