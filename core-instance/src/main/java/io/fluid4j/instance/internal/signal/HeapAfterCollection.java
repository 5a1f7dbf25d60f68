/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.Locale;

/**
 * What the last collection of the old generation left in use, as a share of the largest heap. What is in use right now says
 * nothing: most of it may be garbage.
 */
final class HeapAfterCollection implements BuiltInSignal.Source {

    private final List<MemoryPoolMXBean> pools = pools();

    @Override
    public Reading read(long nowNanos) {
        long left = 0;
        boolean known = false;
        for (MemoryPoolMXBean pool : pools) {
            MemoryUsage usage = pool.getCollectionUsage();
            if (usage != null) {
                known = true;
                left += usage.getUsed();
            }
        }
        return known
                ? Reading.of((double) left / Runtime.getRuntime().maxMemory())
                : Reading.unavailable("this collector does not tell what it leaves");
    }

    /** The old generation, or the one pool of a heap without generations. */
    private static List<MemoryPoolMXBean> pools() {
        List<MemoryPoolMXBean> heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
        List<MemoryPoolMXBean> old = heap.stream()
                .filter(pool -> {
                    String name = pool.getName().toLowerCase(Locale.ROOT);
                    return name.contains("old") || name.contains("tenured");
                })
                .toList();
        return old.isEmpty() ? heap : old;
    }
}
