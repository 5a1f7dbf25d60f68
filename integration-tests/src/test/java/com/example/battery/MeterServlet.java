/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import io.fluid4j.Fluid;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Burns processor time in every kind of slice that there is, and keeps what the threads that did it have measured by their
 * own clocks. The path says how; {@code millis} is for each piece, {@code key} is where {@code /told} finds the sum.
 */
public final class MeterServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String PIECES = "pieces";
    private static final Map<String, CompletableFuture<String>> TOLD = new ConcurrentHashMap<>();

    private transient ExecutorService pool;

    @Override
    public void init() {
        pool = Executors.newFixedThreadPool(8, task -> {
            Thread thread = new Thread(task, "pool of the application");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public void destroy() {
        pool.shutdownNow();
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String key = request.getParameter("key");
        response.setContentType("text/plain;charset=UTF-8");
        if ("/told".equals(request.getPathInfo())) {
            response.getWriter().print(told(key));
            return;
        }
        if ("/memory".equals(request.getPathInfo())) {
            response.getWriter().print("memory=" + Runtime.getRuntime().maxMemory() + "\n");
            return;
        }
        Object begun = request.getAttribute(PIECES);
        Pieces pieces =
                begun == null ? new Pieces(key, Long.parseLong(request.getParameter("millis"))) : (Pieces) begun;
        request.setAttribute(PIECES, pieces);
        switch (String.valueOf(request.getPathInfo())) {
            case "/blocking":
                pieces.burn();
                finish(response, pieces);
                break;
            case "/waiting":
                hold(pieces.millis);
                finish(response, pieces);
                break;
            case "/dispatched":
                pieces.burn();
                if (request.getDispatcherType() == DispatcherType.ASYNC) {
                    finish(response, pieces);
                } else {
                    AsyncContext async = request.startAsync();
                    async.start(() -> {
                        pieces.burn();
                        async.dispatch();
                    });
                }
                break;
            case "/wrapped":
                AsyncContext wrapped = request.startAsync();
                pool.execute(Fluid.current().wrap(() -> finish(wrapped, pieces)));
                break;
            case "/unseen":
                AsyncContext unseen = request.startAsync();
                pool.execute(() -> finish(unseen, pieces));
                break;
            case "/listeners":
                AsyncContext listened = request.startAsync();
                request.getInputStream()
                        .setReadListener(
                                new Listener(listened, request.getInputStream(), response.getOutputStream(), pieces));
                break;
            case "/pending":
                pending(Path.of(request.getParameter("folder")), key);
                response.getWriter().print("before");
                break;
            case "/after":
                after(pieces);
                response.getWriter().print("before");
                break;
            default:
                response.sendError(404);
        }
    }

    private static void finish(HttpServletResponse response, Pieces pieces) throws IOException {
        response.getWriter().print("done");
        pieces.tell();
    }

    private static void finish(AsyncContext async, Pieces pieces) {
        pieces.burn();
        try {
            finish((HttpServletResponse) async.getResponse(), pieces);
        } catch (IOException e) {
            async.getRequest().getServletContext().log("not answered", e);
        } finally {
            async.complete();
        }
    }

    /** A piece in a task after the response, and one on a thread of ours that the request waits for. */
    private void after(Pieces pieces) {
        CompletableFuture<Object> first = Fluid.runAfterResponse(() -> {
            pieces.burn();
            return "";
        });
        Runnable second = Fluid.current().wrap(pieces::burn);
        Fluid.waitUntil(first.thenRunAsync(second, pool).thenRun(pieces::tell));
    }

    /** Work after the response that ends when there is a file {@code go}, and then leaves one of its own. */
    private static void pending(Path folder, String key) {
        Fluid.runAfterResponse(() -> {
            while (!Files.exists(folder.resolve("go"))) {
                hold(20);
            }
            return Files.createFile(folder.resolve(key));
        });
    }

    private static String told(String key) throws IOException {
        try {
            return TOLD.computeIfAbsent(key, k -> new CompletableFuture<>()).get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IOException(e);
        }
    }

    private static void hold(long millis) {
        long end = System.nanoTime() + millis * 1_000_000L;
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** What has been burnt for a request. */
    private static final class Pieces {
        private final String key;
        private final long millis;
        private final long beganNanos = System.nanoTime();
        private final AtomicLong burntNanos = new AtomicLong();

        Pieces(String key, long millis) {
            this.key = key;
            this.millis = millis;
        }

        /** Until the thread's own clock says so; virtual threads have none, there it is the wall's. */
        void burn() {
            boolean own = THREADS.getCurrentThreadCpuTime() >= 0;
            long begin = now(own);
            long used = 0;
            while (used < millis * 1_000_000L) {
                used = now(own) - begin;
            }
            burntNanos.addAndGet(used);
        }

        private static long now(boolean own) {
            return own ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
        }

        void tell() {
            TOLD.computeIfAbsent(key, k -> new CompletableFuture<>())
                    .complete("burnt=" + burntNanos.get() + "\ntook=" + (System.nanoTime() - beganNanos) + "\n");
        }
    }

    /** A piece in each callback: data, its end, and the possibility to write. */
    private static final class Listener implements ReadListener, WriteListener {
        private final AsyncContext async;
        private final ServletInputStream in;
        private final ServletOutputStream out;
        private final Pieces pieces;
        private final byte[] buffer = new byte[1024];
        private boolean begun;

        Listener(AsyncContext async, ServletInputStream in, ServletOutputStream out, Pieces pieces) {
            this.async = async;
            this.in = in;
            this.out = out;
            this.pieces = pieces;
        }

        @Override
        public void onDataAvailable() throws IOException {
            if (!begun) {
                begun = true;
                pieces.burn();
            }
            while (in.isReady() && in.read(buffer) >= 0) {
                continue;
            }
        }

        @Override
        public void onAllDataRead() {
            pieces.burn();
            out.setWriteListener(this);
        }

        @Override
        public void onWritePossible() throws IOException {
            if (out.isReady()) {
                pieces.burn();
                out.print("done");
                pieces.tell();
                async.complete();
            }
        }

        @Override
        public void onError(Throwable failure) {
            async.getRequest().getServletContext().log("listener failed", failure);
            async.complete();
        }
    }
}
