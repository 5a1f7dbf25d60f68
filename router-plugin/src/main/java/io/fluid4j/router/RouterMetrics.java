/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import com.codahale.metrics.Counter;
import io.fluid4j.frame.NackReason;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the router counts. For any thread. */
final class RouterMetrics {

    /** Requests that no route took count under this name. */
    static final String NO_FUNCTION = "-";

    private final Map<String, FunctionMetrics> functions = new ConcurrentHashMap<>();
    private final Map<NackReason, Counter> nacks = new EnumMap<>(NackReason.class);
    private final Map<NackReason, Counter> reroutes = new EnumMap<>(NackReason.class);
    private final Counter reconnects = new Counter();
    private final Counter cutOff = new Counter();
    private final Counter turnedAway = new Counter();
    private final FunctionMetrics unrouted = new FunctionMetrics(NO_FUNCTION);

    RouterMetrics() {
        for (NackReason reason : NackReason.values()) {
            nacks.put(reason, new Counter());
            reroutes.put(reason, new Counter());
        }
    }

    FunctionMetrics function(String name) {
        return functions.computeIfAbsent(name, FunctionMetrics::new);
    }

    FunctionMetrics unrouted() {
        return unrouted;
    }

    /** Every function that has been served, and the requests without one. */
    List<FunctionMetrics> all() {
        List<FunctionMetrics> all = new ArrayList<>(functions.values());
        all.add(unrouted);
        return all;
    }

    void nacked(NackReason reason) {
        counter(nacks, reason).inc();
    }

    void rerouted(NackReason reason) {
        counter(reroutes, reason).inc();
    }

    Counter reconnects() {
        return reconnects;
    }

    /** Connections of clients that were closed because of a flood. */
    Counter cutOff() {
        return cutOff;
    }

    /** Connections of clients that were closed as soon as they came, because of earlier floods from there. */
    Counter turnedAway() {
        return turnedAway;
    }

    long nacks(NackReason reason) {
        return counter(nacks, reason).getCount();
    }

    long reroutes(NackReason reason) {
        return counter(reroutes, reason).getCount();
    }

    /** A reason as a label. */
    static String word(Enum<?> reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Counter counter(Map<NackReason, Counter> counters, NackReason reason) {
        Counter counter = counters.get(reason);
        if (counter == null) {
            throw new IllegalStateException("every reason has its counter");
        }
        return counter;
    }
}
