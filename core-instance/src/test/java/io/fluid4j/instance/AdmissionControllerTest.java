/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AdmissionControllerTest {

    @Property(tries = 30)
    void neverMoreThanTheLimit(
            @ForAll @IntRange(min = 1, max = 5) int limit, @ForAll @IntRange(min = 2, max = 6) int threads)
            throws Exception {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(limit));
        AtomicInteger holding = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier begin = new CyclicBarrier(threads);
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                try {
                    begin.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int round = 0; round < 2_000; round++) {
                    if (admission.tryAdmit() == null) {
                        most.accumulateAndGet(holding.incrementAndGet(), Math::max);
                        holding.decrementAndGet();
                        admission.release();
                    }
                }
            });
            thread.start();
            all.add(thread);
        }
        for (Thread thread : all) {
            thread.join();
        }

        assertThat(most.get()).isBetween(1, limit);
        assertThat(admission.inFlight()).isZero();
        assertThat(admission.ended() + admission.nacks(NackReason.LIMIT)).isEqualTo(threads * 2_000L);
    }

    @Test
    void theNackAtTheLimitSaysSoAndIsCounted() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(1));
        admission.publish(AdmissionController.Verdict.of(null, 17));

        assertThat(admission.tryAdmit()).isNull();
        Nack nack = admission.tryAdmit();

        assertThat(nack).isNotNull();
        assertThat(nack.reason()).isEqualTo(NackReason.LIMIT);
        assertThat(nack.healthSequence()).isEqualTo(17);
        assertThat(nack.retryAfterMillis()).isPositive();
        assertThat(admission.nacks(NackReason.LIMIT)).isEqualTo(1);
    }

    @Test
    void roomIsToldOnceAfterANackAtTheLimit() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(2));
        AtomicInteger told = new AtomicInteger();
        admission.onRoom(told::incrementAndGet);
        admission.tryAdmit();
        admission.tryAdmit();
        admission.release();
        assertThat(told).hasValue(0);
        admission.tryAdmit();
        admission.tryAdmit();

        admission.release();
        admission.release();

        assertThat(told).hasValue(1);
    }

    @Test
    void aRefusalIsGivenWithoutCountingTheRequest() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(10));
        Nack draining = Nack.of(NackReason.DRAINING, 0, 3);
        admission.publish(AdmissionController.Verdict.of(draining, 3));

        assertThat(admission.tryAdmit()).isSameAs(draining);
        assertThat(admission.inFlight()).isZero();
        assertThat(admission.nacks(NackReason.DRAINING)).isEqualTo(1);
    }

    @Test
    void idleIsToldWhenTheLastPermitIsClosed() {
        AdmissionController admission = new AdmissionController(new Limits.Fixed(10));
        AtomicInteger idle = new AtomicInteger();
        admission.onIdle(idle::incrementAndGet);
        admission.tryAdmit();
        admission.tryAdmit();

        admission.release();
        assertThat(idle).hasValue(0);
        admission.release();

        assertThat(idle).hasValue(1);
    }
}
