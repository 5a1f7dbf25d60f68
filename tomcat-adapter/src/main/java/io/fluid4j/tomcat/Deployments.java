/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import org.apache.catalina.Container;
import org.apache.catalina.ContainerEvent;
import org.apache.catalina.ContainerListener;
import org.apache.catalina.Context;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.Service;
import org.jspecify.annotations.Nullable;

/**
 * Says at once when an application of a service begins to stop, so that no new request meets one that goes, and when one
 * is up. Follows hosts and applications as they come and go. Thread-safe.
 */
final class Deployments implements ContainerListener, LifecycleListener {

    private final Runnable changed;

    private Deployments(Runnable changed) {
        this.changed = changed;
    }

    /**
     * Begins to watch.
     *
     * @param service null when it is not known: nothing is watched then
     * @param changed runs on the thread that deploys or undeploys; must not block
     */
    static Deployments watch(@Nullable Service service, Runnable changed) {
        Deployments watching = new Deployments(changed);
        if (service != null) {
            watching.add(service.getContainer());
        }
        return watching;
    }

    /** Ends it. */
    void unwatch(@Nullable Service service) {
        if (service != null) {
            remove(service.getContainer());
        }
    }

    @Override
    public void containerEvent(ContainerEvent event) {
        if (event.getData() instanceof Container child) {
            if (Container.ADD_CHILD_EVENT.equals(event.getType())) {
                add(child);
                changed.run();
            } else if (Container.REMOVE_CHILD_EVENT.equals(event.getType())) {
                remove(child);
                changed.run();
            }
        }
    }

    @Override
    public void lifecycleEvent(LifecycleEvent event) {
        if (Lifecycle.BEFORE_STOP_EVENT.equals(event.getType())
                || Lifecycle.AFTER_START_EVENT.equals(event.getType())) {
            changed.run();
        }
    }

    private void add(Container container) {
        if (container instanceof Context) {
            container.addLifecycleListener(this);
            return;
        }
        container.addContainerListener(this);
        for (Container child : container.findChildren()) {
            add(child);
        }
    }

    private void remove(Container container) {
        if (container instanceof Context) {
            container.removeLifecycleListener(this);
            return;
        }
        container.removeContainerListener(this);
        for (Container child : container.findChildren()) {
            remove(child);
        }
    }
}
