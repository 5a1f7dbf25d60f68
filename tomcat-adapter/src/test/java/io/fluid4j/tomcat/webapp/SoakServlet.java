/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat.webapp;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Works until its client goes away; under the parameter {@code id} it notes {@code started} and {@code error}. */
@WebServlet(urlPatterns = "/soak/*", asyncSupported = true)
public final class SoakServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** For the container. */
    public SoakServlet() {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getParameter("id");
        switch (request.getPathInfo()) {
            case "/write-listener" -> writeListener(request, response, id);
            case "/idle" -> idle(request, id);
            case "/flushed" -> {
                idle(request, id);
                response.getOutputStream().print("a beginning");
                response.flushBuffer();
            }
            case "/redispatched" -> {
                if (request.getDispatcherType() == DispatcherType.ASYNC) {
                    idle(request, id);
                } else {
                    request.startAsync().dispatch();
                }
            }
            case "/blocking-writer" -> blockingWriter(response, id);
            case "/events" -> response.getWriter().print(Events.all(id));
            default -> response.sendError(404);
        }
    }

    private static void writeListener(HttpServletRequest request, HttpServletResponse response, String id)
            throws IOException {
        byte[] piece = new byte[Integer.parseInt(request.getParameter("piece"))];
        AsyncContext context = request.startAsync();
        context.setTimeout(0);
        ServletOutputStream out = response.getOutputStream();
        Events.add(id, "started");
        out.setWriteListener(new WriteListener() {
            @Override
            public void onWritePossible() throws IOException {
                while (out.isReady()) {
                    out.write(piece);
                }
            }

            @Override
            public void onError(Throwable cause) {
                Events.add(id, "error");
                context.complete();
            }
        });
    }

    private static void idle(HttpServletRequest request, String id) {
        AsyncContext context = request.startAsync();
        context.setTimeout(0);
        context.addListener(new AsyncListener() {
            @Override
            public void onError(AsyncEvent event) {
                Events.add(id, "error");
                event.getAsyncContext().complete();
            }

            @Override
            public void onComplete(AsyncEvent event) {
                Events.add(id, "complete");
            }

            @Override
            public void onTimeout(AsyncEvent event) {
                Events.add(id, "timeout");
            }

            @Override
            public void onStartAsync(AsyncEvent event) {
                // Nothing to note: the test knows.
            }
        });
        Events.add(id, "started");
    }

    private static void blockingWriter(HttpServletResponse response, String id) throws IOException {
        byte[] piece = new byte[10_000];
        Events.add(id, "started");
        try {
            while (true) {
                response.getOutputStream().write(piece);
            }
        } catch (IOException e) {
            Events.add(id, "error");
            throw e;
        }
    }
}
