/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

/**
 * Sums over requests. Immutable.
 *
 * @param requests that have ended, failed ones too
 * @param failures of these, those that ended with a status of 500 or more
 * @param activeCpuNanos processor time measured in slices of the requests
 * @param apportionedCpuNanos processor time given to them by share
 * @param wallNanos time they took on the instances
 * @param bytesIn octets of request bodies
 * @param bytesOut octets of response bodies
 */
public record UsageSums(
        long requests,
        long failures,
        long activeCpuNanos,
        long apportionedCpuNanos,
        long wallNanos,
        long bytesIn,
        long bytesOut) {

    /** Nothing. */
    public static final UsageSums NONE = new UsageSums(0, 0, 0, 0, 0, 0, 0);

    UsageSums plus(UsageSums other) {
        return new UsageSums(
                requests + other.requests,
                failures + other.failures,
                activeCpuNanos + other.activeCpuNanos,
                apportionedCpuNanos + other.apportionedCpuNanos,
                wallNanos + other.wallNanos,
                bytesIn + other.bytesIn,
                bytesOut + other.bytesOut);
    }

    UsageSums minus(UsageSums other) {
        return new UsageSums(
                requests - other.requests,
                failures - other.failures,
                activeCpuNanos - other.activeCpuNanos,
                apportionedCpuNanos - other.apportionedCpuNanos,
                wallNanos - other.wallNanos,
                bytesIn - other.bytesIn,
                bytesOut - other.bytesOut);
    }

    /** All processor time of the requests, nanoseconds. */
    public long cpuNanos() {
        return activeCpuNanos + apportionedCpuNanos;
    }
}
