/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Where Jetty hands a request over: on the selector thread that has read it, never blocking it. */
final class RouterHandler extends Handler.Abstract.NonBlocking {

    private final RouterContext context;

    RouterHandler(RouterContext context) {
        this.context = context;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (request.getConnectionMetaData() instanceof ClientConnection client && client.hasSaidItsLast()) {
            callback.failed(new EofException("a request on a connection that takes no answer any more"));
            return true;
        }
        new RouterExchange(context, request, response, callback).start();
        return true;
    }
}
