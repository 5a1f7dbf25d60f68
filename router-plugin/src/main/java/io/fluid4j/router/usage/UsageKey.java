/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

/**
 * What a line of the ledger stands for.
 *
 * @param function the function
 * @param deployment the deployment that served, empty when none did
 * @param route the route that took the request
 */
public record UsageKey(String function, String deployment, String route) {

    /** What a column of the ledger holds. */
    static final int MAX_CHARS = 255;

    /** The same as a database can hold it. */
    UsageKey storable() {
        return new UsageKey(storable(function), storable(deployment), storable(route));
    }

    /** Instances name themselves: no name of theirs may be one that cannot be written, ever again. */
    static String storable(String name) {
        String cut = name.length() > MAX_CHARS ? name.substring(0, MAX_CHARS) : name;
        return cut.indexOf('\0') < 0 ? cut : cut.replace('\0', '?');
    }
}
