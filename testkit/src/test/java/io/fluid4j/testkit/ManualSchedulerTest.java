/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ManualSchedulerTest {

    private final ManualClock clock = new ManualClock();
    private final ManualScheduler scheduler = new ManualScheduler(clock);
    private final List<String> ran = new ArrayList<>();

    @Test
    void nothingRunsInsideTheCallThatSchedulesIt() {
        scheduler.execute(() -> ran.add("executed"));
        scheduler.schedule(() -> ran.add("scheduled"), 0, TimeUnit.SECONDS);
        assertThat(ran).isEmpty();
        assertThat(scheduler.runDue()).isEqualTo(2);
        assertThat(ran).containsExactly("executed", "scheduled");
    }

    @Test
    void tasksRunInTheOrderOfTheirTimesWithTheClockAtTheirTime() {
        scheduler.schedule(() -> ran.add("b at " + clock.elapsedNanos()), 20, TimeUnit.NANOSECONDS);
        scheduler.schedule(
                () -> {
                    ran.add("a at " + clock.elapsedNanos());
                    scheduler.schedule(() -> ran.add("c at " + clock.elapsedNanos()), 15, TimeUnit.NANOSECONDS);
                },
                10,
                TimeUnit.NANOSECONDS);
        scheduler.schedule(() -> ran.add("too late"), 31, TimeUnit.NANOSECONDS);
        assertThat(scheduler.advance(Duration.ofNanos(30))).isEqualTo(3);
        assertThat(ran).containsExactly("a at 10", "b at 20", "c at 25");
        assertThat(clock.elapsedNanos()).isEqualTo(30);
        assertThat(scheduler.pending()).isEqualTo(1);
    }

    @Test
    void ratesAndDelaysRepeatUntilCancelled() {
        Future<?> rate = scheduler.scheduleAtFixedRate(() -> ran.add("rate"), 1, 2, TimeUnit.SECONDS);
        Future<?> delay = scheduler.scheduleWithFixedDelay(() -> ran.add("delay"), 2, 3, TimeUnit.SECONDS);
        scheduler.advance(Duration.ofSeconds(6));
        assertThat(ran).containsExactly("rate", "delay", "rate", "delay", "rate");
        assertThat(rate.cancel(false)).isTrue();
        assertThat(delay.cancel(false)).isTrue();
        assertThat(scheduler.advance(Duration.ofSeconds(60))).isZero();
        assertThat(scheduler.pending()).isZero();
    }

    @Test
    void aTaskThatFailsTellsItsFutureAndDoesNotRepeat() {
        Future<?> failing = scheduler.scheduleAtFixedRate(
                () -> {
                    throw new IllegalStateException("broken");
                },
                1,
                1,
                TimeUnit.SECONDS);
        assertThat(scheduler.advance(Duration.ofSeconds(5))).isEqualTo(1);
        assertThatThrownBy(failing::get).hasRootCauseMessage("broken");
    }

    @Test
    void theClockOverflowsWithoutHarmAndMovesBothItsFaces() {
        long before = clock.nanoTime();
        clock.advance(Duration.ofSeconds(20));
        assertThat(clock.nanoTime()).isNegative();
        assertThat(clock.nanoTime() - before).isEqualTo(Duration.ofSeconds(20).toNanos());
        assertThat(clock.instant()).isEqualTo(ManualClock.START.plusSeconds(20));
        assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void afterShutdownNothingIsTakenOrRun() {
        scheduler.execute(() -> ran.add("never"));
        assertThat(scheduler.shutdownNow()).hasSize(1);
        assertThat(scheduler.runDue()).isZero();
        assertThat(scheduler.isTerminated()).isTrue();
        assertThatThrownBy(() -> scheduler.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }
}
