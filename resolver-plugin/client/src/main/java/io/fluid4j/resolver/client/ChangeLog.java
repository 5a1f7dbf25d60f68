/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore.Watch;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The history of a store, as far back as it is kept, and those who follow it. Each watcher has its place in the history;
 * one that falls behind what is kept is given everything anew, so that a slow one costs no memory. Safe for any thread;
 * watchers are called on the executor, without a lock.
 */
public final class ChangeLog {

    /** Changes that are kept for those who resume. At 2,000 a second a watcher may be away for half a minute. */
    private static final int MAX_KEPT_CHANGES = 65_536;

    private static final Logger LOG = System.getLogger(ChangeLog.class.getName());

    private record Batch(Revision revision, List<RecordChange> changes) {
        int weight() {
            return changes.size() + 1;
        }
    }

    private record Key(String function, String router) {}

    private final Executor executor;
    private final LongSupplier nanos;
    private final int maxKept;
    private final Object lock = new Object();
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    // Under the lock:
    private final Map<Key, Registration> current = new HashMap<>();
    /** The batches from {@link #firstKept} to before {@link #nextPlace}, each at its place modulo the length. */
    private final @Nullable Batch[] ring;

    private int keptChanges;
    private long firstKept;
    private long nextPlace;
    /** The revision before the first batch that is kept. */
    private Revision beforeKept;

    private Revision revision;
    private long epochNanos;
    private @Nullable String lost;

    /**
     * An empty history.
     *
     * @param executor runs one task at a time; calls the watchers
     * @param nanos time, compared by difference
     * @param start the revision before anything is written; {@link Revision#NONE} when that is not known yet: nobody is
     *     told anything then, but that the store is lost, until the first {@link #relist}
     */
    public ChangeLog(Executor executor, LongSupplier nanos, Revision start) {
        this(executor, nanos, start, MAX_KEPT_CHANGES);
    }

    ChangeLog(Executor executor, LongSupplier nanos, Revision start, int maxKept) {
        this.executor = executor;
        this.nanos = nanos;
        this.maxKept = maxKept;
        this.ring = new Batch[maxKept];
        this.revision = start;
        this.beforeKept = start;
        this.epochNanos = nanos.getAsLong();
    }

    /** The last revision. */
    public Revision revision() {
        synchronized (lock) {
            return revision;
        }
    }

    /**
     * Adds what has changed, and tells everybody.
     *
     * @param next the revision after these changes; not before the last one
     * @param changes what has changed; may be empty
     */
    public void append(Revision next, List<RecordChange> changes) {
        synchronized (lock) {
            boolean news = lost != null || !changes.isEmpty();
            lost = null;
            revision = next;
            if (!news) {
                return;
            }
            for (RecordChange change : changes) {
                Key key = new Key(change.function(), change.router());
                Registration registration = change.registration();
                if (registration == null) {
                    current.remove(key);
                } else {
                    current.put(key, registration);
                }
            }
            keep(new Batch(next, List.copyOf(changes)));
        }
        dispatch();
    }

    private void keep(Batch batch) {
        keptChanges += batch.weight();
        while (keptChanges > maxKept && firstKept < nextPlace) {
            Batch oldest = at(firstKept);
            ring[slot(firstKept)] = null;
            keptChanges -= oldest.weight();
            beforeKept = oldest.revision;
            firstKept++;
        }
        ring[slot(nextPlace++)] = batch;
    }

    private Batch at(long place) {
        return requireNonNull(ring[slot(place)], "batch");
    }

    private int slot(long place) {
        return (int) (place % ring.length);
    }

    /**
     * Forgets the history and begins anew with everything there is; everybody is given all of it.
     *
     * @param next the revision at which this was all
     * @param all every registration
     */
    public void relist(Revision next, List<Registration> all) {
        synchronized (lock) {
            if (next.epoch() != revision.epoch()) {
                epochNanos = nanos.getAsLong();
            }
            lost = null;
            revision = next;
            current.clear();
            for (Registration registration : all) {
                current.put(
                        new Key(registration.function(), registration.router().router()), registration);
            }
            // Past every place a follower can have, so that each of them is behind.
            Arrays.fill(ring, null);
            firstKept = nextPlace + 1;
            nextPlace = firstKept;
            keptChanges = 0;
            beforeKept = next;
        }
        dispatch();
    }

    /**
     * Says that the store behind cannot be reached; the next call of another method says that it can.
     *
     * @param reason for people
     */
    public void lost(String reason) {
        synchronized (lock) {
            if (lost != null) {
                return;
            }
            lost = reason;
        }
        dispatch();
    }

    /** Everything there is now. */
    public List<Registration> all() {
        synchronized (lock) {
            return List.copyOf(current.values());
        }
    }

    /**
     * Follows the history.
     *
     * @param from the last revision the watcher knows; null for everything
     * @param watcher is called on the executor
     * @return ends the watch
     */
    public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
        Follower follower = new Follower(watcher);
        synchronized (lock) {
            follower.next = from == null ? -1 : placeAfter(from);
        }
        followers.add(follower);
        dispatch();
        return () -> {
            follower.closed = true;
            followers.remove(follower);
        };
    }

    private long placeAfter(Revision from) {
        if (from.epoch() != revision.epoch() || from.number() < beforeKept.number() || from.isAfter(revision)) {
            return -1;
        }
        long place = firstKept;
        while (place < nextPlace && !at(place).revision.isAfter(from)) {
            place++;
        }
        return place;
    }

    private void dispatch() {
        try {
            executor.execute(this::deliver);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the store is closed: nobody is told");
        }
    }

    private void deliver() {
        for (Follower follower : List.copyOf(followers)) {
            try {
                while (!follower.closed && follower.step()) {
                    // Until it has seen everything.
                }
            } catch (RuntimeException e) {
                followers.remove(follower);
                LOG.log(Level.ERROR, "a watcher failed and is not called any more", e);
            }
        }
    }

    /** One who follows, and its place. Used on the executor only, but for the beginning. */
    private final class Follower {
        private final RecordWatcher watcher;
        private volatile boolean closed;
        private long next;
        private boolean toldLost;
        private boolean begun;

        Follower(RecordWatcher watcher) {
            this.watcher = watcher;
        }

        /** Tells one thing; false when there was nothing to tell. */
        boolean step() {
            Batch batch = null;
            List<Registration> all = null;
            Revision at;
            Duration age;
            String reason;
            synchronized (lock) {
                at = revision;
                reason = lost;
                age = Duration.ofNanos(nanos.getAsLong() - epochNanos);
                if (at.equals(Revision.NONE)) {
                    next = -1;
                } else if (next < firstKept) {
                    all = List.copyOf(current.values());
                    next = nextPlace;
                } else if (next < nextPlace) {
                    batch = at(next++);
                }
            }
            return tell(at, age, all, batch, reason);
        }

        private boolean tell(
                Revision at,
                Duration age,
                @Nullable List<Registration> all,
                @Nullable Batch batch,
                @Nullable String reason) {
            boolean first = !begun;
            begun = true;
            if (all != null) {
                toldLost = false;
                watcher.onRelist(at, age, all);
                return true;
            }
            if (batch != null) {
                toldLost = false;
                watcher.onChange(batch.revision, batch.changes);
                return true;
            }
            if (reason != null && !toldLost) {
                toldLost = true;
                watcher.onLost(reason);
            } else if (first && !at.equals(Revision.NONE)) {
                // It resumes where nothing has happened since: let it know that it is up to date.
                watcher.onChange(at, List.of());
            }
            return false;
        }
    }
}
