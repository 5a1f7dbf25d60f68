/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

/** The store knows no such router (any more): it has to register everything it holds again. */
public final class UnknownRouterException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * With the name of the router.
     *
     * @param router the name
     */
    public UnknownRouterException(String router) {
        super("router \"" + router + "\" is not registered");
    }
}
