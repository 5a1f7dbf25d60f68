/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.Locale;

/** How a request ended for its client. */
public enum ExchangeEnding {
    /** The client has the whole response of the application. */
    COMPLETE,
    /** The router answered itself: malformed, no route, no instance. */
    REJECTED,
    /** The client went before it had the response. */
    CLIENT_ABORT,
    /** The tunnel to the instance was lost after the request had been handed to it. */
    INSTANCE_LOST,
    /** The instance broke the protocol, or gave the response up. */
    INSTANCE_FAULT,
    /** {@code fluid.request-timeout} or {@code fluid.stream-idle-timeout} passed. */
    TIMEOUT,
    /** Every instance that was asked has turned it down. */
    NACKED;

    private final String word = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** As logs and JSON write it, such as {@code client-abort}. */
    public String word() {
        return word;
    }
}
