/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.fluid4j.spi.health.Reading;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** Direct buffers as a share of what the JVM allows. */
final class DirectMemory implements BuiltInSignal.Source {

    private final @Nullable BufferPoolMXBean pool =
            ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(candidate -> candidate.getName().equals("direct"))
                    .findFirst()
                    .orElse(null);
    private final long maxBytes = maxBytes();

    @Override
    public Reading read(long nowNanos) {
        return pool == null || maxBytes <= 0
                ? Reading.unavailable("this JVM does not count direct buffers")
                : Reading.of((double) pool.getMemoryUsed() / maxBytes);
    }

    /** As set by an option; without one, the JVM allows as much as the largest heap. */
    private static long maxBytes() {
        HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        long set = options == null
                ? 0
                : Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
        return set > 0 ? set : Runtime.getRuntime().maxMemory();
    }
}
