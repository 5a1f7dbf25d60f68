/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.Server;
import org.apache.catalina.Service;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Adds the connector once the server has started, when all web applications are up. {@link FluidInitializer} registers
 * one by itself; a server without any web application at its start names it in server.xml:
 *
 * <pre>{@code <Listener className="io.fluid4j.tomcat.FluidListener"/>}</pre>
 */
public final class FluidListener implements LifecycleListener {
    private static final Log LOG = LogFactory.getLog(FluidListener.class);

    private final @Nullable Service service;

    /** For server.xml, inside Server or Service. */
    public FluidListener() {
        this(null);
    }

    /** For one service. */
    FluidListener(@Nullable Service service) {
        this.service = service;
    }

    /** On the end of the start; an exception makes the start fail. */
    @Override
    public void lifecycleEvent(LifecycleEvent event) {
        if (!event.getType().equals(Lifecycle.AFTER_START_EVENT)) {
            return;
        }
        Service target = target(event.getLifecycle());
        if (target == null) {
            throw new IllegalStateException("FluidListener belongs into a Server or Service with a service (found: "
                    + event.getLifecycle() + ")");
        }
        if (TomcatConfig.present()) {
            FluidConnectors.addTo(target);
        } else {
            LOG.info("Fluid4J is not configured, this server is no instance (looked for " + TomcatConfig.expectedFile()
                    + ", fluid.* properties and FLUID_FUNCTION)");
        }
    }

    private @Nullable Service target(Lifecycle source) {
        if (service != null) {
            return service;
        }
        if (source instanceof Service owner) {
            return owner;
        }
        if (source instanceof Server server) {
            Service[] services = server.findServices();
            return services.length > 0 ? services[0] : null;
        }
        return null;
    }
}
