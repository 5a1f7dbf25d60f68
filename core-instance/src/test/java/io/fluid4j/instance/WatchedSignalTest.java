/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Health;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.Reading;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchedSignalTest {

    private Reading next = Reading.of(0);

    private final HealthSignal signal = new HealthSignal() {
        @Override
        public String name() {
            return "queue-of-orders";
        }

        @Override
        public double threshold() {
            return 10;
        }

        @Override
        public Reading read(long nowNanos) {
            if (next == null) {
                throw new IllegalStateException("the queue is not there");
            }
            return next;
        }
    };

    private final WatchedSignal watched = new WatchedSignal(signal);

    private WatchedSignal.Standing look(double value) {
        next = Reading.of(value);
        return watched.look(0, 0.9);
    }

    @Test
    void breachedFromTheThresholdOnAndWellAgainClearlyBelow() {
        assertThat(look(9.99).breached()).isFalse();
        assertThat(look(10).breached()).isTrue();
        assertThat(look(9.5).breached()).isTrue();
        assertThat(look(9).breached()).isTrue();
        assertThat(look(8.9).breached()).isFalse();
        assertThat(look(9.5).breached()).isFalse();
    }

    @Test
    void whatCannotBeReadCountsNeitherWay() {
        look(20);
        next = null;

        WatchedSignal.Standing standing = watched.look(0, 0.9);

        assertThat(standing.breached()).isFalse();
        assertThat(standing.reading().unavailable()).contains("the queue is not there");
        assertThat(standing.onWire().status()).isEqualTo(Health.Status.UNAVAILABLE);
        assertThat(standing.onWire().valueThousandths()).isEqualTo(Nack.NO_VALUE);
    }

    @Test
    void theNackOfAPluginCarriesItsNameAndValue() {
        Nack nack = look(12.5).nack(7);

        assertThat(nack.reason()).isEqualTo(NackReason.SIGNAL);
        assertThat(nack.signal()).isEqualTo("queue-of-orders");
        assertThat(nack.valueThousandths()).isEqualTo(12_500);
        assertThat(nack.healthSequence()).isEqualTo(7);
    }

    @Test
    void headroomIsTheFreeShareOfTheThreshold() {
        assertThat(look(2.5).onWire().headroomThousandths()).isEqualTo(750);
        assertThat(look(30).onWire().headroomThousandths()).isZero();
        assertThat(look(30).onWire().status()).isEqualTo(Health.Status.BREACHED);
    }

    @Test
    void builtInSignalsHaveTheReasonsOfTheProtocol() {
        assertThat(WatchedSignal.reasonOf("descriptors")).isEqualTo(NackReason.DESCRIPTORS);
        assertThat(WatchedSignal.reasonOf("heap")).isEqualTo(NackReason.MEMORY);
        assertThat(WatchedSignal.reasonOf("db-pool")).isEqualTo(NackReason.DB_POOL);
        assertThat(WatchedSignal.reasonOf("scheduler-lag")).isEqualTo(NackReason.CPU_THROTTLED);
    }

    @Test
    void aBreachClosesAdmissionWithItsReasonAndRecoveryOpensIt() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(10));
        HealthMonitor health = new HealthMonitor(List.of(watched), admission, () -> 0, () -> 1_000_000L, () -> 0.1);
        assertThat(admission.tryAdmit()).isNull();

        next = Reading.of(11);
        Health overloaded = health.sample();

        assertThat(overloaded.state()).isEqualTo(Health.State.OVERLOADED);
        assertThat(admission.tryAdmit().signal()).isEqualTo("queue-of-orders");
        assertThat(admission.tryAdmit().healthSequence()).isEqualTo(overloaded.sequence());
        next = Reading.of(1);
        assertThat(health.sample().state()).isEqualTo(Health.State.ACCEPTING);
        assertThat(admission.tryAdmit()).isNull();
    }

    @Test
    void failingBeatsDrainingBeatsSignals() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(10));
        HealthMonitor health = new HealthMonitor(List.of(watched), admission, () -> 0, () -> 1_000_000L, () -> 0.1);
        next = Reading.of(11);
        health.sample();
        health.draining(true);
        assertThat(health.publish().state()).isEqualTo(Health.State.DRAINING);
        assertThat(admission.tryAdmit().reason()).isEqualTo(NackReason.DRAINING);

        health.failing(new OutOfMemoryError("on purpose"));

        assertThat(health.publish().state()).isEqualTo(Health.State.FAILING);
        assertThat(admission.tryAdmit().reason()).isEqualTo(NackReason.FAILING);
    }
}
