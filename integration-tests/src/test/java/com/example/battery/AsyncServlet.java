/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The ways in which an asynchronous request ends; the path says which. */
public final class AsyncServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain;charset=UTF-8");
        if (request.getDispatcherType() == DispatcherType.ASYNC) {
            response.getWriter().print("dispatched " + request.getAttribute("from"));
            return;
        }
        AsyncContext async = request.startAsync();
        switch (String.valueOf(request.getPathInfo())) {
            case "/dispatch":
                new Thread(
                                () -> {
                                    request.setAttribute("from", "a foreign thread");
                                    async.dispatch();
                                },
                                "foreign")
                        .start();
                break;
            case "/start":
                async.start(() -> finish(async, "started"));
                break;
            case "/complete":
                new Thread(() -> finish(async, "completed"), "foreign").start();
                break;
            case "/timeout":
                async.setTimeout(200);
                async.addListener(new OnTimeout(), request, response);
                break;
            case "/unhandledTimeout":
                async.setTimeout(200);
                break;
            case "/stream":
                async.setTimeout(0);
                response.setContentType("text/event-stream");
                new Thread(() -> stream(async, request.getParameter("key")), "foreign").start();
                break;
            case "/hold":
                hold(async, request.getParameter("key"));
                break;
            case "/events":
                async.setTimeout(0);
                response.setContentType("text/event-stream");
                response.getWriter().print("data: first\n\n");
                response.flushBuffer();
                Rendezvous.at(request.getParameter("key")).thenRunAsync(() -> finish(async, "data: last\n\n"));
                break;
            default:
                async.complete();
        }
    }

    private static void hold(AsyncContext async, String key) {
        async.setTimeout(0);
        Rendezvous.at(key).thenRunAsync(() -> finish(async, "released"));
    }

    private static void stream(AsyncContext async, String key) {
        try {
            for (int i = 0; i < 3; i++) {
                async.getResponse().getWriter().print("data: " + i + "\n\n");
                async.getResponse().flushBuffer();
                Rendezvous.await(key + i);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            async.complete();
        }
    }

    private static void finish(AsyncContext async, String text) {
        try {
            async.getResponse().getWriter().print(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            async.complete();
        }
    }

    private static final class OnTimeout implements AsyncListener {
        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            ((HttpServletResponse) event.getSuppliedResponse()).setStatus(503);
            event.getSuppliedResponse().getWriter().print("timed out");
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
