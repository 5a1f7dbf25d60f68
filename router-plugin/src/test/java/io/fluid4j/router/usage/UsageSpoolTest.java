/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What waits while the database is away: bounded, and nothing of it twice. */
final class UsageSpoolTest {

    private static final UsageKey KEY = new UsageKey("f", "d", "r");

    @Test
    void aBatchInDoubtKeepsItsNumberAndContent() {
        UsageSpool spool = new UsageSpool(10);
        spool.add(0, KEY, one());
        UsageSpool.Batch first = spool.next();
        spool.add(0, KEY, one());

        assertThat(spool.next()).isSameAs(first);
        assertThat(first.usage().values()).containsExactly(one());

        spool.written();
        UsageSpool.Batch second = spool.next();
        assertThat(second.sequence()).isEqualTo(first.sequence() + 1);
        assertThat(second.usage().values()).containsExactly(one());
        spool.written();
        assertThat(spool.next()).isNull();
    }

    @Test
    void aBatchThatCanNeverBeWrittenIsCountedAsLostAndStopsNothing() {
        UsageSpool spool = new UsageSpool(10);
        spool.add(0, KEY, one());
        UsageSpool.Batch bad = spool.next();
        spool.add(60, KEY, one());
        spool.giveUp();

        assertThat(spool.lost()).isEqualTo(1);
        assertThat(spool.next().sequence()).isEqualTo(bad.sequence() + 1);
    }

    @Test
    void anOutageOfAnHourIsSixtyRows() {
        UsageSpool spool = new UsageSpool(1_000);
        for (int second = 0; second < 3_600; second++) {
            spool.add(7_200 + second, KEY, one());
        }

        assertThat(spool.rows()).isEqualTo(60);
        assertThat(sum(spool)).isEqualTo(3_600);
    }

    @Test
    void aFullSpoolGivesUpMinutesBeforeItGivesUpSums() {
        UsageSpool spool = new UsageSpool(10);
        for (int minute = 0; minute < 300; minute++) {
            spool.add(minute * 60L, KEY, one());
        }

        assertThat(spool.rows()).isLessThanOrEqualTo(20);
        assertThat(spool.lost()).isZero();
        assertThat(sum(spool)).isEqualTo(300);
    }

    @Test
    void whatFindsNoRoomIsCounted() {
        UsageSpool spool = new UsageSpool(10);
        for (int i = 0; i < 50; i++) {
            spool.add(0, new UsageKey("f" + i, "", ""), one());
        }

        assertThat(spool.rows()).isEqualTo(20);
        assertThat(spool.lost()).isEqualTo(30);
    }

    private static long sum(UsageSpool spool) {
        List<UsageSums> all = new ArrayList<>();
        for (UsageSpool.Batch batch = spool.next(); batch != null; batch = spool.next()) {
            all.addAll(batch.usage().values());
            spool.written();
        }
        return all.stream().mapToLong(UsageSums::requests).sum();
    }

    private static UsageSums one() {
        return new UsageSums(1, 0, 0, 0, 0, 0, 0);
    }
}
