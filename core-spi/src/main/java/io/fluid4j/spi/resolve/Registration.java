/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;

/**
 * One router's word on one function. Immutable.
 *
 * @param function the function
 * @param router who says so, and how it is reached
 * @param deployments what it holds, one for each deployment; not empty
 * @param ttl how long it counts without being renewed
 * @param revision when it was written
 */
public record Registration(
        String function, RouterAddress router, List<Holding> deployments, Duration ttl, Revision revision) {

    /** Shortest time to live that a store accepts. */
    public static final Duration MIN_TTL = Duration.ofSeconds(1);
    /** Longest time to live that a store accepts. */
    public static final Duration MAX_TTL = Duration.ofHours(1);
    /** Time to live of those who do not say; three renewals may be lost. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

    /** Checks that every deployment is of the function and has tunnels. */
    public Registration {
        requireNonNull(router, "router");
        requireNonNull(revision, "revision");
        checkTtl(ttl);
        deployments = List.copyOf(deployments);
        if (deployments.isEmpty()) {
            throw new IllegalArgumentException("registration of " + function + " (expected: a deployment)");
        }
        for (Holding holding : deployments) {
            if (!holding.function().equals(function) || holding.tunnels() == 0) {
                throw new IllegalArgumentException(holding + " (expected: tunnels to " + function + ")");
            }
        }
    }

    /**
     * Checks a time to live.
     *
     * @return the same
     */
    public static Duration checkTtl(Duration ttl) {
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
            throw new IllegalArgumentException(
                    "ttlSeconds " + ttl.toMillis() / 1000.0 + " (expected: 1 to " + MAX_TTL.toSeconds() + ")");
        }
        return ttl;
    }

    /** Live tunnels of all deployments. */
    public int tunnels() {
        long sum = 0;
        for (Holding holding : deployments) {
            sum += holding.tunnels();
        }
        return (int) Math.min(Integer.MAX_VALUE, sum);
    }

    /** Free capacity of all deployments, in requests. */
    public int capacity() {
        long sum = 0;
        for (Holding holding : deployments) {
            sum += holding.capacity();
        }
        return (int) Math.min(Integer.MAX_VALUE, sum);
    }

    /** Whether it says the same as another one; when it was written does not count. */
    public boolean saysTheSame(Registration other) {
        return function.equals(other.function)
                && router.equals(other.router)
                && deployments.equals(other.deployments)
                && ttl.equals(other.ttl);
    }
}
