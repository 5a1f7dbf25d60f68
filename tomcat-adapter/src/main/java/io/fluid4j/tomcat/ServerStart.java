/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.Server;
import org.apache.catalina.Service;
import org.jspecify.annotations.Nullable;

/**
 * Makes the start of a server fail. A connector's own failure only gets logged by Tomcat, and the server goes on with its
 * other connectors; a server that was meant to be an instance and is none must not look healthy.
 */
final class ServerStart implements LifecycleListener {
    private final Exception cause;

    private ServerStart(Exception cause) {
        this.cause = cause;
    }

    /** The start of the service's server fails with that cause; when the server runs already nothing happens. */
    static void fail(@Nullable Service service, Exception cause) {
        Server server = service == null ? null : service.getServer();
        if (server != null && server.getState() != LifecycleState.STARTED) {
            server.addLifecycleListener(new ServerStart(cause));
        }
    }

    @Override
    public void lifecycleEvent(LifecycleEvent event) {
        if (event.getType().equals(Lifecycle.AFTER_START_EVENT)) {
            event.getLifecycle().removeLifecycleListener(this);
            throw new IllegalStateException("Fluid4J cannot start: " + cause.getMessage(), cause);
        }
    }
}
