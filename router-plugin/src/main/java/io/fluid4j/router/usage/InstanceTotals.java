/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What instances have used since this router knows them, by function: for metrics. Thread-safe; once a second each. */
final class InstanceTotals {

    /** Instances that are remembered; one that is forgotten and comes back begins anew, as a new one does. */
    private static final int MAX_INSTANCES = 10_000;

    private final Map<String, InstanceUsage> last = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, InstanceUsage> eldest) {
            return size() > MAX_INSTANCES;
        }
    };

    private final Map<String, UsageLedger.InstanceTotal> totals = new TreeMap<>();

    synchronized void add(InstanceUsage now) {
        InstanceUsage before = last.put(now.instanceId(), now);
        if (before == null) {
            before = now;
        }
        UsageLedger.InstanceTotal grown = new UsageLedger.InstanceTotal(
                grown(now.busyNanos(), before.busyNanos()) / 1e9 * now.memoryBytes(),
                grown(now.processCpuNanos(), before.processCpuNanos()),
                grown(now.gcCpuNanos(), before.gcCpuNanos()),
                grown(now.jitCpuNanos(), before.jitCpuNanos()),
                grown(now.tunnelCpuNanos(), before.tunnelCpuNanos()),
                grown(now.requestCpuNanos(), before.requestCpuNanos()));
        totals.merge(now.function(), grown, UsageLedger.InstanceTotal::plus);
    }

    synchronized Map<String, UsageLedger.InstanceTotal> totals() {
        return new TreeMap<>(totals);
    }

    private static long grown(long now, long before) {
        return Math.max(0, now - before);
    }
}
