/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The streams of a session by id. The streams themselves are the links of the buckets, so that neither a look-up nor an
 * insertion allocates; ids count up, so that {@code id & mask} spreads them evenly. Look-ups take no lock: they may miss
 * a stream while the table grows, and then look again under the lock. Thread-safe.
 *
 * @param <S> the kind of stream
 */
final class StreamTable<S extends TunnelStream> {

    private static final int INITIAL_BUCKETS = 64;

    private final Object lock = new Object();
    private volatile AtomicReferenceArray<@Nullable TunnelStream> buckets = new AtomicReferenceArray<>(INITIAL_BUCKETS);
    private volatile int size;
    private boolean closed;

    /** Adds a stream; false when the table is closed. */
    boolean add(S stream) {
        synchronized (lock) {
            if (closed) {
                return false;
            }
            AtomicReferenceArray<@Nullable TunnelStream> table = buckets;
            if (size >= table.length()) {
                table = grow(table);
            }
            link(table, stream);
            size++;
            return true;
        }
    }

    /** Removes a stream; false when it is not there. */
    boolean remove(S stream) {
        synchronized (lock) {
            AtomicReferenceArray<@Nullable TunnelStream> table = buckets;
            int index = stream.id() & (table.length() - 1);
            TunnelStream previous = null;
            for (TunnelStream s = table.get(index); s != null; s = s.tableNext) {
                if (s == stream) {
                    // The removed stream keeps its link: a look-up that stands on it walks on.
                    if (previous == null) {
                        table.set(index, s.tableNext);
                    } else {
                        previous.tableNext = s.tableNext;
                    }
                    size--;
                    return true;
                }
                previous = s;
            }
            return false;
        }
    }

    /** The stream with that id, or null. */
    @SuppressWarnings("unchecked") // Only S goes in.
    @Nullable
    S get(int id) {
        TunnelStream found = find(buckets, id);
        if (found == null && size > 0) {
            synchronized (lock) {
                found = find(buckets, id);
            }
        }
        return (S) found;
    }

    int size() {
        return size;
    }

    /** All streams, in no order. */
    @SuppressWarnings("unchecked") // Only S goes in.
    List<S> all() {
        synchronized (lock) {
            List<S> all = new ArrayList<>(size);
            AtomicReferenceArray<@Nullable TunnelStream> table = buckets;
            for (int i = 0; i < table.length(); i++) {
                for (TunnelStream s = table.get(i); s != null; s = s.tableNext) {
                    all.add((S) s);
                }
            }
            return all;
        }
    }

    /** Takes no more streams and gives up those it has. */
    List<S> close() {
        synchronized (lock) {
            closed = true;
            List<S> all = all();
            buckets = new AtomicReferenceArray<>(INITIAL_BUCKETS);
            size = 0;
            return all;
        }
    }

    private static @Nullable TunnelStream find(AtomicReferenceArray<@Nullable TunnelStream> table, int id) {
        TunnelStream s = table.get(id & (table.length() - 1));
        while (s != null && s.id() != id) {
            s = s.tableNext;
        }
        return s;
    }

    private static void link(AtomicReferenceArray<@Nullable TunnelStream> table, TunnelStream stream) {
        int index = stream.id() & (table.length() - 1);
        stream.tableNext = table.get(index);
        table.set(index, stream);
    }

    private AtomicReferenceArray<@Nullable TunnelStream> grow(AtomicReferenceArray<@Nullable TunnelStream> old) {
        AtomicReferenceArray<@Nullable TunnelStream> table = new AtomicReferenceArray<>(old.length() * 2);
        for (int i = 0; i < old.length(); i++) {
            TunnelStream s = old.get(i);
            while (s != null) {
                TunnelStream next = s.tableNext;
                link(table, s);
                s = next;
            }
        }
        buckets = table;
        return table;
    }
}
