/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import static java.util.Objects.requireNonNull;

/**
 * Where somebody runs, and how near a router is from there.
 *
 * @param region the wider place
 * @param zone the narrower place inside it
 */
public record Locality(String region, String zone) {

    /** Tier of a router in the same zone. */
    public static final int SAME_ZONE = 0;
    /** Tier of a router in another zone of the same region. */
    public static final int SAME_REGION = 1;
    /** Tier of a router anywhere else. */
    public static final int ELSEWHERE = 2;

    /** Neither may be null. */
    public Locality {
        requireNonNull(region, "region");
        requireNonNull(zone, "zone");
    }

    /**
     * The failover tier of a router: lower is nearer.
     *
     * @return {@link #SAME_ZONE}, {@link #SAME_REGION} or {@link #ELSEWHERE}
     */
    public int tierOf(RouterAddress router) {
        if (!region.equals(router.region())) {
            return ELSEWHERE;
        }
        return zone.equals(router.zone()) ? SAME_ZONE : SAME_REGION;
    }
}
