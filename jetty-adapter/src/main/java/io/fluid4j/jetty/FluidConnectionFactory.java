/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;

/**
 * Carries the {@link HttpConfiguration} to where Jetty's own code and tools look for it. It never makes a connection:
 * tunnels are dialled, not accepted.
 */
final class FluidConnectionFactory extends AbstractConnectionFactory implements HttpConfiguration.ConnectionFactory {

    static final String PROTOCOL = "fluid";

    private final HttpConfiguration httpConfiguration;

    FluidConnectionFactory(HttpConfiguration httpConfiguration) {
        super(PROTOCOL);
        this.httpConfiguration = httpConfiguration;
        installBean(httpConfiguration);
    }

    @Override
    public HttpConfiguration getHttpConfiguration() {
        return httpConfiguration;
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        throw new UnsupportedOperationException("tunnels are dialled, not accepted");
    }
}
