/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import com.sun.management.UnixOperatingSystemMXBean;
import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Open descriptors as a share of the soft limit. From Linux 6.2 on the size of {@code /proc/self/fd} is their number, which
 * costs the same for ten as for ten thousand. Elsewhere they must be counted one by one, so that is done seldom.
 */
final class OpenDescriptors implements BuiltInSignal.Source {

    private static final long COUNT_INTERVAL_NANOS = 5_000_000_000L;

    private final Path directory;
    private boolean counted;
    private long countedNanos;
    private long lastCount;

    OpenDescriptors(Path procRoot) {
        directory = procRoot.resolve("self/fd");
    }

    @Override
    public Reading read(long nowNanos) throws IOException {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system)) {
            return Reading.unavailable("this operating system does not tell the number of open descriptors");
        }
        long max = system.getMaxFileDescriptorCount();
        if (max <= 0) {
            return Reading.unavailable("the limit of descriptors is not known");
        }
        return Reading.of((double) open(nowNanos, system) / max);
    }

    private long open(long nowNanos, UnixOperatingSystemMXBean system) throws IOException {
        long size = Files.isDirectory(directory) ? Files.size(directory) : 0;
        if (size > 0) {
            return size;
        }
        if (!counted || nowNanos - countedNanos > COUNT_INTERVAL_NANOS) {
            lastCount = system.getOpenFileDescriptorCount();
            counted = true;
            countedNanos = nowNanos;
        }
        return lastCount;
    }
}
