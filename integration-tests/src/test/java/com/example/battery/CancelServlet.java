/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

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

/**
 * Works on until its client goes away, and leaves at {@code key} how it learned that. Leaves {@code started} at
 * {@code key} + {@code .started} when the work has begun. Reads only the query string itself: a parameter look-up would
 * take the body.
 */
public final class CancelServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String key = request.getQueryString().substring("key=".length());
        switch (String.valueOf(request.getPathInfo())) {
            case "/blockingWriter":
                blockingWriter(response, key);
                break;
            case "/blockedReader":
                blockedReader(request, key);
                break;
            case "/writeListener":
                writeListener(request, response, key);
                break;
            case "/readListener":
                readListener(request, key);
                break;
            case "/idleAsync":
                idleAsync(request, key);
                break;
            case "/pollingWriter":
                pollingWriter(response, key);
                break;
            default:
                response.sendError(404);
        }
    }

    private static void blockingWriter(HttpServletResponse response, String key) throws IOException {
        byte[] buffer = new byte[8 * 1024];
        Rendezvous.leave(key + ".started", "started");
        try {
            while (true) {
                response.getOutputStream().write(buffer);
                response.getOutputStream().flush();
            }
        } catch (IOException e) {
            Rendezvous.leave(key, "IOException");
            throw e;
        }
    }

    /** Writes one small event whenever it is told to, as an event stream does. */
    private static void pollingWriter(HttpServletResponse response, String key) throws IOException {
        response.setContentType("text/event-stream");
        try {
            for (int i = 0; i < 1000; i++) {
                response.getOutputStream().print("data: " + i + "\n\n");
                response.flushBuffer();
                Rendezvous.leave(key + ".started", "started");
                if (i == 0) {
                    Rendezvous.await(key + ".go");
                }
            }
            Rendezvous.leave(key, "nothing");
        } catch (IOException e) {
            Rendezvous.leave(key, "IOException");
            throw e;
        }
    }

    private static void blockedReader(HttpServletRequest request, String key) throws IOException {
        byte[] buffer = new byte[1024];
        ServletInputStream in = request.getInputStream();
        Rendezvous.leave(key + ".started", "started");
        try {
            int n = in.read(buffer);
            while (n >= 0) {
                n = in.read(buffer);
            }
            Rendezvous.leave(key, "end of body");
        } catch (IOException e) {
            Rendezvous.leave(key, "IOException");
            throw e;
        }
    }

    private static void writeListener(HttpServletRequest request, HttpServletResponse response, String key)
            throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        ServletOutputStream out = response.getOutputStream();
        byte[] buffer = new byte[8 * 1024];
        out.setWriteListener(new WriteListener() {
            @Override
            public void onWritePossible() throws IOException {
                Rendezvous.leave(key + ".started", "started");
                while (out.isReady()) {
                    out.write(buffer);
                }
            }

            @Override
            public void onError(Throwable failure) {
                Rendezvous.leave(key, "WriteListener.onError");
                async.complete();
            }
        });
    }

    private static void readListener(HttpServletRequest request, String key) throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        ServletInputStream in = request.getInputStream();
        byte[] buffer = new byte[1024];
        in.setReadListener(new ReadListener() {
            @Override
            public void onDataAvailable() throws IOException {
                while (in.isReady() && in.read(buffer) >= 0) {
                    Rendezvous.leave(key + ".started", "started");
                }
            }

            @Override
            public void onAllDataRead() {
                Rendezvous.leave(key, "all read");
                async.complete();
            }

            @Override
            public void onError(Throwable failure) {
                Rendezvous.leave(key, "ReadListener.onError");
                async.complete();
            }
        });
    }

    private static void idleAsync(HttpServletRequest request, String key) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        async.addListener(new AsyncListener() {
            @Override
            public void onError(AsyncEvent event) {
                Rendezvous.leave(key, "AsyncListener.onError");
                event.getAsyncContext().complete();
            }

            @Override
            public void onComplete(AsyncEvent event) {
                Rendezvous.leave(key + ".complete", "onComplete");
            }

            @Override
            public void onTimeout(AsyncEvent event) {
                Rendezvous.leave(key, "AsyncListener.onTimeout");
            }

            @Override
            public void onStartAsync(AsyncEvent event) {}
        });
        Rendezvous.leave(key + ".started", "started");
    }
}
