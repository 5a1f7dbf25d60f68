/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Runs the events of one exchange one after another without ever making a thread wait: who comes while another thread
 * is inside leaves the event behind, and that thread runs it. The thread that is inside may enter again; what it calls
 * runs at once. With one selector, the default, every event comes from the same thread and this is one compare-and-set.
 */
final class Serial {

    private final AtomicReference<@Nullable Thread> inside = new AtomicReference<>();
    /** Made by the first event that met another one; most exchanges never need it. */
    private volatile @Nullable Queue<Runnable> left;

    private int depth;

    /** True: the caller is inside, and must {@link #exit}. False: the caller must {@link #leave} its event behind. */
    boolean enter() {
        Thread caller = Thread.currentThread();
        if (inside.get() == caller) {
            depth++;
            return true;
        }
        return inside.compareAndSet(null, caller);
    }

    /** Runs events that were left behind meanwhile, then lets the next thread in. */
    void exit() {
        if (depth > 0) {
            depth--;
            return;
        }
        while (true) {
            Queue<Runnable> events = left;
            if (events != null) {
                for (Runnable event = events.poll(); event != null; event = events.poll()) {
                    event.run();
                }
            }
            inside.set(null);
            // An event may have been left between the last poll and the line above.
            events = left;
            if (events == null || events.isEmpty() || !inside.compareAndSet(null, Thread.currentThread())) {
                return;
            }
        }
    }

    /** Leaves an event for the thread that is inside; runs it here when that thread has left meanwhile. */
    void leave(Runnable event) {
        events().add(event);
        if (inside.compareAndSet(null, Thread.currentThread())) {
            exit();
        }
    }

    /** Runs an event now or, when another thread is inside, soon. */
    void run(Runnable event) {
        if (enter()) {
            try {
                event.run();
            } finally {
                exit();
            }
        } else {
            leave(event);
        }
    }

    private Queue<Runnable> events() {
        Queue<Runnable> events = left;
        if (events == null) {
            synchronized (this) {
                events = left;
                if (events == null) {
                    events = new ConcurrentLinkedQueue<>();
                    left = events;
                }
            }
        }
        return events;
    }
}
