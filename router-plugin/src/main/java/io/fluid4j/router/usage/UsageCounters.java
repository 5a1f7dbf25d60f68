/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts on the request path: a few additions to striped counters, no lock, nothing to collect. The sums only grow, so
 * that what a reader misses in one reading is in the next one. For any thread.
 */
final class UsageCounters {

    /** More than a fleet has; beyond it, routes of new functions are counted together. */
    static final int MAX_KEYS = 10_000;

    private static final UsageKey OVERFLOW = new UsageKey("(others)", "", "");

    private final Map<UsageKey, Cell> cells = new ConcurrentHashMap<>();

    private static final class Cell {
        final LongAdder requests = new LongAdder();
        final LongAdder failures = new LongAdder();
        final LongAdder activeCpuNanos = new LongAdder();
        final LongAdder apportionedCpuNanos = new LongAdder();
        final LongAdder wallNanos = new LongAdder();
        final LongAdder bytesIn = new LongAdder();
        final LongAdder bytesOut = new LongAdder();

        UsageSums sums() {
            return new UsageSums(
                    requests.sum(),
                    failures.sum(),
                    activeCpuNanos.sum(),
                    apportionedCpuNanos.sum(),
                    wallNanos.sum(),
                    bytesIn.sum(),
                    bytesOut.sum());
        }
    }

    void ended(UsageKey key, boolean failed, long bytesIn, long bytesOut) {
        Cell cell = cell(key);
        cell.requests.increment();
        if (failed) {
            cell.failures.increment();
        }
        cell.bytesIn.add(bytesIn);
        cell.bytesOut.add(bytesOut);
    }

    void used(UsageKey key, long activeCpuNanos, long apportionedCpuNanos, long wallNanos) {
        Cell cell = cell(key);
        cell.activeCpuNanos.add(activeCpuNanos);
        cell.apportionedCpuNanos.add(apportionedCpuNanos);
        cell.wallNanos.add(wallNanos);
    }

    Map<UsageKey, UsageSums> totals() {
        Map<UsageKey, UsageSums> totals = new HashMap<>();
        cells.forEach((key, cell) -> totals.put(key, cell.sums()));
        return totals;
    }

    private Cell cell(UsageKey key) {
        Cell cell = cells.get(key);
        if (cell != null) {
            return cell;
        }
        return cells.computeIfAbsent(cells.size() < MAX_KEYS ? key : OVERFLOW, made -> new Cell());
    }
}
