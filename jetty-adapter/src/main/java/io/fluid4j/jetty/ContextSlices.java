/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.util.component.Container;
import org.jspecify.annotations.Nullable;

/**
 * Counts as a slice of its request what a context runs on threads that it sends for by itself: asynchronous dispatches,
 * {@code AsyncContext.start}, listeners. Follows contexts as they come and go; to be registered
 * before they start, since a context that stops forgets listeners that came later. Stateless.
 *
 * <p>Jetty names the request when it enters a context for it, in every environment; where it enters one for nobody, no
 * slice begins.
 */
final class ContextSlices implements Container.InheritedListener, ContextHandler.ContextScopeListener {

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

    @Override
    public void enterScope(Context context, @Nullable Request request) {
        HttpStreamOverTunnel stream = streamOf(request);
        if (stream != null) {
            stream.scope().enter();
        }
    }

    @Override
    public void exitScope(Context context, @Nullable Request request) {
        HttpStreamOverTunnel stream = streamOf(request);
        if (stream != null) {
            stream.scope().exit();
        }
    }

    private static @Nullable HttpStreamOverTunnel streamOf(@Nullable Request request) {
        TunnelRequest tunnelled = request == null ? null : Request.as(request, TunnelRequest.class);
        return tunnelled == null ? null : tunnelled.stream();
    }
}
