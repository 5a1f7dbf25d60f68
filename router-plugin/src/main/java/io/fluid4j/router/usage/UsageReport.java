/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was used in a span of time. Immutable.
 *
 * @param from begin, at a full minute
 * @param to end, at a full minute
 * @param rows by function, deployment and route, or some of these
 * @param gcCpuNanos processor time of collecting garbage, all instances
 * @param jitCpuNanos processor time of compiling
 * @param tunnelCpuNanos processor time of the tunnels' selectors and timers
 * @param otherCpuNanos processor time of the rest: work that belongs to no request
 * @param processCpuNanos processor time of the whole processes
 * @param total what price models multiply
 */
public record UsageReport(
        Instant from,
        Instant to,
        List<Row> rows,
        long gcCpuNanos,
        long jitCpuNanos,
        long tunnelCpuNanos,
        long otherCpuNanos,
        long processCpuNanos,
        Consumption total) {

    private static final BigDecimal GB = BigDecimal.valueOf(1L << 30);

    /** What a row stands for. */
    public enum By {
        /** Function, deployment and route. */
        ALL,
        /** The function. */
        FUNCTION,
        /** The function and its deployment. */
        DEPLOYMENT,
        /** The function and the route. */
        ROUTE;

        UsageKey of(UsageKey key) {
            return switch (this) {
                case ALL -> key;
                case FUNCTION -> new UsageKey(key.function(), "", "");
                case DEPLOYMENT -> new UsageKey(key.function(), key.deployment(), "");
                case ROUTE -> new UsageKey(key.function(), "", key.route());
            };
        }
    }

    /**
     * A line.
     *
     * @param key of whom; what the line is not divided by is empty
     * @param sums of its requests
     * @param memoryGbSeconds its part of the memory of the instances
     */
    public record Row(UsageKey key, UsageSums sums, BigDecimal memoryGbSeconds) {}

    /** Copies. */
    public UsageReport {
        rows = List.copyOf(rows);
    }

    /** Puts requests and instances together. The usage of instances is that within the span. */
    static UsageReport of(
            Instant from, Instant to, By by, Map<UsageKey, UsageSums> usage, List<InstanceUsage> instances) {
        Consumption total = Consumption.NONE;
        long gc = 0;
        long jit = 0;
        long tunnel = 0;
        long process = 0;
        long ofRequests = 0;
        Map<UsageKey, BigDecimal> memory = new HashMap<>();
        for (InstanceUsage instance : instances) {
            BigDecimal busy = seconds(instance.busyNanos());
            BigDecimal gbSeconds =
                    busy.multiply(BigDecimal.valueOf(instance.memoryBytes())).divide(GB, PriceModel.PRECISION);
            memory.merge(new UsageKey(instance.function(), instance.deployment(), ""), gbSeconds, BigDecimal::add);
            total = total.plus(new Consumption(
                    0,
                    BigDecimal.ZERO,
                    BigDecimal.ZERO,
                    busy,
                    gbSeconds,
                    busy.multiply(BigDecimal.valueOf(instance.processorThousandths(), 3)),
                    seconds(instance.upNanos())));
            gc += instance.gcCpuNanos();
            jit += instance.jitCpuNanos();
            tunnel += instance.tunnelCpuNanos();
            process += instance.processCpuNanos();
            ofRequests += instance.requestCpuNanos();
        }
        UsageSums all = usage.values().stream().reduce(UsageSums.NONE, UsageSums::plus);
        total = total.plus(new Consumption(
                all.requests(),
                seconds(all.cpuNanos()),
                seconds(all.wallNanos()),
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO));
        long other = Math.max(0, process - gc - jit - tunnel - ofRequests);
        return new UsageReport(from, to, fold(by, usage, memory), gc, jit, tunnel, other, process, total);
    }

    private static List<Row> fold(By by, Map<UsageKey, UsageSums> usage, Map<UsageKey, BigDecimal> memory) {
        Map<UsageKey, Long> wall = new HashMap<>();
        usage.forEach((key, sums) -> wall.merge(deployment(key), sums.wallNanos(), Long::sum));
        Map<UsageKey, Row> rows = new LinkedHashMap<>();
        usage.forEach((key, sums) -> {
            BigDecimal part =
                    part(memory.get(deployment(key)), sums.wallNanos(), wall.getOrDefault(deployment(key), 0L));
            UsageKey shown = by.of(key);
            rows.merge(
                    shown,
                    new Row(shown, sums, part),
                    (a, b) -> new Row(
                            shown, a.sums().plus(b.sums()), a.memoryGbSeconds().add(b.memoryGbSeconds())));
        });
        List<Row> sorted = new ArrayList<>(rows.values());
        sorted.sort((a, b) -> a.key().toString().compareTo(b.key().toString()));
        return sorted;
    }

    /** Routes share the memory of their instances in the ratio of their time there: nobody owns an instance alone. */
    private static BigDecimal part(@Nullable BigDecimal memory, long wallNanos, long ofNanos) {
        if (memory == null || ofNanos == 0) {
            return BigDecimal.ZERO;
        }
        return memory.multiply(BigDecimal.valueOf(wallNanos)).divide(BigDecimal.valueOf(ofNanos), PriceModel.PRECISION);
    }

    private static UsageKey deployment(UsageKey key) {
        return new UsageKey(key.function(), key.deployment(), "");
    }

    static BigDecimal seconds(long nanos) {
        return BigDecimal.valueOf(nanos, 9);
    }

    /** For people and JSON: no more than nine places, none for nothing. */
    static BigDecimal shown(BigDecimal exact) {
        BigDecimal rounded = exact.setScale(9, RoundingMode.HALF_EVEN).stripTrailingZeros();
        return rounded.scale() < 0 ? rounded.setScale(0) : rounded;
    }
}
