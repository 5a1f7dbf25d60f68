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
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Clients that do nothing wrong: they send small requests and are answered. What they feel of others is compared in
 * pairs, a turn without and one beside it right after, so that the machine's own moods are in both. It is a figure, and
 * fails a test only where the machine is said to be good for it: {@code -Dfluid.it.times=true}.
 */
final class Others {

    static final boolean TIMES = Boolean.getBoolean("fluid.it.times");

    /** The columns of {@link #row}. */
    static final List<String> COLUMNS = List.of(
            "beside", "p99 without", "p99 with", "ratio (median)", "of pairs", "alive before", "during", "after");

    /** Between an answer and the next request: all together ask for less than half of what a small machine can do. */
    private static final long THINK_NANOS = 2_000_000;

    private static final long AGAIN_NANOS = 5_000_000;
    private static final int CLIENTS = 4;

    private final Pair pair;
    private final List<Long> without = new ArrayList<>();
    private final List<Long> beside = new ArrayList<>();
    private final LongAdder turnedDown = new LongAdder();
    private final LongAdder asked = new LongAdder();

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
                asked.increment();
                client.send(pair.head("GET", "/response/plain"));
                RawClient.Response response = client.readResponse("GET");
                while (response.status() == 503 && response.first("retry-after") != null) {
                    // What a whole machine that is too busy may make an instance say; who was told so comes again.
                    turnedDown.increment();
                    LockSupport.parkNanos(AGAIN_NANOS);
                    asked.increment();
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

    /** Requests so far. */
    long asked() {
        return asked.sum();
    }

    /** What they felt, and what was alive in the router, for the table; times in ms. */
    List<String> row(String beside, JvmMemory.Live before, JvmMemory.Live during, JvmMemory.Live after) {
        List<Double> ratios = ratios();
        return List.of(
                beside + (turnedDown.sum() == 0 ? "" : " (" + turnedDown + " told to come again)"),
                String.format(Locale.ROOT, "%.2f ms", median(without) / 1e6),
                String.format(Locale.ROOT, "%.2f ms", median(this.beside) / 1e6),
                String.format(Locale.ROOT, "%.2f", median(ratios)),
                ratios.stream()
                        .map(ratio -> String.format(Locale.ROOT, "%.2f", ratio))
                        .collect(Collectors.joining(" ")),
                JvmMemory.mebibytes(before.bytes()),
                JvmMemory.mebibytes(during.bytes()),
                JvmMemory.mebibytes(after.bytes()));
    }

    /** Where times count: the middle one of the pairs' ratios is no larger. */
    void assertAtMost(double times) {
        if (TIMES) {
            assertThat(median(ratios())).as("p99 beside it by p99 without").isLessThanOrEqualTo(times);
        }
    }

    private List<Double> ratios() {
        return IntStream.range(0, beside.size())
                .mapToObj(i -> (double) beside.get(i) / without.get(i))
                .toList();
    }

    private static <T extends Comparable<T>> T median(List<T> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
