/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import io.fluid4j.Fluid;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Asynchronous servlets without non-blocking I/O. */
public final class AsyncServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getDispatcherType() == DispatcherType.ASYNC) {
            response.getWriter().write("dispatched " + Fluid.from(request::getAttribute).active() + " "
                    + Fluid.current().active());
            return;
        }
        AsyncContext async = request.startAsync();
        switch (request.getPathInfo()) {
            case "/dispatch":
                new Thread(async::dispatch, "foreign").start();
                break;
            case "/start":
                async.start(() -> {
                    try {
                        response.getWriter().write("started " + Fluid.from(request::getAttribute).active() + " "
                                + Fluid.current().active());
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                    async.complete();
                });
                break;
            default:
                async.setTimeout(200);
                async.addListener(new Timeout());
        }
    }

    private static final class Timeout implements AsyncListener {
        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            event.getSuppliedResponse();
            ((HttpServletResponse) event.getAsyncContext().getResponse()).setStatus(504);
            event.getAsyncContext().getResponse().getWriter().write("timed out");
            event.getAsyncContext().complete();
        }

        @Override
        public void onComplete(AsyncEvent event) {}

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
