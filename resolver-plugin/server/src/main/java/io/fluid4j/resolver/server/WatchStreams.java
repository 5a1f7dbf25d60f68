/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import io.fluid4j.resolver.client.RecordJson;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Those who read {@code /v1/watch}. Lines wait in a bounded queue until the client has taken what was before them; one
 * that is too slow is cut off, and resumes from its revision. For any thread.
 */
final class WatchStreams implements AutoCloseable {

    private static final int MAX_STREAMS = 1_024;
    /** Those that follow one function only: every instance follows the routers. */
    private static final int MAX_NARROW_STREAMS = 16_384;
    /** For a client that does not read: many times everything of 10,000 functions. */
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private static final long HEARTBEAT_MILLIS = 2_000;

    private final RecordStore store;
    private final Scheduler scheduler;
    /** Those of clients that want everything, and those of clients that want one function. */
    private final Set<Stream> wide = ConcurrentHashMap.newKeySet();

    private final Set<Stream> narrow = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    WatchStreams(RecordStore store, Scheduler scheduler) {
        this.store = store;
        this.scheduler = scheduler;
    }

    /**
     * Begins a response that goes on until the client goes away.
     *
     * @param from the last revision the client knows
     * @param function the one function it wants to hear of; null: all
     * @return false when there are too many
     */
    boolean open(@Nullable Revision from, @Nullable String function, Response response, Callback callback) {
        Set<Stream> streams = function == null ? wide : narrow;
        if (closed || streams.size() >= (function == null ? MAX_STREAMS : MAX_NARROW_STREAMS)) {
            return false;
        }
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/x-ndjson");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        Stream stream = new Stream(function, response, callback);
        streams.add(stream);
        stream.follow(from);
        return true;
    }

    int size() {
        return wide.size() + narrow.size();
    }

    @Override
    public void close() {
        closed = true;
        wide.forEach(Stream::finish);
        narrow.forEach(Stream::finish);
    }

    private final class Stream implements RecordWatcher, Callback {
        private final @Nullable String function;
        private final Response response;
        private final Callback callback;
        private final Object lock = new Object();
        private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
        private long waitingBytes;
        private boolean writing;
        private boolean ended;
        private RecordStore.@Nullable Watch watch;
        private Scheduler.@Nullable Task heartbeat;
        /** The latest revision the store has told, and why it is lost, if it is: what a heartbeat says. */
        private volatile @Nullable Revision latest;

        private volatile @Nullable String lost;

        Stream(@Nullable String function, Response response, Callback callback) {
            this.function = function;
            this.response = response;
            this.callback = callback;
        }

        void follow(@Nullable Revision from) {
            RecordStore.Watch begun = store.watch(from, this);
            synchronized (lock) {
                if (!ended) {
                    watch = begun;
                    heartbeat = scheduler.schedule(this::beat, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
                    return;
                }
            }
            begun.close();
        }

        @Override
        public void onRelist(Revision revision, Duration storeAge, List<Registration> all) {
            inTouch(revision);
            String wanted = function;
            add(RecordJson.relist(
                    revision,
                    storeAge,
                    wanted == null
                            ? all
                            : all.stream()
                                    .filter(one -> one.function().equals(wanted))
                                    .toList()));
        }

        @Override
        public void onChange(Revision revision, List<RecordChange> changes) {
            boolean back = inTouch(revision);
            String wanted = function;
            if (wanted == null) {
                add(RecordJson.change(revision, changes));
                return;
            }
            List<RecordChange> some = changes.stream()
                    .filter(change -> change.function().equals(wanted))
                    .toList();
            if (back || !some.isEmpty()) {
                add(RecordJson.change(revision, some));
            }
        }

        /** True when the store was lost until now. */
        private boolean inTouch(Revision revision) {
            boolean back = lost != null;
            lost = null;
            latest = revision;
            return back;
        }

        @Override
        public void onLost(String reason) {
            lost = reason;
            add(RecordJson.lost(reason));
        }

        /** Says what is so, so that the client knows that this resolver is still there. */
        private void beat() {
            String reason = lost;
            Revision revision = latest;
            synchronized (lock) {
                if (ended) {
                    return;
                }
                heartbeat = scheduler.schedule(this::beat, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
                if (writing) {
                    return;
                }
            }
            if (reason != null) {
                add(RecordJson.lost(reason));
            } else if (revision != null) {
                add(RecordJson.change(revision, List.of()));
            }
        }

        private void add(String line) {
            byte[] octets = (line + "\n").getBytes(StandardCharsets.UTF_8);
            boolean tooSlow;
            synchronized (lock) {
                if (ended) {
                    return;
                }
                tooSlow = waitingBytes > MAX_WAITING_BYTES;
                waiting.add(octets);
                waitingBytes += octets.length;
            }
            if (tooSlow) {
                end(new IllegalStateException("the client does not read"));
            } else {
                write();
            }
        }

        private void write() {
            byte[] next;
            synchronized (lock) {
                if (writing || ended || waiting.isEmpty()) {
                    return;
                }
                writing = true;
                next = join();
            }
            response.write(false, ByteBuffer.wrap(next), this);
        }

        /** Everything that waits, at once: under load one write carries many lines. */
        private byte[] join() {
            byte[] all = new byte[(int) waitingBytes];
            int at = 0;
            for (byte[] line : waiting) {
                System.arraycopy(line, 0, all, at, line.length);
                at += line.length;
            }
            waiting.clear();
            waitingBytes = 0;
            return all;
        }

        @Override
        public void succeeded() {
            synchronized (lock) {
                writing = false;
            }
            write();
        }

        @Override
        public void failed(Throwable cause) {
            end(cause);
        }

        void finish() {
            end(null);
        }

        private void end(@Nullable Throwable cause) {
            RecordStore.Watch open;
            synchronized (lock) {
                if (ended) {
                    return;
                }
                ended = true;
                open = watch;
                if (heartbeat != null) {
                    heartbeat.cancel();
                }
                waiting.clear();
            }
            (function == null ? wide : narrow).remove(this);
            if (open != null) {
                open.close();
            }
            if (cause == null) {
                callback.succeeded();
            } else {
                callback.failed(cause);
            }
        }
    }
}
