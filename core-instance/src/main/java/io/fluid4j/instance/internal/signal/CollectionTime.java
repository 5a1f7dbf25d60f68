/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;

/** The share of the last seconds in which the JVM stood still to collect garbage. */
final class CollectionTime implements BuiltInSignal.Source {

    private static final long WINDOW_NANOS = 5_000_000_000L;
    private static final double NANOS_PER_MILLI = 1_000_000.0;

    private final SlidingWindow window = new SlidingWindow(1, WINDOW_NANOS);
    private final List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
            .filter(collector -> !runsBesideTheApplication(collector.getName()))
            .toList();

    @Override
    public Reading read(long nowNanos) {
        long millis = 0;
        for (GarbageCollectorMXBean collector : collectors) {
            millis += Math.max(0, collector.getCollectionTime());
        }
        window.add(nowNanos, millis * NANOS_PER_MILLI);
        // Below a quarter of the window one pause would look like a flood.
        return Reading.of(window.growth(0) / Math.max(window.spanNanos(), WINDOW_NANOS / 4));
    }

    /** Beans that count whole cycles of a concurrent collector, not its pauses. */
    private static boolean runsBesideTheApplication(String name) {
        return name.endsWith("Cycles") || name.contains("Concurrent");
    }
}
