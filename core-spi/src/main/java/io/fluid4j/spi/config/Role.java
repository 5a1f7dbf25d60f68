/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.util.Locale;

/** What a process is started as. A key may belong to several roles; keys of another role are accepted and unused. */
public enum Role {
    /** A server that runs a function. */
    INSTANCE,
    /** The HTTP front that holds the tunnels. */
    ROUTER,
    /** Answers which routers hold tunnels to a function. */
    RESOLVER;

    /**
     * The role as users write it.
     *
     * @return the name in lower case
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
