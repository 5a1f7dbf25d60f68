/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat.webapp;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Asynchronous and non-blocking requests of every kind; the path says which. */
@WebServlet(urlPatterns = "/async/*", asyncSupported = true)
public final class AsyncServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final Queue<AsyncContext> PARKED = new ConcurrentLinkedQueue<>();

    /** For the container. */
    public AsyncServlet() {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getPathInfo()) {
            case "/dispatch" -> {
                AsyncContext context = request.startAsync();
                new Thread(() -> context.dispatch("/sync/hello"), "foreign").start();
            }
            case "/start" -> start(request, response);
            case "/complete" -> {
                AsyncContext context = request.startAsync();
                new Thread(() -> complete(context, "completed"), "foreign").start();
            }
            case "/timeout" -> timeout(request);
            case "/unhandled-timeout" -> request.startAsync().setTimeout(100);
            case "/write" -> write(request, response);
            case "/read" -> read(request, response);
            case "/idle" -> {
                AsyncContext context = listened(request, "idle");
                context.setTimeout(0);
                Events.add("idle", "started");
            }
            case "/park" -> {
                AsyncContext context = request.startAsync();
                context.setTimeout(0);
                PARKED.add(context);
            }
            case "/release" -> release(response);
            default -> response.sendError(404);
        }
    }

    private static void start(HttpServletRequest request, HttpServletResponse response) {
        AsyncContext context = request.startAsync();
        context.start(() -> complete(
                context,
                "started on "
                        + (Thread.currentThread().getName().startsWith("fluid-exec-")
                                ? "a container thread"
                                : Thread.currentThread().getName())));
    }

    private static void complete(AsyncContext context, String text) {
        try {
            context.getResponse().setContentType("text/plain");
            context.getResponse().getWriter().print(text);
            context.complete();
        } catch (IOException e) {
            Events.add("complete", e.toString());
        }
    }

    private static void timeout(HttpServletRequest request) {
        AsyncContext context = request.startAsync();
        context.setTimeout(100);
        context.addListener(new Recorder("timeout") {
            @Override
            public void onTimeout(AsyncEvent event) throws IOException {
                event.getSuppliedResponse();
                event.getAsyncContext().getResponse().getWriter().print("timed out");
                event.getAsyncContext().complete();
            }
        });
    }

    private static AsyncContext listened(HttpServletRequest request, String name) {
        AsyncContext context = request.startAsync();
        context.addListener(new Recorder(name));
        return context;
    }

    private static void write(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int bytes = Integer.parseInt(request.getParameter("bytes"));
        String name = "write";
        String waiting = request.getParameter("waiting");
        AsyncContext context = listened(request, name);
        context.setTimeout(0);
        ServletOutputStream out = response.getOutputStream();
        out.setWriteListener(new WriteListener() {
            private final byte[] piece = new byte[10_000];
            private int left = bytes;
            private int calls;

            @Override
            public void onWritePossible() throws IOException {
                calls++;
                while (out.isReady()) {
                    if (left == 0) {
                        Events.add(name, "calls " + calls);
                        context.complete();
                        return;
                    }
                    int n = Math.min(left, piece.length);
                    left -= n;
                    out.write(piece, 0, n);
                }
                if (waiting != null) {
                    Events.add(waiting, "isReady() is false");
                }
            }

            @Override
            public void onError(Throwable cause) {
                Events.add(name, "WriteListener.onError");
            }
        });
    }

    private static void read(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String name = "read";
        AsyncContext context = listened(request, name);
        context.setTimeout(0);
        ServletInputStream in = request.getInputStream();
        in.setReadListener(new ReadListener() {
            private final byte[] piece = new byte[3_000];
            private long length;

            @Override
            public void onDataAvailable() throws IOException {
                while (in.isReady()) {
                    int n = in.read(piece);
                    if (n < 0) {
                        return;
                    }
                    length += n;
                }
            }

            @Override
            public void onAllDataRead() throws IOException {
                response.getOutputStream().print("read " + length);
                context.complete();
            }

            @Override
            public void onError(Throwable cause) {
                Events.add(name, "ReadListener.onError");
            }
        });
        Events.add(name, "started");
    }

    private static void release(HttpServletResponse response) throws IOException {
        int released = 0;
        for (AsyncContext context = PARKED.poll(); context != null; context = PARKED.poll()) {
            released++;
            complete(context, "parked");
        }
        response.getWriter().print(released);
    }

    private static class Recorder implements AsyncListener {
        private final String name;

        Recorder(String name) {
            this.name = name;
        }

        @Override
        public void onComplete(AsyncEvent event) {
            Events.add(name, "AsyncListener.onComplete");
        }

        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            Events.add(name, "AsyncListener.onTimeout");
        }

        @Override
        public void onError(AsyncEvent event) {
            Events.add(name, "AsyncListener.onError");
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            // Nothing to note: the test knows.
        }
    }
}
