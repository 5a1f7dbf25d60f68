/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

/** What the memory of an instance is paid for. */
class BusyTimeTest {

    @Test
    void overlappingRequestsCountOnce() {
        BusyTime busy = new BusyTime();
        busy.begins(100);
        busy.begins(150);
        busy.ends(200);
        assertThat(busy.nanos(250)).isEqualTo(150);
        busy.ends(300);
        assertThat(busy.nanos(900)).isEqualTo(200);
        busy.begins(1_000);
        busy.ends(1_001);
        assertThat(busy.nanos(2_000)).isEqualTo(201);
    }

    @Test
    void whoComesLateWithAnEarlyTimePaysNothingTwice() {
        BusyTime busy = new BusyTime();
        busy.begins(110);
        busy.ends(200);
        busy.begins(100);
        assertThat(busy.nanos(205)).isEqualTo(95);
        busy.ends(210);
        assertThat(busy.nanos(300)).isEqualTo(100);
        busy.begins(190);
        busy.ends(205);
        assertThat(busy.nanos(300)).isEqualTo(100);
        busy.begins(220);
        busy.ends(230);
        assertThat(busy.nanos(300)).isEqualTo(110);
    }

    @Test
    void afterAllHaveEndedItStandsStillHoweverTheyRaced() throws Exception {
        BusyTime busy = new BusyTime();
        int threads = 4;
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Thread> racing = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                try {
                    together.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int round = 0; round < 100_000; round++) {
                    busy.begins(System.nanoTime());
                    busy.ends(System.nanoTime());
                }
            });
            racing.add(thread);
        }
        long began = System.nanoTime();
        racing.forEach(Thread::start);
        for (Thread thread : racing) {
            thread.join();
        }
        long now = System.nanoTime();

        long nanos = busy.nanos(now);
        assertThat(nanos).isPositive().isLessThanOrEqualTo(now - began);
        assertThat(busy.nanos(now + 1_000_000)).isEqualTo(nanos);
    }
}
