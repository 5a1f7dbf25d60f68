/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static io.fluid4j.instance.SimulatedServer.MILLIS;
import static io.fluid4j.instance.SimulatedServer.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The adaptive limit on simulated servers, in virtual time. */
class AdaptiveLimitTest {

    private static final long FOREVER = Long.MAX_VALUE;

    private static SimulatedServer server(AdaptiveLimit limit, int threads, long serviceMillis) {
        return new SimulatedServer(limit, threads, 250 * MILLIS, since -> serviceMillis * MILLIS, 42);
    }

    @Test
    void overloadKeepsAlmostAllOfTheCapacityAndAnswersStayFresh() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        SimulatedServer server = server(limit, 16, 20);
        server.run(400, 5 * SECONDS);

        server.run(2400, 20 * SECONDS);

        assertThat(server.good(500 * MILLIS)).isGreaterThan((long) (0.95 * 800 * 20));
        assertThat(server.percentileNanos(0.5)).isLessThan(100 * MILLIS);
    }

    @Test
    void overloadFromTheFirstRequestOnIsUnderstoodToo() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        SimulatedServer server = server(limit, 16, 20);

        server.run(2400, 30 * SECONDS);
        server.run(2400, 20 * SECONDS);

        assertThat(server.good(500 * MILLIS)).isGreaterThan((long) (0.95 * 800 * 20));
        assertThat(server.percentileNanos(0.5)).isLessThan(100 * MILLIS);
    }

    @Test
    void fullThroughputIsBackWithinTwoSecondsAfterOverload() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        SimulatedServer server = server(limit, 16, 20);
        server.run(400, 5 * SECONDS);
        server.run(8000, 20 * SECONDS);

        server.run(100, 2 * SECONDS);
        server.run(700, 10 * SECONDS);

        assertThat(server.refused).isLessThan(700 * 10 / 100);
    }

    @Test
    void aSlowDependencyIsNotMistakenForAQueue() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        // Threads enough; after 10 s every request takes ten times as long. More at once is the only way to serve them.
        SimulatedServer server =
                new SimulatedServer(limit, 10_000, FOREVER, since -> (since < 10 * SECONDS ? 20 : 200) * MILLIS, 1);
        server.run(1000, 10 * SECONDS);
        server.run(1000, 20 * SECONDS);

        assertThat(server.refused).isZero();
    }

    @Test
    void requestsThatOnlyWaitAreNeverHeldBackWhateverCameBefore() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        // Fast ones first, then 10,000 a second that wait for 50 ms each, as from 512 clients.
        SimulatedServer server =
                new SimulatedServer(limit, 10_000, 250 * MILLIS, since -> (since < 5 * SECONDS ? 1 : 50) * MILLIS, 8);
        server.run(4000, 5 * SECONDS);
        server.run(10_000, SECONDS);

        server.run(10_000, 20 * SECONDS);

        assertThat(server.refused).isZero();
    }

    /** Threads enough for all, two processors shared by those that run: only the kernel sees them wait. */
    @Test
    void requestsThatShareTheProcessorsAreHeldBackByTheirRunDelay() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        long burn = 20 * MILLIS;
        long now = SECONDS;
        for (int i = 0; i < 2_000; i++) {
            int running = limit.limit();
            long wait = Math.max(0, burn * running / 2 - burn);
            now += burn / 2;
            limit.onStart(now, 0);
            limit.onProcessorWait(now, wait, burn);
            limit.onFirstByte(now, burn + wait, running);
        }

        assertThat(limit.limit()).isBetween(4, 10);

        // The burden is gone: nobody waits any more, and the limit is not in the way for long.
        for (int i = 0; i < 200; i++) {
            now += 10 * MILLIS;
            limit.onStart(now, 0);
            limit.onProcessorWait(now, 0, burn);
            limit.onFirstByte(now, burn, limit.limit());
        }
        assertThat(limit.limit()).isGreaterThan(100);
    }

    @Test
    void growsWithDemandAndNotWithoutIt() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        SimulatedServer server = new SimulatedServer(limit, 100_000, FOREVER, since -> 500 * MILLIS, 3);

        server.run(20, 60 * SECONDS);
        int quiet = limit.limit();
        server.run(8000, 5 * SECONDS);
        server.run(8000, 20 * SECONDS);

        assertThat(quiet).isBetween(2 * 20, AdaptiveLimit.INITIAL);
        assertThat(server.refused).isLessThan(8000 * 20 / 100);
        assertThat(limit.limit()).isBetween(4000, 12000);
    }

    @Test
    void streamsThatOnlyGoOnDoNotBlockTheWayForMore() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        long now = SECONDS;
        int streams = 0;
        // Each stream answers at once and never ends.
        for (int tick = 0; tick < 20; tick++) {
            while (streams < limit.limit()) {
                streams++;
                limit.onFirstByte(now, MILLIS, streams);
            }
            now += 50 * MILLIS;
            limit.onCrowded(now, streams);
        }

        assertThat(streams).isGreaterThanOrEqualTo(20_000);
    }

    @Test
    void longPollsAmongShortRequestsDoNotHoldItDown() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        // In 40 % of the requests the first byte takes 2 s.
        java.util.Random random = new java.util.Random(5);
        SimulatedServer server =
                new SimulatedServer(limit, 10_000, FOREVER, since -> (random.nextInt(10) < 4 ? 2000 : 10) * MILLIS, 4);
        server.run(500, 20 * SECONDS);

        server.run(500, 20 * SECONDS);

        assertThat(server.refused).isZero();
    }

    @Test
    void keepsProcessorsBusyWhenRequestsBurnCpu() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        SimulatedServer server = server(limit, 2, 10);
        server.run(100, 5 * SECONDS);

        server.run(1000, 20 * SECONDS);

        assertThat(server.good(500 * MILLIS)).isGreaterThan((long) (0.95 * 200 * 20));
        assertThat(server.percentileNanos(0.5)).isLessThan(100 * MILLIS);
    }

    @Test
    void fastRequestsAreNeverHeldBackForScheduling() {
        AdaptiveLimit limit = AdaptiveLimit.forProcessors(2);
        // 30 µs each on two processors: tens of thousands a second, with a hundred waiting now and then.
        SimulatedServer server = new SimulatedServer(limit, 2, FOREVER, since -> 30_000, 6);
        server.run(20_000, 3 * SECONDS);

        server.run(60_000, 3 * SECONDS);

        assertThat(server.refused).isLessThan(60_000 * 3 / 100);
    }

    @Test
    void standsUpToALimitThatNeverMoves() {
        AdaptiveLimit adaptive = AdaptiveLimit.forProcessors(2);
        SimulatedServer byAdaptive = server(adaptive, 16, 20);
        SimulatedServer byLarge = server16(new Limits.Fixed(200));
        SimulatedServer bySmall = server16(new Limits.Fixed(8));
        for (SimulatedServer server : new SimulatedServer[] {byAdaptive, byLarge, bySmall}) {
            server.run(400, 10 * SECONDS);
            server.run(2400, 30 * SECONDS);
        }

        long deadline = 100 * MILLIS;
        assertThat(byAdaptive.good(deadline)).isGreaterThan(byLarge.good(deadline));
        assertThat(byAdaptive.good(deadline)).isGreaterThan(bySmall.good(deadline));
    }

    private static SimulatedServer server16(Limits.Fixed limit) {
        return new SimulatedServer(limit, 16, 250 * MILLIS, since -> 20 * MILLIS, 42);
    }

    @Test
    void neverBelowTheFloorNorAboveTheMaximum() {
        AdaptiveLimit limit = new AdaptiveLimit(6);
        long now = 1;
        for (int i = 0; i < 5_000; i++) {
            now += 10 * MILLIS;
            limit.onOverload(now, 100);
            limit.onFirstByte(now, (i + 1) * 100 * MILLIS, 100);
            assertThat(limit.limit()).isGreaterThanOrEqualTo(Math.min(6, AdaptiveLimit.INITIAL));
        }
        assertThat(limit.limit()).isEqualTo(6);
        for (int i = 0; i < 100_000; i++) {
            now += 10 * MILLIS;
            limit.onFirstByte(now, MILLIS, Integer.MAX_VALUE);
        }
        assertThat(limit.limit()).isEqualTo(AdaptiveLimit.MAX);
    }
}
