/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One answer on its way. A clock tick makes an event; it is written at once, or when the container says that the
 * client has taken what was written before. So a slow reader holds its own events back and nobody else's.
 *
 * <p>The tick thread and a container thread may meet here: everything happens under one lock, and no call under it
 * blocks.
 */
final class AnswerStream implements WriteListener, AsyncListener, Runnable {

    /** A reader that lags this far behind gets no more until it has caught up. */
    private static final int MAX_WAITING_EVENTS = 64;

    private final Object lock = new Object();
    private final AsyncContext async;
    private final ServletOutputStream out;
    private final List<String> tokens;
    private final Counters counters;
    private final ScheduledExecutorService clock;
    private final int intervalMillis;
    private final long startNanos = System.nanoTime();

    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int next;
    private boolean lastMade;
    private boolean unflushed;
    private boolean over;
    private @Nullable Future<?> ticking;

    AnswerStream(
            AsyncContext async,
            List<String> tokens,
            Counters counters,
            ScheduledExecutorService clock,
            int intervalMillis)
            throws IOException {
        this.async = async;
        this.out = async.getResponse().getOutputStream();
        this.tokens = tokens;
        this.counters = counters;
        this.clock = clock;
        this.intervalMillis = intervalMillis;
    }

    void begin() {
        counters.begun("answers");
        waiting.add(event("notice", "{\"text\":" + Json.text(Script.NOTICE) + "}"));
        async.addListener(this);
        out.setWriteListener(this);
    }

    /** A tick of the clock. */
    @Override
    public void run() {
        synchronized (lock) {
            if (over || lastMade || waiting.size() >= MAX_WAITING_EVENTS) {
                return;
            }
            if (next < tokens.size()) {
                waiting.add(event("token", "{\"n\":" + next + ",\"text\":" + Json.text(tokens.get(next)) + "}"));
                next++;
                counters.add("tokens", 1);
            } else {
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
                waiting.add(event("done", "{\"tokens\":" + next + ",\"millis\":" + millis + "}"));
                lastMade = true;
            }
            writeWhatMayBeWritten();
        }
    }

    @Override
    public void onWritePossible() {
        synchronized (lock) {
            if (ticking == null && !over) {
                // Not before: until the container has called for the first time, nothing may be written.
                ticking = clock.scheduleAtFixedRate(this, intervalMillis, intervalMillis, TimeUnit.MILLISECONDS);
            }
            writeWhatMayBeWritten();
        }
    }

    private void writeWhatMayBeWritten() {
        try {
            while (!over && (unflushed || lastMade || !waiting.isEmpty()) && out.isReady()) {
                byte[] event = waiting.poll();
                if (event != null) {
                    out.write(event);
                    unflushed = true;
                } else if (unflushed) {
                    unflushed = false;
                    out.flush();
                } else {
                    finish();
                    async.complete();
                }
            }
        } catch (IOException | IllegalStateException e) {
            onError(e);
        }
    }

    private static byte[] event(String name, String data) {
        return ("event: " + name + "\ndata: " + data + "\n\n").getBytes(UTF_8);
    }

    /** The client has gone. */
    @Override
    public void onError(Throwable failure) {
        boolean complete;
        synchronized (lock) {
            complete = !over;
            if (complete) {
                counters.add("answersCut", 1);
                finish();
            }
        }
        if (complete) {
            try {
                async.complete();
            } catch (IllegalStateException alreadyEnded) {
                // The container has ended the request by itself, which is all that was wanted.
                counters.add("answersEndedByServer", 1);
            }
        }
    }

    private void finish() {
        over = true;
        waiting.clear();
        if (ticking != null) {
            ticking.cancel(false);
        }
        counters.ended();
    }

    @Override
    public void onComplete(AsyncEvent event) {
        synchronized (lock) {
            if (!over) {
                counters.add("answersCut", 1);
                finish();
            }
        }
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        onError(new IOException("timeout"));
    }

    @Override
    public void onError(AsyncEvent event) {
        onError(event.getThrowable());
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // Nobody dispatches this request again.
    }
}
