/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Revision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /v1/watch} for as long as it is wanted, on a thread of its own: connects again with a growing pause, from
 * the last revision it has seen. A resolver says something every two seconds; one that is silent for longer is given up.
 */
final class RemoteWatch implements RecordStore.Watch {

    private static final Duration SILENCE = Duration.ofSeconds(7);
    private static final long MIN_PAUSE_MILLIS = 100;
    private static final long MAX_PAUSE_MILLIS = 5_000;

    private static final Logger LOG = System.getLogger(RemoteWatch.class.getName());

    private final RemoteStore store;
    private final ScheduledExecutorService executor;
    /** The one function that is wanted; empty: all. */
    private final String function;

    private final RecordWatcher watcher;
    private final Thread thread;
    private volatile boolean closed;
    private volatile long heardNanos;
    private volatile @Nullable InputStream stream;
    // Used by the thread only:
    private @Nullable Revision last;
    private boolean lost;
    private long pauseMillis = MIN_PAUSE_MILLIS;

    RemoteWatch(
            RemoteStore store,
            ScheduledExecutorService executor,
            @Nullable Revision from,
            String function,
            RecordWatcher watcher) {
        this.store = store;
        this.function = function;
        this.executor = executor;
        this.last = from;
        this.watcher = watcher;
        this.thread = new Thread(this::run, "fluid-resolver-watch");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        end();
        store.forget(this);
    }

    private void run() {
        while (!closed) {
            int used = store.used();
            try {
                follow();
                lose("the resolver has ended the watch", null);
            } catch (IOException e) {
                store.failed(used);
                lose("the resolver cannot be reached: " + e, null);
            } catch (InterruptedException e) {
                return;
            } catch (IllegalArgumentException e) {
                // Not what a resolver says. Begin with everything anew.
                last = null;
                store.failed(used);
                lose("the resolver was not understood", e);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "a watcher failed and is not called any more", e);
                close();
                return;
            }
            try {
                long pause = pauseMillis / 2 + ThreadLocalRandom.current().nextLong(pauseMillis);
                pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
                TimeUnit.MILLISECONDS.sleep(pause);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void follow() throws IOException, InterruptedException {
        heardNanos = System.nanoTime();
        HttpRequest request = store.request("/v1/watch" + query()).build();
        HttpResponse<InputStream> response = begin(store.http().sendAsync(request, BodyHandlers.ofInputStream()));
        InputStream body = response.body();
        stream = body;
        ScheduledFuture<?> watchdog = null;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            if (response.statusCode() != 200) {
                throw new IOException("it answered " + response.statusCode());
            }
            watchdog = executor.scheduleWithFixedDelay(this::endWhenSilent, 1, 1, TimeUnit.SECONDS);
            for (String line = lines.readLine(); line != null && !closed; line = lines.readLine()) {
                heardNanos = System.nanoTime();
                if (!line.isEmpty()) {
                    heard(line);
                }
            }
        } finally {
            if (watchdog != null) {
                watchdog.cancel(false);
            }
        }
    }

    private String query() {
        StringJoiner query = new StringJoiner("&", "?", "").setEmptyValue("");
        if (last != null) {
            query.add("from=" + last);
        }
        if (!function.isEmpty()) {
            query.add("function=" + function);
        }
        return query.toString();
    }

    /** Waits for the head of a response; a timeout of the request could end the body, too. */
    private static HttpResponse<InputStream> begin(CompletableFuture<HttpResponse<InputStream>> answer)
            throws IOException, InterruptedException {
        try {
            return answer.get(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException("it does not answer", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private void heard(String line) {
        Revision revision = RecordJson.tell(line, watcher);
        lost = revision == null;
        last = revision == null ? last : revision;
        pauseMillis = MIN_PAUSE_MILLIS;
    }

    private void lose(String reason, @Nullable Exception cause) {
        if (closed || lost) {
            return;
        }
        lost = true;
        LOG.log(Level.WARNING, reason, cause);
        watcher.onLost(reason);
    }

    private void endWhenSilent() {
        if (System.nanoTime() - heardNanos > SILENCE.toNanos()) {
            end();
        }
    }

    private void end() {
        InputStream open = stream;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "a watch could not be closed", e);
            }
        }
    }
}
