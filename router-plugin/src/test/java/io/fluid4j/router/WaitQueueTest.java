/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How long requests wait, in virtual time. */
class WaitQueueTest {

    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;

    private long now = 5 * SECOND;
    private final WaitQueue<Integer> queue = queue(number -> "one");

    private WaitQueue<Integer> queue(Function<Integer, ?> client) {
        return new WaitQueue<>(() -> now, client, WaitQueueTest::lane);
    }

    /** Negative numbers do with fewer instances. */
    private static String lane(int number) {
        return number < 0 ? "few" : "all";
    }

    /** Serves one, if anybody waits. */
    private static @Nullable Integer serveOne(WaitQueue<Integer> queue) {
        AtomicReference<@Nullable Integer> served = new AtomicReference<>();
        queue.serve(turn -> {
            if (served.compareAndSet(null, turn.waiter())) {
                queue.onServed(turn.waiter());
                return true;
            }
            queue.putBack(turn);
            return false;
        });
        return served.get();
    }

    @Test
    void firstComeFirstServed() {
        queue.offer(1, 10, SECOND, false);
        queue.offer(2, 10, SECOND, false);
        queue.serve(turn -> {
            assertThat(turn.waiter()).isEqualTo(1);
            queue.putBack(turn);
            return false;
        });
        assertThat(serveOne(queue)).isEqualTo(1);
        assertThat(queue.remove(2)).isTrue();
        assertThat(serveOne(queue)).isNull();
    }

    @Test
    void whileNobodyIsServedOnlyNumberAndMaxWaitCount() {
        for (int i = 0; i < 500; i++) {
            assertThat(queue.offer(i, 500, SECOND, false)).isTrue();
        }
        assertThat(queue.offer(500, 500, SECOND, false)).isFalse();
        assertThat(queue(number -> "one").offer(1, 500, 0, false)).isFalse();
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
            if (tick % 5 != 4 && serveOne(queue) != null) {
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
            serveOne(queue);
        }
        assertThat(queue.offer(600, 2_000, 10 * SECOND, false)).isTrue();
        now += WaitQueue.BURST_NANOS / 4;
        serveOne(queue);
        assertThat(queue.offer(601, 2_000, 10 * SECOND, false)).isFalse();
    }

