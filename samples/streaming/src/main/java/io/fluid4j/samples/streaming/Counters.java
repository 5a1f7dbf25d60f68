/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.ServletContext;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What this server has done since the application was deployed. Thread-safe. */
final class Counters {

    private final Map<String, LongAdder> sums = new ConcurrentHashMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();

    static Counters of(ServletContext context) {
        return (Counters) context.getAttribute(Counters.class.getName());
    }

    void add(String name, long amount) {
        sums.computeIfAbsent(name, ignored -> new LongAdder()).add(amount);
    }

    /** Counts a piece of work as begun; {@link #ended} must follow exactly once. */
    void begun(String name) {
        add(name, 1);
        int now = inFlight.incrementAndGet();
        mostInFlight.accumulateAndGet(now, Math::max);
    }

    void ended() {
        inFlight.decrementAndGet();
    }

    Map<String, Long> snapshot() {
        Map<String, Long> snapshot = new TreeMap<>();
        sums.forEach((name, sum) -> snapshot.put(name, sum.sum()));
        snapshot.put("inFlight", (long) inFlight.get());
        snapshot.put("mostInFlight", (long) mostInFlight.get());
        return snapshot;
    }
}
