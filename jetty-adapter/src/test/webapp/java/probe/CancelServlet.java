/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Waits in every way for the client to go away, and writes down that it heard of it. */
public final class CancelServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getParameter("id");
        switch (request.getPathInfo()) {
            case "/blocking-write":
                blockingWrite(id, response);
                break;
            case "/blocking-read":
                blockingRead(id, request, response);
                break;
            case "/read-listener":
                readListener(id, request, response);
                break;
            case "/write-listener":
                writeListener(id, request, response);
                break;
            case "/redispatch":
                redispatch(id, request);
                break;
            case "/idle":
                idle(id, request, response);
                break;
            default:
                throw new IllegalArgumentException(request.getPathInfo());
        }
    }

    private static void blockingWrite(String id, HttpServletResponse response) throws IOException {
        byte[] chunk = new byte[32_768];
        try {
            Events.add(id, "started");
            while (true) {
                response.getOutputStream().write(chunk);
            }
        } catch (IOException e) {
            Events.add(id, "error");
            throw e;
        }
    }

    private static void blockingRead(String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        try {
            response.flushBuffer();
            Events.add(id, "started");
            request.getInputStream().readAllBytes();
            Events.add(id, "complete");
        } catch (IOException e) {
            Events.add(id, "error");
            throw e;
        }
    }

    private static void readListener(String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        ServletInputStream in = request.getInputStream();
        response.flushBuffer();
        in.setReadListener(new ReadListener() {
            @Override
            public void onDataAvailable() throws IOException {
                byte[] buffer = new byte[4096];
                while (in.isReady() && !in.isFinished()) {
                    if (in.read(buffer) < 0) {
                        return;
                    }
                }
            }

            @Override
            public void onAllDataRead() {
                Events.add(id, "complete");
                async.complete();
            }

            @Override
            public void onError(Throwable failure) {
                Events.add(id, "error");
                async.complete();
            }
        });
        Events.add(id, "started");
    }

    private static void writeListener(String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        ServletOutputStream out = response.getOutputStream();
        out.setWriteListener(new WriteListener() {
            private final byte[] chunk = new byte[Integer.parseInt(request.getParameter("chunk"))];

            @Override
            public void onWritePossible() throws IOException {
                while (out.isReady()) {
                    out.write(chunk);
                }
            }

            @Override
            public void onError(Throwable failure) {
                Events.add(id, "error");
                async.complete();
            }
        });
        Events.add(id, "started");
    }

    private static void idle(String id, HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean flush = request.getParameter("flush") != null;
        if (flush) {
            response.flushBuffer();
        }
        waitForError(id, request);
        Events.add(id, "started");
    }

    /** Goes round through dispatches that the container sends to its pool by itself, then waits. */
    private static void redispatch(String id, HttpServletRequest request) {
        Integer round = (Integer) request.getAttribute("round");
        int now = round == null ? 1 : round + 1;
        request.setAttribute("round", now);
        AsyncContext async = waitForError(id, request);
        if (now == 1) {
            Events.add(id, "started");
        }
        if (now < 20) {
            async.start(() -> {
                try {
                    async.dispatch();
                } catch (IllegalStateException e) {
                    Events.add(id, "too-late");
                }
            });
        }
    }

    private static AsyncContext waitForError(String id, HttpServletRequest request) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        async.addListener(new AsyncListener() {
            @Override
            public void onComplete(AsyncEvent event) {}

            @Override
            public void onTimeout(AsyncEvent event) {}

            @Override
            public void onError(AsyncEvent event) {
                Events.add(id, "error");
                async.complete();
            }

            @Override
            public void onStartAsync(AsyncEvent event) {}
        });
        return async;
    }
}
