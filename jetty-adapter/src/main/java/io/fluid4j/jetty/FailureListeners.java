/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.handler.ContextHandler;

/**
 * Makes sure that an asynchronous servlet hears of a cancel.
 *
 * <p>Jetty tells its listeners of a failure once. The servlet environments' listener acts on it only while the request
 * waits: when the cancel comes while a container thread is inside the servlet or one of its listeners (which may start an
 * asynchronous wait a moment later), the news is lost, and on Jetty's own ports too. So the listeners that environments
 * register are remembered here, and told again whenever a thread has left the application, until the request has ended.
 * Telling one twice is harmless: it looks at the request's state under its lock.
 *
 * <p>Listeners of others (core handlers) are told once, by Jetty. Thread-safe.
 */
final class FailureListeners {

    private static final String ENVIRONMENTS = "org.eclipse.jetty.ee";

    /** Whether a class of {@link Context} is that of a servlet environment. */
    private static final ClassValue<Boolean> SERVLETS = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return type.getName().startsWith(ENVIRONMENTS);
        }
    };

    private final List<Consumer<Throwable>> listeners = new ArrayList<>(1);

    /** Remembers a listener when the thread that registers it works inside a servlet environment. */
    void added(Consumer<Throwable> listener) {
        Context context = ContextHandler.getCurrentContext();
        if (context != null && SERVLETS.get(context.getClass())) {
            synchronized (listeners) {
                listeners.add(listener);
            }
        }
    }

    boolean isEmpty() {
        synchronized (listeners) {
            return listeners.isEmpty();
        }
    }

    /** Tells all of them, on this thread. Runs application code. */
    void tell(Throwable failure) {
        List<Consumer<Throwable>> copy;
        synchronized (listeners) {
            copy = List.copyOf(listeners);
        }
        for (Consumer<Throwable> listener : copy) {
            listener.accept(failure);
        }
    }
}
