/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;

/**
 * The attachment of a channel that becomes a tunnel: a {@code SelectorManager} which meets one in its
 * {@code newConnection} asks it.
 */
public interface TunnelConnectionFactory {

    /** The connection for an end point of that channel: a tunnel, or TLS with a tunnel on it. */
    Connection newConnection(EndPoint endPoint);

    /** The channel could not be connected; to be called by the selector manager's method of that name. */
    default void connectionFailed(Throwable cause) {}
}
