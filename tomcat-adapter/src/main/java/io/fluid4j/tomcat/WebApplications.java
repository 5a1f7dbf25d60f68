/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.apache.catalina.Container;
import org.apache.catalina.Context;
import org.apache.catalina.Engine;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.Service;
import org.apache.tomcat.util.modeler.Registry;
import org.jspecify.annotations.Nullable;

/** What runs in a service. */
final class WebApplications {
    private WebApplications() {}

    /**
     * Paths of the applications that Tomcat sends requests to now; {@code ""} is the root. One that begins to stop has left
     * Tomcat's own mapping already, although it counts as available; for one that is reloaded requests wait. Empty when
     * the service is not known.
     */
    static Set<String> paths(@Nullable Service service) {
        Set<String> paths = new TreeSet<>();
        if (service != null) {
            Engine engine = service.getContainer();
            for (Container host : engine.findChildren()) {
                for (Container child : host.findChildren()) {
                    if (child instanceof Context context
                            && (context.getState() == LifecycleState.STARTED || context.getPaused())) {
                        paths.add(context.getPath());
                    }
                }
            }
        }
        return paths;
    }

    /** Class loaders of the applications that have one now, those that begin to stop too. */
    static Set<ClassLoader> loaders(@Nullable Service service) {
        Set<ClassLoader> loaders = new HashSet<>();
        if (service != null) {
            for (Container host : service.getContainer().findChildren()) {
                for (Container child : host.findChildren()) {
                    if (child instanceof Context context
                            && context.getState().isAvailable()
                            && context.getLoader() != null
                            && context.getLoader().getClassLoader() != null) {
                        loaders.add(context.getLoader().getClassLoader());
                    }
                }
            }
        }
        return loaders;
    }

    /** What the engine appends to session ids; empty for nothing. */
    static String jvmRoute(@Nullable Service service) {
        String route = service == null ? null : service.getContainer().getJvmRoute();
        return route == null ? "" : route;
    }

    /** The service with that JMX domain; null when there is none to be seen (embedded servers may switch JMX off). */
    static @Nullable Service serviceOf(@Nullable String domain) {
        if (domain == null) {
            return null;
        }
        MBeanServer server = Registry.getRegistry(null, null).getMBeanServer();
        try {
            ObjectName name = new ObjectName(domain + ":type=Service");
            return server != null
                            && server.isRegistered(name)
                            && server.getAttribute(name, "managedResource") instanceof Service service
                    ? service
                    : null;
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException("domain " + domain, e);
        } catch (JMException e) {
            return null;
        }
    }
}
