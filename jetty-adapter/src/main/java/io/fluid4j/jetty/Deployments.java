/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.instance.InstanceRuntime;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.util.component.Container;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * Tells the instance at once when a context begins to stop, so that no new request meets a context that goes, and when it
 * is up again. Follows contexts as they are deployed and undeployed; to be registered before they start, since a context
 * that stops forgets listeners that came later. Thread-safe.
 */
final class Deployments implements Container.InheritedListener, LifeCycle.Listener {

    private final Supplier<@Nullable InstanceRuntime> runtime;

    /** @param runtime the running instance; null while there is none */
    Deployments(Supplier<@Nullable InstanceRuntime> runtime) {
        this.runtime = runtime;
    }

    /** The paths of the contexts of a server that could answer now, the root's as an empty one. */
    static Set<String> paths(Server server) {
        Set<String> paths = new TreeSet<>();
        for (ContextHandler context : server.getDescendants(ContextHandler.class)) {
            if (context.isAvailable()) {
                paths.add(path(context));
            }
        }
        return paths;
    }

    /** The class loaders of the contexts that run, as far as they have their own. */
    static Set<ClassLoader> loaders(Server server) {
        Set<ClassLoader> loaders = new HashSet<>();
        for (ContextHandler context : server.getDescendants(ContextHandler.class)) {
            ClassLoader loader = context.getClassLoader();
            if (loader != null && (context.isStarted() || context.isStopping())) {
                loaders.add(loader);
            }
        }
        return loaders;
    }

    @Override
    public void beanAdded(Container parent, Object child) {
        if (child instanceof ContextHandler context) {
            context.addEventListener(this);
        }
    }

    @Override
    public void beanRemoved(Container parent, Object child) {
        if (child instanceof ContextHandler context) {
            context.removeEventListener(this);
        }
    }

    /** The context is not available any more by now, though its application still runs. */
    @Override
    public void lifeCycleStopping(LifeCycle stopping) {
        changed();
    }

    @Override
    public void lifeCycleStarted(LifeCycle started) {
        changed();
    }

    private void changed() {
        InstanceRuntime running = runtime.get();
        if (running != null) {
            running.contextsChanged();
        }
    }

    private static String path(ContextHandler context) {
        String path = context.getContextPath();
        return "/".equals(path) ? "" : path;
    }
}
