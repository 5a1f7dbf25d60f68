/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written while the database is slow or away. Sums by minute and key, so that an outage of an hour costs
 * sixty rows a key and not one for each second. One thread.
 *
 * <p>A batch that may have reached the database keeps its number and its content until that is known (the database
 * tells by the number, {@link UsageStore#write}); what comes meanwhile goes into the next one.
 */
final class UsageSpool {

    /** Rows, about 30 MB of them. Beyond, an hour is one row; beyond that too, rows are lost, and counted. */
    static final int MAX_ROWS = 100_000;

    private static final long MINUTE = 60;
    private static final long HOUR = 3_600;

    /** Seconds since 1970 of the minute, and what it is about. */
    record Slot<K>(long minute, K key) {}

    /** What is written in one transaction, or not at all. */
    record Batch(long sequence, Map<Slot<UsageKey>, UsageSums> usage, Map<Slot<String>, InstanceUsage> instances) {

        int rows() {
            return usage.size() + instances.size();
        }
    }

    private final int maxRows;
    private Map<Slot<UsageKey>, UsageSums> usage = new HashMap<>();
    private Map<Slot<String>, InstanceUsage> instances = new HashMap<>();
    private @Nullable Batch inDoubt;
    private long sequence;
    private long lost;

    UsageSpool(int maxRows) {
        this.maxRows = maxRows;
    }

    void add(long epochSecond, UsageKey key, UsageSums grown) {
        Slot<UsageKey> slot = new Slot<>(epochSecond - epochSecond % MINUTE, key);
        if (!usage.containsKey(slot) && full()) {
            slot = new Slot<>(epochSecond - epochSecond % HOUR, key);
            if (!usage.containsKey(slot) && rows() >= 2 * maxRows) {
                lost++;
                return;
            }
        }
        usage.merge(slot, grown, UsageSums::plus);
    }

    /** Sums since the boot of a process: the latest one of a minute says all. */
    void add(long epochSecond, InstanceUsage latest) {
        Slot<String> slot = new Slot<>(epochSecond - epochSecond % MINUTE, latest.instanceId());
        if (!instances.containsKey(slot) && full()) {
            // Nothing is lost by it: the next one that finds room holds the sum.
            slot = new Slot<>(epochSecond - epochSecond % HOUR, latest.instanceId());
            if (!instances.containsKey(slot) && rows() >= 2 * maxRows) {
                return;
            }
        }
        instances.put(slot, latest);
    }

    /** The batch to be written now, the same one until {@link #written}; null when there is nothing. */
    @Nullable
    Batch next() {
        if (inDoubt == null && !(usage.isEmpty() && instances.isEmpty())) {
            inDoubt = new Batch(++sequence, usage, instances);
            usage = new HashMap<>();
            instances = new HashMap<>();
        }
        return inDoubt;
    }

    void written() {
        inDoubt = null;
    }

    /** The batch cannot be written: what comes after it can. */
    void giveUp() {
        Batch bad = inDoubt;
        lost += bad == null ? 0 : bad.rows();
        inDoubt = null;
    }

    int rows() {
        Batch waiting = inDoubt;
        return usage.size() + instances.size() + (waiting == null ? 0 : waiting.rows());
    }

    /** Rows that found no room. */
    long lost() {
        return lost;
    }

    private boolean full() {
        return rows() >= maxRows;
    }

    /** For a batch in the order of time, which keeps two writers of the same rows from waiting for each other. */
    static <K, V> List<Map.Entry<Slot<K>, V>> inOrder(Map<Slot<K>, V> rows) {
        List<Map.Entry<Slot<K>, V>> sorted = new ArrayList<>(rows.entrySet());
        sorted.sort((a, b) -> {
            int byMinute = Long.compare(a.getKey().minute(), b.getKey().minute());
            return byMinute != 0
                    ? byMinute
                    : a.getKey().key().toString().compareTo(b.getKey().key().toString());
        });
        return sorted;
    }
}
