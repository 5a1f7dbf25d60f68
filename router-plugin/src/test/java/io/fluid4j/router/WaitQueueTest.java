/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long requests wait, in virtual time. */
class WaitQueueTest {

    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;

    private long now = 5 * SECOND;
    private final WaitQueue<Integer> queue = new WaitQueue<>(() -> now, number -> "one");

    @Test
    void firstComeFirstServed() {
        queue.offer(1, 10, SECOND, false);
        queue.offer(2, 10, SECOND, false);
        Integer first = queue.poll();
        assertThat(first).isEqualTo(1);
        queue.putBack(first);
        assertThat(queue.poll()).isEqualTo(1);
        assertThat(queue.remove(2)).isTrue();
        assertThat(queue.poll()).isNull();
    }

    @Test
    void whileNobodyIsServedOnlyNumberAndMaxWaitCount() {
        for (int i = 0; i < 500; i++) {
            assertThat(queue.offer(i, 500, SECOND, false)).isTrue();
        }
        assertThat(queue.offer(500, 500, SECOND, false)).isFalse();
        assertThat(new WaitQueue<Integer>(() -> now, number -> "one").offer(1, 500, 0, false))
                .isFalse();
    }

    /** 2,400 a second come, 800 are served: who is taken in is served soon, the rest hears so at once. */
    @Test
    void standingQueueStaysShort() {
        long longest = 0;
        int refused = 0;
        int taken = 0;
        ArrayDeque<Long> arrivals = new ArrayDeque<>();
        for (int tick = 0; tick < 4_000; tick++) {
            now += MILLI;
            int arriving = tick % 5 < 2 ? 3 : 2;
            for (int i = 0; i < arriving; i++) {
                if (queue.offer(tick, 10_000, SECOND, false)) {
                    arrivals.add(now);
                    taken++;
                } else {
                    refused++;
                }
            }
            if (tick % 5 != 4 && queue.poll() != null) {
                queue.onServed();
                long waited = now - arrivals.remove();
                if (tick > 2_000) { // The burst that it looked like at first has been served.
                    longest = Math.max(longest, waited);
                }
            }
        }
        assertThat(longest).isLessThan(250 * MILLI);
        assertThat(taken).isGreaterThan(3_000);
        assertThat(refused).isGreaterThan(5_000);
    }

    /** Served at 300 a second from a cold start: the burst waits, and whoever comes when it has stood for long does not. */
    @Test
    void aBurstMayWait() {
        for (int i = 0; i < 600; i++) {
            assertThat(queue.offer(i, 2_000, 10 * SECOND, false)).isTrue();
        }
        for (int i = 0; i < 120; i++) {
            now += 3_333_333;
            queue.poll();
            queue.onServed();
        }
        assertThat(queue.offer(600, 2_000, 10 * SECOND, false)).isTrue();
        now += WaitQueue.BURST_NANOS / 4;
        queue.poll();
        queue.onServed();
        assertThat(queue.offer(601, 2_000, 10 * SECOND, false)).isFalse();
    }

    @Test
    void oldRateIsForgotten() {
        queue.offer(-1, 1_000, SECOND, false);
        now += WaitQueue.BURST_NANOS;
        for (int i = 0; i < 50; i++) {
            queue.offer(i, 1_000, SECOND, false);
            now += 10 * MILLI;
            queue.poll();
            queue.onServed();
        }
        for (int i = 0; i < 30; i++) {
            queue.offer(i, 1_000, SECOND, false);
        }
        int length = queue.size();
        assertThat(length).isLessThan(30);
        now += WaitQueue.RATE_KEPT_NANOS;
        assertThat(queue.offer(99, 1_000, SECOND, false)).isTrue();
    }

    /** More instances are coming: what is too long a queue for those that are there will be served by those. */
    @Test
    void whileInstancesAreOnTheirWayTheQueueMayBeLong() {
        // Never empty, for longer than a burst.
        queue.offer(-1, 1_000, SECOND, false);
        for (int i = 0; i < 500; i++) {
            queue.offer(i, 1_000, SECOND, false);
            now += 10 * MILLI;
            queue.poll();
            queue.onServed();
        }
        int waiting = 0;
        while (queue.offer(waiting, 1_000, SECOND, false)) {
            waiting++;
        }
        assertThat(waiting).isLessThan(20);
        for (int i = 0; i < 500; i++) {
            assertThat(queue.offer(i, 1_000, SECOND, true)).isTrue();
        }
        assertThat(queue.offer(0, 1_000, SECOND, false)).isFalse();
    }

    /** Numbers below 1,000 are of one client, those above of another. */
    private static String client(int number) {
        return number < 1_000 ? "greedy" : "modest";
    }

    @Test
    void clientsTakeTurns() {
        WaitQueue<Integer> fair = new WaitQueue<>(() -> now, WaitQueueTest::client);
        for (int i = 0; i < 5; i++) {
            fair.offer(i, 100, SECOND, false);
        }
        fair.offer(1_000, 100, SECOND, false);
        fair.offer(1_001, 100, SECOND, false);
        List<Integer> order = new ArrayList<>();
        for (Integer next = fair.poll(); next != null; next = fair.poll()) {
            order.add(next);
        }
        assertThat(order).containsExactly(0, 1_000, 1, 1_001, 2, 3, 4);
        assertThat(fair.size()).isZero();
    }

    @Test
    void whoIsPutBackIsNextAndMayLeave() {
        WaitQueue<Integer> fair = new WaitQueue<>(() -> now, WaitQueueTest::client);
        fair.offer(1, 100, SECOND, false);
        fair.offer(1_000, 100, SECOND, false);
        Integer first = fair.poll();
        fair.putBack(first);
        assertThat(fair.size()).isEqualTo(2);
        assertThat(fair.remove(first)).isTrue();
        assertThat(fair.remove(first)).isFalse();
        assertThat(fair.poll()).isEqualTo(1_000);
        assertThat(fair.poll()).isNull();
    }

    @Test
    void whoFillsTheQueueShutsOutNobodyElse() {
        WaitQueue<Integer> fair = new WaitQueue<>(() -> now, WaitQueueTest::client);
        for (int i = 0; i < 100; i++) {
            assertThat(fair.offer(i, 100, SECOND, false)).isTrue();
        }
        assertThat(fair.offer(100, 100, SECOND, false)).isFalse();
        for (int i = 0; i < 50; i++) {
            assertThat(fair.offer(1_000 + i, 100, SECOND, false)).as("%s", i).isTrue();
        }
        assertThat(fair.offer(1_050, 100, SECOND, false)).isFalse();
    }

    /** 2,400 a second of one client come, 800 are served; another one asks for 80 a second and gets all of them. */
    @Test
    void theModestClientIsNeverRefusedBesideAGreedyOne() {
        WaitQueue<Integer> fair = new WaitQueue<>(() -> now, WaitQueueTest::client);
        int refused = 0;
        for (int tick = 0; tick < 4_000; tick++) {
            now += MILLI;
            for (int i = 0; i < (tick % 5 < 2 ? 3 : 2); i++) {
                fair.offer(tick % 1_000, 10_000, SECOND, false);
            }
            if (tick % 12 == 0) {
                refused += fair.offer(1_000 + tick, 10_000, SECOND, false) ? 0 : 1;
            }
            if (tick % 5 != 4 && fair.poll() != null) {
                fair.onServed();
            }
        }
        assertThat(refused).isZero();
    }
}
