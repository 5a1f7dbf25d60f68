/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.math.BigDecimal;

/**
 * What some traffic has consumed: the quantities that price models multiply. Exact. A GB has 2^30 octets, as in the bills
 * of those who sell memory by it.
 *
 * @param requests how many, failed ones too; nacks are none
 * @param activeCpuSeconds processor time of all requests
 * @param wallSeconds sum of the time each request took: what instances for one request at a time would have been up
 * @param instanceSeconds time with at least one request or waitUntil task in flight, once for each instance
 * @param memoryGbSeconds the same times the size of the instance
 * @param vcpuSeconds the same times the processors of the instance
 * @param serverSeconds how long servers were up, busy or not
 */
public record Consumption(
        long requests,
        BigDecimal activeCpuSeconds,
        BigDecimal wallSeconds,
        BigDecimal instanceSeconds,
        BigDecimal memoryGbSeconds,
        BigDecimal vcpuSeconds,
        BigDecimal serverSeconds) {

    /** Nothing at all. */
    public static final Consumption NONE = new Consumption(
            0, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO);

    /** Refuses a negative number of requests. */
    public Consumption {
        if (requests < 0) {
            throw new IllegalArgumentException("requests " + requests + " (expected: 0 or more)");
        }
    }

    /**
     * Both together.
     *
     * @param other what comes on top
     * @return the sum
     */
    public Consumption plus(Consumption other) {
        return new Consumption(
                Math.addExact(requests, other.requests),
                activeCpuSeconds.add(other.activeCpuSeconds),
                wallSeconds.add(other.wallSeconds),
                instanceSeconds.add(other.instanceSeconds),
                memoryGbSeconds.add(other.memoryGbSeconds),
                vcpuSeconds.add(other.vcpuSeconds),
                serverSeconds.add(other.serverSeconds));
    }

    /**
     * GB-seconds when every request has an instance of the same size to itself.
     *
     * @return {@link #wallSeconds} times the mean size of the instances
     */
    public BigDecimal wallGbSeconds() {
        return instanceSeconds.signum() == 0
                ? BigDecimal.ZERO
                : wallSeconds.multiply(memoryGbSeconds).divide(instanceSeconds, PriceModel.PRECISION);
    }
}
