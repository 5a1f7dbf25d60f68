/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.util.regex.Pattern;

/**
 * What a router holds of one deployment of a function. Immutable.
 *
 * @param function the function: 1 to 63 of {@code a-z 0-9 . -}, a letter or digit at both ends
 * @param deployment its version; empty only together with 0 tunnels, where it means every deployment
 * @param tunnels live tunnels to its instances; 0 in a change: the router has none any more
 * @param capacity requests it would take now in addition to those in flight; 0 while it drains or is full
 */
public record Holding(String function, String deployment, int tunnels, int capacity) {

    /**
     * The name under which a router registers itself, whatever else it holds, so that instances find it. No function can
     * have it.
     */
    public static final String ITSELF = "_router";

    private static final Pattern FUNCTION = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");
    private static final Pattern DEPLOYMENT = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    /** Checks every part. */
    public Holding {
        if (!function.equals(ITSELF)) {
            RouterAddress.check("name", function, FUNCTION, "1 to 63 of a-z, 0-9, dot, dash");
        }
        if (tunnels != 0 || !deployment.isEmpty()) {
            RouterAddress.check("deployment", deployment, DEPLOYMENT, "1 to 64 letters, digits, dots, dashes");
        }
        if (tunnels < 0) {
            throw new IllegalArgumentException("tunnels " + tunnels + " (expected: 0 or more)");
        }
        if (capacity < 0) {
            throw new IllegalArgumentException("capacity " + capacity + " (expected: 0 or more)");
        }
    }

    /** A router's word on itself: instances may dial it. With a capacity of 0 it goes away: no new ones should. */
    public static Holding itself() {
        return new Holding(ITSELF, "default", 1, 1);
    }

    /** A change that says: nothing of this function is left. */
    public static Holding none(String function) {
        return new Holding(function, "", 0, 0);
    }
}
