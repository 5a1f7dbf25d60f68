/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One way of billing, with its list prices. Data, read by {@link PriceBook}. Immutable.
 *
 * @param name such as {@code lambda-arm}
 * @param basis what is multiplied with what
 * @param currency ISO 4217
 * @param source where the prices were published
 * @param asOf when they were read there, {@code 2026-04} or {@code 2026-04-30}
 * @param requestsPerMillion price of a million requests
 * @param monthly price of having it at all, a month; only with what it includes
 * @param included what a month brings without further pay
 * @param regions prices by region, the first one the default
 */
public record PriceModel(
        String name,
        Basis basis,
        String currency,
        String source,
        String asOf,
        BigDecimal requestsPerMillion,
        BigDecimal monthly,
        Included included,
        Map<String, Rates> regions) {

    /** Enough for every sum; only a division rounds. */
    static final MathContext PRECISION = new MathContext(34, RoundingMode.HALF_EVEN);

    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);

    /** What is multiplied with what. */
    public enum Basis {
        /** Processor time really used; memory while something is in flight, once per instance. */
        ACTIVE_CPU,
        /** Memory for the time of every request by itself. */
        ONE_REQUEST_PER_INSTANCE,
        /** Processors and memory of an instance while something is in flight, shared by its requests. */
        INSTANCE_TIME,
        /** Processor time really used, and nothing else. */
        CPU_ONLY,
        /** A price an hour for each server that is up. */
        SERVER_HOURS;

        /** As the price book says it. */
        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * Prices of a region.
     *
     * @param cpuSecond of a second of a processor
     * @param gbSecond of a GB for a second
     * @param serverSecond of a server for a second
     */
    public record Rates(Rate cpuSecond, Rate gbSecond, Rate serverSecond) {}

    /**
     * A price, kept as it was published: what an hour costs has no exact price a second.
     *
     * @param price of the whole span
     * @param seconds the span
     */
    public record Rate(BigDecimal price, int seconds) {

        /** For nothing. */
        public static final Rate FREE = new Rate(BigDecimal.ZERO, 1);

        BigDecimal of(BigDecimal quantity) {
            return quantity.multiply(price).divide(BigDecimal.valueOf(seconds), PRECISION);
        }
    }

    /**
     * What a month includes.
     *
     * @param requests that many
     * @param cpuSeconds of processors
     * @param gbSeconds of memory
     */
    public record Included(BigDecimal requests, BigDecimal cpuSeconds, BigDecimal gbSeconds) {

        /** Nothing. */
        public static final Included NOTHING = new Included(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO);
    }

    /**
     * What it comes to, in the model's currency.
     *
     * @param cpu for processors, or for servers
     * @param memory for memory
     * @param requests for requests
     * @param monthly for having it at all
     */
    public record Cost(BigDecimal cpu, BigDecimal memory, BigDecimal requests, BigDecimal monthly) {

        /**
         * The sum.
         *
         * @return all four together
         */
        public BigDecimal total() {
            return cpu.add(memory).add(requests).add(monthly);
        }
    }

    /** Refuses a model without a region; copies. */
    public PriceModel {
        requireNonNull(name, "name");
        if (regions.isEmpty()) {
            throw new IllegalArgumentException(name + ": no region has a price");
        }
        regions = Collections.unmodifiableMap(new LinkedHashMap<>(regions));
    }

    /**
     * The region that prices are shown for when nobody asks for another.
     *
     * @return the first one
     */
    public String defaultRegion() {
        return regions.keySet().iterator().next();
    }

    /**
     * List price, without what a plan includes.
     *
     * @param used what was used
     * @param region one of {@link #regions}
     * @return the cost, not rounded
     * @throws IllegalArgumentException when the model has no such region
     */
    public Cost listPrice(Consumption used, String region) {
        return cost(used, region, Included.NOTHING, BigDecimal.ZERO);
    }

    /**
     * Price of a month, with what the plan includes and its fee.
     *
     * @param used what was used in the month
     * @param region one of {@link #regions}
     * @return the cost, not rounded
     * @throws IllegalArgumentException when the model has no such region
     */
    public Cost monthPrice(Consumption used, String region) {
        return cost(used, region, included, monthly);
    }

    private Cost cost(Consumption used, String region, Included free, BigDecimal fee) {
        @Nullable Rates rates = regions.get(region);
        if (rates == null) {
            throw new IllegalArgumentException(
                    name + ": no prices of " + region + " (known: " + regions.keySet() + ")");
        }
        BigDecimal cpuSeconds =
                switch (basis) {
                    case ACTIVE_CPU, CPU_ONLY -> used.activeCpuSeconds();
                    case INSTANCE_TIME -> used.vcpuSeconds();
                    case ONE_REQUEST_PER_INSTANCE, SERVER_HOURS -> BigDecimal.ZERO;
                };
        BigDecimal gbSeconds =
                switch (basis) {
                    case ACTIVE_CPU, INSTANCE_TIME -> used.memoryGbSeconds();
                    case ONE_REQUEST_PER_INSTANCE -> used.wallGbSeconds();
                    case CPU_ONLY, SERVER_HOURS -> BigDecimal.ZERO;
                };
        BigDecimal servers = basis == Basis.SERVER_HOURS ? used.serverSeconds() : BigDecimal.ZERO;
        BigDecimal requests = beyond(BigDecimal.valueOf(used.requests()), free.requests);
        return new Cost(
                rates.cpuSecond.of(beyond(cpuSeconds, free.cpuSeconds)).add(rates.serverSecond.of(servers)),
                rates.gbSecond.of(beyond(gbSeconds, free.gbSeconds)),
                requests.multiply(requestsPerMillion).divide(MILLION, PRECISION),
                fee);
    }

    private static BigDecimal beyond(BigDecimal used, BigDecimal free) {
        return used.subtract(free).max(BigDecimal.ZERO);
    }
}
