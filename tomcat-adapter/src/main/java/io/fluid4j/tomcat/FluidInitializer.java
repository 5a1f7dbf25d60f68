/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import java.util.Set;
import org.apache.catalina.Container;
import org.apache.catalina.Engine;
import org.apache.catalina.Globals;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.Server;
import org.apache.catalina.Service;
import org.apache.catalina.WebResourceRoot;
import org.apache.catalina.loader.WebappClassLoaderBase;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The start without any edit of server.xml: Tomcat runs initializers of its common class path for each web application,
 * and the first one leads from the application to its server. The connector itself comes after the start, when all
 * applications are up.
 */
public final class FluidInitializer implements ServletContainerInitializer {
    private static final Log LOG = LogFactory.getLog(FluidInitializer.class);

    /** For the ServiceLoader. */
    public FluidInitializer() {}

    @Override
    public void onStartup(@Nullable Set<Class<?>> classes, ServletContext context) {
        if (FluidInitializer.class.getClassLoader() instanceof WebappClassLoaderBase) {
            LOG.warn("fluid4j-tomcat lies in WEB-INF/lib of " + context.getContextPath()
                    + "; it works only in $CATALINA_BASE/lib");
            return;
        }
        Service service = serviceOf(context);
        if (service == null || service.getServer() == null) {
            LOG.warn("the server of " + context.getContextPath()
                    + " cannot be found; name io.fluid4j.tomcat.FluidListener in server.xml");
            return;
        }
        register(service.getServer(), service);
    }

    private static synchronized void register(Server server, Service service) {
        for (LifecycleListener listener : server.findLifecycleListeners()) {
            if (listener instanceof FluidListener) {
                return;
            }
        }
        FluidListener listener = new FluidListener(service);
        server.addLifecycleListener(listener);
        if (server.getState() == LifecycleState.STARTED && TomcatConfig.present()) {
            // The first application of a server that runs already: the connector follows when it is up.
            server.getUtilityExecutor().execute(() -> addLate(service));
        }
    }

    private static void addLate(Service service) {
        try {
            FluidConnectors.addTo(service);
        } catch (RuntimeException e) {
            LOG.fatal("this server is no instance of Fluid4J", e);
        }
    }

    /** By way of the application's resources, which every Tomcat puts into the servlet context. */
    private static @Nullable Service serviceOf(ServletContext context) {
        if (!(context.getAttribute(Globals.RESOURCES_ATTR) instanceof WebResourceRoot resources)) {
            return null;
        }
        Container container = resources.getContext();
        while (container != null && !(container instanceof Engine)) {
            container = container.getParent();
        }
        return container instanceof Engine engine ? engine.getService() : null;
    }
}
