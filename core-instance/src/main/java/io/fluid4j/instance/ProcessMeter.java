/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.Usage;
import io.fluid4j.tunnel.Session;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Reads the processor time of the process and of the JVM's own threads, divides what is left among the requests, and tells
 * the routers: of the process, and of each request that has gone on for a while, so that a stream of an hour is accounted for
 * as it runs. {@link #tick} belongs to one thread.
 *
 * <p>The kinds add up to the process: {@code process = gc + jit + tunnel + direct + shared + other}, where <em>direct</em> is
 * measured in slices of requests and <em>shared</em> is what requests were given of the rest ({@link CpuAccounts}).
 */
final class ProcessMeter {

    /** Younger requests are told with the end of their response. */
    private static final long MIN_AGE_NANOS = 1_000_000_000L;

    private final ThreadKinds kinds;
    private boolean begun;
    private long direct;
    private volatile Map<String, Long> latest = Map.of();

    ProcessMeter(Path procRoot) {
        kinds = new ThreadKinds(procRoot);
    }

    /** Ends an interval of the accounts, and sends what is known. */
    void tick(Set<Session> sessions, Accounts accounts) {
        long process = processNanos();
        if (process < 0) {
            return;
        }
        Map<ThreadKinds.Kind, Long> overhead = kinds.read();
        long gc = overhead.getOrDefault(ThreadKinds.Kind.GC, 0L);
        long jit = overhead.getOrDefault(ThreadKinds.Kind.JIT, 0L);
        long tunnel = overhead.getOrDefault(ThreadKinds.Kind.TUNNEL, 0L);
        CpuAccounts cpu = accounts.cpu();
        Map<RequestScope, Long> settled = settled(accounts);
        Map<RequestScope, Long> running = SliceClock.running(accounts);
        long runningNanos = running.values().stream().mapToLong(Long::longValue).sum();
        if (!begun) {
            begun = true;
            cpu.begins(process, gc + jit + tunnel, runningNanos);
        }
        cpu.tick(accounts.nanoTime(), process, gc + jit + tunnel, runningNanos);
        // A slice that was settled between the two readings is in both: the next one says less, which nobody needs to
        // see.
        direct = Math.max(direct, cpu.directNanos() + runningNanos);
        long shared = cpu.assignedNanos() + sharedOfLive(accounts);
        Map<String, Long> sums = new LinkedHashMap<>();
        sums.put("process", process);
        sums.put("gc", gc);
        sums.put("jit", jit);
        sums.put("tunnel", tunnel);
        sums.put("direct", direct);
        sums.put("shared", shared);
        // The process' clock has steps of 10 ms: the parts may be ahead of it by one.
        sums.put("other", Math.max(0, process - gc - jit - tunnel - direct - shared));
        sums.put("busy", cpu.busyNanos(accounts.nanoTime()));
        sums.put("up", ManagementFactory.getRuntimeMXBean().getUptime() * 1_000_000L);
        latest = Map.copyOf(sums);
        for (Session session : sessions) {
            session.sendProcessUsage(sums);
        }
        tellOfLongRequests(settled, running);
    }

    /** Read before what is running, so that nothing is in both. */
    private static Map<RequestScope, Long> settled(Accounts accounts) {
        Map<RequestScope, Long> nanos = new HashMap<>();
        long now = accounts.nanoTime();
        for (RequestScope scope : accounts.live()) {
            if (now - scope.admittedNanos() >= MIN_AGE_NANOS) {
                nanos.put(scope, scope.settledNanos());
            }
        }
        return nanos;
    }

    private static long sharedOfLive(Accounts accounts) {
        long shared = 0;
        long now = accounts.nanoTime();
        for (RequestScope scope : accounts.live()) {
            shared += accounts.cpu().share(now, scope.shareAtAdmission());
        }
        return shared;
    }

    private static void tellOfLongRequests(Map<RequestScope, Long> settled, Map<RequestScope, Long> running) {
        settled.forEach((scope, nanos) -> {
            Usage usage = scope.usageIfGrown(nanos, running.getOrDefault(scope, 0L));
            if (usage != null) {
                scope.stream().session().sendUsage(scope.stream().id(), usage);
            }
        });
    }

    /**
     * Processor time by kind since the begin of the process, in nanoseconds; and two of the clock: {@code busy}, with at
     * least one request in flight, and {@code up}.
     */
    Map<String, Long> latest() {
        return latest;
    }

    private static long processNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : -1;
    }
}
