/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import com.codahale.metrics.Counter;
import org.jspecify.annotations.Nullable;

/** What is counted for one function. For any thread; the counters are made once, so a request finds them by index. */
final class FunctionMetrics {

    private static final int MAX_STATUS = 600;

    private final String function;
    private final DurationHistogram duration = new DurationHistogram();
    private final DurationHistogram timeToFirstByte = new DurationHistogram();
    private final @Nullable Counter[] byStatus = new Counter[MAX_STATUS];
    private final Counter coldStarts = new Counter();
    private final Counter activeCpuNanos = new Counter();

    FunctionMetrics(String function) {
        this.function = function;
    }

    String function() {
        return function;
    }

    DurationHistogram duration() {
        return duration;
    }

    DurationHistogram timeToFirstByte() {
        return timeToFirstByte;
    }

    /** Requests that waited while an instance was being started. */
    Counter coldStarts() {
        return coldStarts;
    }

    Counter activeCpuNanos() {
        return activeCpuNanos;
    }

    void count(int status) {
        int index = status < 0 || status >= MAX_STATUS ? 0 : status;
        Counter counter = byStatus[index];
        if (counter == null) {
            counter = make(index);
        }
        counter.inc();
    }

    /** Requests that ended with that status. */
    long requests(int status) {
        Counter counter = byStatus[status];
        return counter == null ? 0 : counter.getCount();
    }

    private synchronized Counter make(int index) {
        Counter counter = byStatus[index];
        if (counter == null) {
            counter = new Counter();
            byStatus[index] = counter;
        }
        return counter;
    }
}
