/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.util.Locale;

/** How a request reaches the application. */
enum Way {
    /** By the server's own port: what everything is compared with. */
    DIRECT,
    /** By the router and the tunnel. */
    TUNNEL;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