    @Test
    void oldRateIsForgotten() {
        queue.offer(9_999, 1_000, SECOND, false);
        now += WaitQueue.BURST_NANOS;
        for (int i = 0; i < 50; i++) {
            queue.offer(i, 1_000, SECOND, false);
            now += 10 * MILLI;
            serveOne(queue);
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
        queue.offer(9_999, 1_000, SECOND, false);
        for (int i = 0; i < 500; i++) {
            queue.offer(i, 1_000, SECOND, false);
            now += 10 * MILLI;
            serveOne(queue);
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
        WaitQueue<Integer> fair = queue(WaitQueueTest::client);
        for (int i = 0; i < 5; i++) {
            fair.offer(i, 100, SECOND, false);
        }
        fair.offer(1_000, 100, SECOND, false);
        fair.offer(1_001, 100, SECOND, false);
        List<Integer> order = new ArrayList<>();
        fair.serve(turn -> order.add(turn.waiter()));
        assertThat(order).containsExactly(0, 1_000, 1, 1_001, 2, 3, 4);
        assertThat(fair.size()).isZero();
    }

    @Test
    void whoIsPutBackIsNextAndMayLeave() {
        WaitQueue<Integer> fair = queue(WaitQueueTest::client);
        fair.offer(1, 100, SECOND, false);
        fair.offer(1_000, 100, SECOND, false);
        fair.serve(turn -> {
            fair.putBack(turn);
            return false;
        });
        assertThat(fair.size()).isEqualTo(2);
        assertThat(fair.remove(1)).isTrue();
        assertThat(fair.remove(1)).isFalse();
        assertThat(serveOne(fair)).isEqualTo(1_000);
        assertThat(serveOne(fair)).isNull();
    }

    @Test
    void whoFillsTheQueueShutsOutNobodyElse() {
        WaitQueue<Integer> fair = queue(WaitQueueTest::client);
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
        WaitQueue<Integer> fair = queue(WaitQueueTest::client);
        int refused = 0;
        for (int tick = 0; tick < 4_000; tick++) {
            now += MILLI;
            for (int i = 0; i < (tick % 5 < 2 ? 3 : 2); i++) {
                fair.offer(tick % 1_000, 10_000, SECOND, false);
            }
            if (tick % 12 == 0) {
                refused += fair.offer(1_000 + tick, 10_000, SECOND, false) ? 0 : 1;
            }
            if (tick % 5 != 4) {
                serveOne(fair);
            }
        }
        assertThat(refused).isZero();
    }

    /** Ten thousand wait for what nobody has: a round tries one of them, and whoever can be served is. */
    @Test
    void aLaneInVainCostsOneTryARound() {
        for (int i = 1; i <= 10_000; i++) {
            assertThat(queue.offer(-i, 10_000, SECOND, false)).isTrue();
        }
        queue.offer(1, 10_000, SECOND, false);
        queue.offer(2, 10_000, SECOND, false);
        List<Integer> tried = new ArrayList<>();
        queue.serve(turn -> tryUnlessFew(queue, turn, tried));
        assertThat(tried).containsExactly(-1, 1, 2);
        queue.serve(turn -> tryUnlessFew(queue, turn, tried));
        assertThat(tried).containsExactly(-1, 1, 2, -1);
        assertThat(queue.size()).isEqualTo(10_000);
    }

    private static boolean tryUnlessFew(
            WaitQueue<Integer> queue, WaitQueue.Turn<Integer> turn, List<? super Integer> tried) {
        tried.add(turn.waiter());
        if (turn.waiter() < 0) {
            queue.putBack(turn);
            return false;
        }
        return true;
    }

    /** Whoever is put back keeps the turn it had: a lane that was often tried in vain has no advantage from it. */
    @Test
    void lanesThatShareAnInstanceTakeTurns() {
        for (int i = 1; i <= 3; i++) {
            queue.offer(i, 100, SECOND, false);
        }
        for (int i = 1; i <= 3; i++) {
            queue.offer(-i, 100, SECOND, false);
        }
        List<Integer> order = new ArrayList<>();
        for (Integer next = serveOne(queue); next != null; next = serveOne(queue)) {
            order.add(next);
        }
        assertThat(order).containsExactly(1, -1, 2, -2, 3, -3);
    }

    @Test
    void roomAndRateAreThoseOfTheLane() {
        for (int i = 1; i <= 20; i++) {
            assertThat(queue.offer(-i, 20, SECOND, false)).isTrue();
        }
        assertThat(queue.offer(-21, 20, SECOND, false)).isFalse();
        // The other lane is served at 100 a second and empty again and again: no standing queue, however long the first
        // is.
        List<Integer> tried = new ArrayList<>();
        for (int i = 1; i <= 200; i++) {
            assertThat(queue.standsBefore(i)).isFalse();
            assertThat(queue.offer(i, 20, SECOND, false)).as("%s", i).isTrue();
            now += 10 * MILLI;
            queue.serve(turn -> {
                boolean done = tryUnlessFew(queue, turn, tried);
                if (done) {
                    queue.onServed(turn.waiter());
                }
                return done;
            });
        }
        for (int i = 1; i <= 20; i++) {
            assertThat(queue.offer(i, 20, SECOND, false)).as("%s", i).isTrue();
        }
        assertThat(queue.standsBefore(21)).isTrue();
        assertThat(queue.standsBefore(-21)).isTrue();
    }

    /** Routes come and go with the configuration; who waits when its lane was forgotten is in it all the same. */
    @Test
    void lanesThatNobodyUsesAreForgotten() {
        WaitQueue<Integer> many = new WaitQueue<>(() -> now, number -> "one", number -> number);
        many.offer(0, 10, SECOND, false);
        many.serve(turn -> {
            if (turn.waiter() == 0) {
                now += SECOND;
                many.offer(1, 10, SECOND, false);
            }
            many.putBack(turn);
            return false;
        });
        assertThat(many.lanes()).isEqualTo(2);
        assertThat(serveOne(many)).isZero();
        assertThat(serveOne(many)).isEqualTo(1);
        for (int i = 2; i < 1_000; i++) {
            now += SECOND;
            many.offer(i, 10, SECOND, false);
            assertThat(serveOne(many)).isEqualTo(i);
        }
        assertThat(many.lanes()).isLessThanOrEqualTo(2);
    }

    /** Somebody becomes free just when another one is put back: who is told of it meanwhile looks again. */
    @Test
    void whoIsPutBackMeanwhileIsTriedAgain() {
        queue.offer(1, 10, SECOND, false);
        List<Integer> tried = new ArrayList<>();
        queue.serve(turn -> {
            tried.add(turn.waiter());
            if (tried.size() == 1) {
                queue.serve(other -> {
                    throw new AssertionError("two at a time");
                });
                queue.putBack(turn);
                return false;
            }
            return true;
        });
        assertThat(tried).containsExactly(1, 1);
        assertThat(queue.size()).isZero();
    }

    @Test
    void whoFailsKeepsNobodyFromBeingServed() {
        queue.offer(1, 10, SECOND, false);
        queue.offer(2, 10, SECOND, false);
        assertThatThrownBy(() -> queue.serve(turn -> {
                    throw new IllegalStateException("on purpose");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(serveOne(queue)).isEqualTo(2);
    }
}
