/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class DelayHistogramTest {

    @Test
    void aQuarterStaysBelowWhatItGives() {
        DelayHistogram delays = new DelayHistogram();
        assertThat(delays.quarterNanos()).isZero();
        for (int i = 0; i < 26; i++) {
            delays.add(1_000_000);
        }
        for (int i = 0; i < 74; i++) {
            delays.add(2_000_000_000L);
        }

        assertThat(delays.count()).isEqualTo(100);
        assertThat(delays.quarterNanos()).isBetween(875_000L, 1_125_000L);

        delays.clear();
        assertThat(delays.count()).isZero();
        assertThat(delays.quarterNanos()).isZero();
    }

    @Property(tries = 2000)
    void aBucketIsNearItsSamples(@ForAll @LongRange(min = 1 << 13, max = 1L << 45) long nanos) {
        long middle = DelayHistogram.middleNanos(DelayHistogram.bucket(nanos));
        assertThat(Math.abs(middle - nanos)).isLessThanOrEqualTo(nanos / 8);
    }

    @Property(tries = 200)
    void anyDurationHasABucket(@ForAll long nanos) {
        assertThat(DelayHistogram.bucket(nanos)).isBetween(0, 319);
    }
}
