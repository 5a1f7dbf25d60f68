/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.testkit.ManualClock;
import io.fluid4j.testkit.ManualScheduler;
import io.fluid4j.testkit.RecordTrace;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeLogTest {

    private static final int KEPT = 20;

    private final ManualScheduler scheduler = new ManualScheduler(new ManualClock());
    private final ChangeLog log = new ChangeLog(scheduler, scheduler.clock()::nanoTime, at(0), KEPT);

    @Test
    void oneThatFallsBehindIsGivenEverythingAnew() {
        RecordTrace slow = new RecordTrace();
        log.watch(null, slow);
        scheduler.runDue();
        for (int i = 1; i <= 1_000; i++) {
            log.append(at(i), List.of(put("f" + i % 7, i)));
        }
        scheduler.runDue();
        assertThat(slow.relists()).isEqualTo(2);
        assertThat(slow.keys()).hasSize(7);
        assertThat(slow.revision()).isEqualTo(at(1_000));
        log.append(at(1_001), List.of(RecordChange.gone("f1", "r")));
        scheduler.runDue();
        assertThat(slow.relists()).isEqualTo(2);
        assertThat(slow.keys()).hasSize(6);
    }

    @Test
    void resumingIsPossibleExactlyAsFarBackAsChangesAreKept() {
        for (int i = 1; i <= 100; i++) {
            log.append(at(i), List.of(put("f" + i, i)));
        }
        // One change weighs two, so that the last ten batches are kept.
        for (int from = 80; from <= 100; from++) {
            RecordTrace trace = new RecordTrace();
            log.watch(at(from), trace);
            scheduler.runDue();
            if (from < 90) {
                assertThat(trace.relists()).as("from %d", from).isEqualTo(1);
                assertThat(trace.keys()).hasSize(100);
            } else {
                assertThat(trace.relists()).as("from %d", from).isZero();
                assertThat(trace.changes()).hasSize(100 - from);
            }
            assertThat(trace.revision()).isEqualTo(at(100));
        }
    }

    @Test
    void aBatchLargerThanWhatIsKeptIsStillTold() {
        RecordTrace trace = new RecordTrace();
        log.watch(null, trace);
        scheduler.runDue();
        List<RecordChange> many = new java.util.ArrayList<>();
        for (int i = 0; i < 5 * KEPT; i++) {
            many.add(put("f" + i, 1));
        }
        log.append(at(1), many);
        scheduler.runDue();
        assertThat(trace.keys()).hasSize(5 * KEPT);
    }

    @Test
    void aLossIsToldOnceAndItsEndToo() {
        RecordTrace trace = new RecordTrace();
        log.watch(null, trace);
        log.lost("gone");
        log.lost("gone");
        scheduler.runDue();
        assertThat(trace.losses()).isEqualTo(1);
        assertThat(trace.lost()).isTrue();
        log.append(at(0), List.of());
        scheduler.runDue();
        assertThat(trace.lost()).isFalse();
        RecordTrace late = new RecordTrace();
        log.lost("again");
        log.watch(null, late);
        scheduler.runDue();
        assertThat(late.relists()).isEqualTo(1);
        assertThat(late.lost()).isTrue();
    }

    @Test
    void aWatcherThatThrowsDoesNotHarmOthers() {
        RecordTrace good = new RecordTrace();
        log.watch(null, new io.fluid4j.spi.resolve.RecordWatcher() {
            @Override
            public void onRelist(Revision revision, Duration storeAge, List<Registration> all) {
                throw new IllegalStateException("bad");
            }

            @Override
            public void onChange(Revision revision, List<RecordChange> changes) {}

            @Override
            public void onLost(String reason) {}
        });
        log.watch(null, good);
        log.append(at(1), List.of(put("f", 1)));
        scheduler.runDue();
        assertThat(good.has("f", "r")).isTrue();
    }

    private static Revision at(long number) {
        return new Revision(7, number);
    }

    private static RecordChange put(String function, long number) {
        return RecordChange.put(new Registration(
                function,
                new RouterAddress("r", "h:1", "tcp://h:2", "eu", "a"),
                List.of(new Holding(function, "v", 1, 1)),
                Duration.ofSeconds(30),
                at(number)));
    }
}
