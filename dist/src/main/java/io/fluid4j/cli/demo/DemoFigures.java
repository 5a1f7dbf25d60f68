/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the traffic has seen so far. Thread-safe. */
final class DemoFigures {

    final LongAdder requests = new LongAdder();
    final LongAdder streams = new LongAdder();
    final LongAdder tokens = new LongAdder();
    final LongAdder uploadedBytes = new LongAdder();
    final AtomicInteger openStreams = new AtomicInteger();

    private final Map<String, LongAdder> byServer = new ConcurrentHashMap<>();
    private final Queue<Long> firstByteNanos = new ConcurrentLinkedQueue<>();
    private final Queue<Long> gapNanos = new ConcurrentLinkedQueue<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    void answeredBy(String server) {
        byServer.computeIfAbsent(server, ignored -> new LongAdder()).increment();
    }

    void firstByte(long nanos) {
        firstByteNanos.add(nanos);
    }

    void gap(long nanos) {
        gapNanos.add(nanos);
    }

    void failed(String what) {
        failures.add(what);
    }

    Queue<String> failures() {
        return failures;
    }

    Map<String, Long> byServer() {
        Map<String, Long> counts = new TreeMap<>();
        byServer.forEach((server, count) -> counts.put(server, count.sum()));
        return counts;
    }

    double firstByteMillis(double share) {
        return millis(firstByteNanos, share);
    }

    double gapMillis(double share) {
        return millis(gapNanos, share);
    }

    private static double millis(Queue<Long> nanos, double share) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        if (sorted.length == 0) {
            return Double.NaN;
        }
        int index = Math.min(sorted.length - 1, (int) (share * sorted.length));
        return sorted[index] / 1e6;
    }
}
