/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.apache.coyote.RequestGroupInfo;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.modeler.Registry;
import org.jspecify.annotations.Nullable;

/** What JMX and the manager's status page see of the connector, under the names Tomcat's own connectors use. */
final class StatusBeans implements AutoCloseable {
    private static final Log LOG = LogFactory.getLog(StatusBeans.class);

    private final ObjectName requests;
    private final ObjectName threads;

    private StatusBeans(ObjectName requests, ObjectName threads) {
        this.requests = requests;
        this.threads = threads;
    }

    /** Registers; null when the server has no JMX domain or its registry is switched off. A server runs without. */
    static @Nullable StatusBeans register(
            @Nullable String domain, String name, RequestGroupInfo group, ContainerThreads pool) {
        if (domain == null) {
            return null;
        }
        try {
            String quoted = ObjectName.quote(name);
            StatusBeans beans = new StatusBeans(
                    new ObjectName(domain + ":type=GlobalRequestProcessor,name=" + quoted),
                    new ObjectName(domain + ":type=ThreadPool,name=" + quoted));
            Registry registry = Registry.getRegistry(null, null);
            registry.registerComponent(group, beans.requests, null);
            registry.registerComponent(pool, beans.threads, null);
            return beans;
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException("domain " + domain, e);
        } catch (Exception e) {
            LOG.warn("the connector is not visible in JMX", e);
            return null;
        }
    }

    @Override
    public void close() {
        Registry registry = Registry.getRegistry(null, null);
        registry.unregisterComponent(requests);
        registry.unregisterComponent(threads);
    }
}
