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
    private final Counter local = new Counter();
    private final Counter hopped = new Counter();
    private final @Nullable Counter[] forwarded = new Counter[MAX_STATUS];

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

    /** Requests of clients that an instance of this router has answered. */
    Counter local() {
        return local;
    }

    /** Requests of clients that were answered after a hop to another router. */
    Counter hopped() {
        return hopped;
    }

    void count(int status) {
        count(byStatus, status);
    }

    /** A request that another router had forwarded has ended. */
    void countForwarded(int status) {
        count(forwarded, status);
    }

    /** Requests of other routers that ended with that status. */
    long forwarded(int status) {
        Counter counter = forwarded[status];
        return counter == null ? 0 : counter.getCount();
    }

    private void count(@Nullable Counter[] counters, int status) {
        int index = status < 0 || status >= MAX_STATUS ? 0 : status;
        Counter counter = counters[index];
        if (counter == null) {
            counter = make(counters, index);
        }
        counter.inc();
    }

    /** Requests that ended with that status. */
    long requests(int status) {
        Counter counter = byStatus[status];
        return counter == null ? 0 : counter.getCount();
    }

    private synchronized Counter make(@Nullable Counter[] counters, int index) {
        Counter counter = counters[index];
        if (counter == null) {
            counter = new Counter();
            counters[index] = counter;
        }
        return counter;
    }
}
