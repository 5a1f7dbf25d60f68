/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.tunnel.Session;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Reads the processor time of the process, and tells the routers. {@link #tick} belongs to one thread. */
final class ProcessMeter {
    private final Path procRoot;
    private volatile Map<String, Long> latest = Map.of();

    ProcessMeter(Path procRoot) {
        this.procRoot = procRoot;
    }

    /** Ends an interval of the accounts, and sends what is known. */
    void tick(Set<Session> sessions, Accounts accounts) {
        long process = processNanos();
        if (process < 0) {
            return;
        }
        accounts.cpu().tick(accounts.nanoTime(), process, 0);
        Map<String, Long> kinds = new LinkedHashMap<>();
        kinds.put("process", process);
        latest = kinds;
        for (Session session : sessions) {
            session.sendProcessUsage(kinds);
        }
    }

    /** Processor time by kind since the begin of the process, in nanoseconds. */
    Map<String, Long> latest() {
        return latest;
    }

    private static long processNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : -1;
    }

    Path procRoot() {
        return procRoot;
    }
}
