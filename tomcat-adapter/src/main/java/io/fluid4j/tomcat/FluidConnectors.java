/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.util.List;
import java.util.concurrent.Executor;
import org.apache.catalina.Server;
import org.apache.catalina.Service;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.ProtocolHandler;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.IntrospectionUtils;
import org.jspecify.annotations.Nullable;

/**
 * Adds the connector to a service whose server.xml does not name it. What bears on how applications see a request is
 * taken over from the service's first connector, so that both doors lead into the same house.
 */
final class FluidConnectors {
    private static final Log LOG = LogFactory.getLog(FluidConnectors.class);

    /** Properties of Connector and of its protocol handler alike; what a version does not know has no value there. */
    private static final List<String> TAKEN_OVER = List.of(
            "allowBackslash",
            "allowTrace",
            "asyncTimeout",
            "enableLookups",
            "encodedReverseSolidusHandling",
            "encodedSolidusHandling",
            "maxCookieCount",
            "maxParameterCount",
            "maxPostSize",
            "maxSavePostSize",
            "parseBodyMethods",
            "rejectSuspiciousURIs",
            "URIEncoding",
            "useBodyEncodingForURI",
            "xpoweredBy",
            "continueResponseTiming",
            "maxHeaderCount",
            "maxThreads",
            "maxTrailerCount",
            "minSpareThreads",
            "relaxedPathChars",
            "relaxedQueryChars",
            "server",
            "serverRemoveAppProvidedValues",
            "threadPriority",
            "useVirtualThreads");

    private FluidConnectors() {}

    /**
     * Adds and starts the connector unless the server has one.
     *
     * @throws IllegalArgumentException when it does not start, with the reason as its cause
     */
    static synchronized void addTo(Service service) {
        if (present(service.getServer())) {
            return;
        }
        FluidProtocol protocol = new FluidProtocol();
        protocol.service(service);
        Connector connector = new Connector(protocol);
        connector.setThrowOnFailure(true);
        Connector[] others = service.findConnectors();
        if (others.length > 0) {
            takeOver(others[0], connector, service);
        }
        try {
            service.addConnector(connector);
        } catch (IllegalArgumentException e) {
            service.removeConnector(connector);
            throw e;
        }
        LOG.debug("connector added to service " + service.getName());
    }

    /** By name, as the class may have been loaded twice (a copy in a web application). */
    private static boolean present(@Nullable Server server) {
        if (server != null) {
            for (Service service : server.findServices()) {
                for (Connector connector : service.findConnectors()) {
                    if (FluidProtocol.class.getName().equals(connector.getProtocolHandlerClassName())) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static void takeOver(Connector from, Connector to, Service service) {
        for (String name : TAKEN_OVER) {
            Object value = IntrospectionUtils.getProperty(from, name);
            if (value != null) {
                IntrospectionUtils.setProperty(to, name, value.toString());
            }
        }
        ProtocolHandler handler = from.getProtocolHandler();
        Executor executor = handler == null ? null : handler.getExecutor();
        if (executor instanceof org.apache.catalina.Executor shared && service.getExecutor(shared.getName()) != null) {
            to.getProtocolHandler().setExecutor(executor);
        }
    }
}
