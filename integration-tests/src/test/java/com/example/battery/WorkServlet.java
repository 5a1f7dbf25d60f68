/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Work of a known kind. What has begun is on record in a file that outlives the process, one line a request: its id and
 * the name of the instance (system properties {@code work.ledger} and {@code work.name}). The path says what is done:
 * {@code /wait} holds a thread, {@code /burn} uses a processor, {@code /ask} waits for a dependency that can be made
 * slow, {@code /events} sends events; {@code /slow}, {@code /heap} and {@code /descriptors} harm the instance.
 */
public final class WorkServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final int MEBIBYTE = 1 << 20;

    private static final List<byte[]> HEAP = new ArrayList<>();
    private static final List<InputStream> DESCRIPTORS = new ArrayList<>();
    private static volatile int slowness = 1;

    private transient ScheduledExecutorService clock;
    private transient FileChannel ledger;

    @Override
    public void init() {
        clock = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "events");
            thread.setDaemon(true);
            return thread;
        });
        String file = System.getProperty("work.ledger");
        if (file != null) {
            try {
                ledger = FileChannel.open(Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public void destroy() {
        clock.shutdownNow();
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getParameter("id");
        if (id != null && ledger != null) {
            // One write: lines of several processes do not mix.
            ledger.write(ByteBuffer.wrap((id + " " + name() + "\n").getBytes(StandardCharsets.US_ASCII)));
        }
        response.setHeader("X-Instance", name());
        long millis = number(request, "millis");
        switch (String.valueOf(request.getPathInfo())) {
            case "/wait":
                hold(millis);
                break;
            case "/ask":
                hold(millis * slowness);
                break;
            case "/burn":
                burn(millis);
                break;
            case "/events":
                new Events(request.startAsync(), number(request, "count")).begin(clock, millis);
                return;
            case "/slow":
                slowness = (int) number(request, "factor");
                break;
            case "/heap":
                fill(number(request, "mib"));
                break;
            case "/descriptors":
                open(number(request, "count"));
                break;
            default:
                response.sendError(404);
                return;
        }
        response.setContentType("text/plain;charset=UTF-8");
        response.getWriter().print("done " + id);
    }

    private static String name() {
        return System.getProperty("work.name", "nobody");
    }

    private static long number(HttpServletRequest request, String parameter) {
        String value = request.getParameter(parameter);
        return value == null ? 0 : Long.parseLong(value);
    }

    private static void hold(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void burn(long millis) {
        long end = System.nanoTime() + millis * 1_000_000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Holds that much and no more. */
    private static void fill(long mebibytes) {
        synchronized (HEAP) {
            HEAP.clear();
            for (long i = 0; i < mebibytes; i++) {
                HEAP.add(new byte[MEBIBYTE]);
            }
        }
        // What counts is what a collection leaves.
        System.gc();
    }

    /** Holds that many and no more. */
    private static void open(long count) throws IOException {
        synchronized (DESCRIPTORS) {
            for (InputStream one : DESCRIPTORS) {
                one.close();
            }
            DESCRIPTORS.clear();
            for (long i = 0; i < count; i++) {
                DESCRIPTORS.add(new FileInputStream("/dev/null"));
            }
        }
    }

    /** A stream of events at even times that ends by saying so. */
    private static final class Events implements Runnable {
        private final AsyncContext async;
        private final long count;
        private long sent;
        private ScheduledFuture<?> ticks;

        Events(AsyncContext async, long count) {
            this.async = async;
            this.count = count;
        }

        void begin(ScheduledExecutorService on, long everyMillis) {
            async.setTimeout(0);
            async.getResponse().setContentType("text/event-stream");
            synchronized (this) {
                ticks = on.scheduleAtFixedRate(this, 0, Math.max(1, everyMillis), TimeUnit.MILLISECONDS);
            }
        }

        @Override
        public synchronized void run() {
            try {
                boolean last = sent == count;
                async.getResponse().getWriter().print(last ? "data: end\n\n" : "data: " + sent + "\n\n");
                async.getResponse().flushBuffer();
                sent++;
                if (last) {
                    end();
                }
            } catch (IOException | IllegalStateException e) {
                // The client has gone.
                end();
            }
        }

        private void end() {
            ticks.cancel(false);
            async.complete();
        }
    }
}
