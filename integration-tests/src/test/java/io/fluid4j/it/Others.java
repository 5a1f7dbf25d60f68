/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that do nothing wrong: they send small requests and are answered. What they feel of others is a comparison of
 * turns with and without, one after the other, so that the machine's own moods are in both. It is a figure, and fails a
 * test only where the machine is said to be good for it: {@code -Dfluid.it.times=true}.
 */
final class Others {

    static final boolean TIMES = Boolean.getBoolean("fluid.it.times");

    /** Finer differences are the machine's. */
    private static final long TIMER_NANOS = 300_000;

    private static final long THINK_NANOS = 500_000;
    private static final long AGAIN_NANOS = 5_000_000;
    private static final int CLIENTS = 4;

    private final Pair pair;
    private final List<Long> without = new ArrayList<>();
    private final List<Long> beside = new ArrayList<>();
    private final LongAdder turnedDown = new LongAdder();

    Others(Pair pair) {
        this.pair = pair;
    }

    /** All clients together are answered so often, with 200 each time; 99 of 100 take no longer than that. */
    long p99Nanos(int requests) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<List<Long>>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Callable<List<Long>> client = () -> ask(requests / CLIENTS);
                clients.add(threads.submit(client));
            }
            List<Long> nanos = new ArrayList<>();
            for (Future<List<Long>> client : clients) {
                nanos.addAll(client.get(Pair.PATIENCE.toSeconds(), TimeUnit.SECONDS));
            }
            Collections.sort(nanos);
            return nanos.get(nanos.size() * 99 / 100);
        } finally {
            threads.shutdownNow();
        }
    }

    private List<Long> ask(int requests) throws IOException {
        List<Long> nanos = new ArrayList<>();
        try (RawClient client = pair.client()) {
            for (int i = 0; i < requests; i++) {
                long start = System.nanoTime();
                client.send(pair.head("GET", "/response/plain"));
                RawClient.Response response = client.readResponse("GET");
                while (response.status() == 503 && response.first("retry-after") != null) {
                    // What a whole machine that is too busy may make an instance say; who was told so comes again.
                    turnedDown.increment();
                    LockSupport.parkNanos(AGAIN_NANOS);
                    client.send(pair.head("GET", "/response/plain"));
                    response = client.readResponse("GET");
                }
                assertThat(response.status()).isEqualTo(200);
                nanos.add(System.nanoTime() - start);
                // A client that thinks: what is measured is the router, not how fast this process can ask.
                LockSupport.parkNanos(THINK_NANOS);
            }
        }
        return nanos;
    }

    void without(int requests) throws Exception {
        without.add(p99Nanos(requests));
    }

    void beside(int requests) throws Exception {
        beside.add(p99Nanos(requests));
    }

    /** The middle one of the turns' 99th percentiles beside it, against the middle one of those without. */
    void tell(String what, double mostTimes) {
        long alone = median(without);
        long now = median(beside);
        Figures.add(
                "p99 of others beside " + what,
                String.format(
                        Locale.ROOT,
                        "%.2f ms, %.2f ms without it: %.2f times (median of %d turns each), %d asked to come again",
                        now / 1e6,
                        alone / 1e6,
                        (double) now / alone,
                        without.size(),
                        turnedDown.sum()));
        if (TIMES) {
            assertThat(now).isLessThanOrEqualTo((long) (alone * mostTimes) + TIMER_NANOS);
        }
    }

    private static long median(List<Long> values) {
        List<Long> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
