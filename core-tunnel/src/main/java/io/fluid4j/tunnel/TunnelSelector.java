/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * A selector that knows when a cycle ends, so that frames which gathered during the cycle leave in one write
 * (CONCURRENCY.md C-5). A {@link SelectorManager} that runs tunnels returns it from its {@code newSelector(int)}.
 *
 * <p>A sender appends its frame, puts the connection on this selector's list, then looks at the cycle mark; the selector
 * clears the mark, then looks at the list again. So one of them sees the other.
 *
 * <p>Where connections of HTTP clients share it, {@link #inTurn} keeps many of them that are ready together from holding
 * up what the tunnels bring for others (CONCURRENCY.md C-5a).
 */
public class TunnelSelector extends ManagedSelector {

    /**
     * What a cycle may give to clients before tunnels are looked at again. Much shorter, and bursts would be read and
     * written in small pieces; much longer, and an event of a stream would wait for a burst of other requests.
     */
    private static final long CLIENTS_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final System.Logger LOGGER = System.getLogger(TunnelSelector.class.getName());

    /** The selector that the current thread works for. Looked at once per connection. */
    private static final ThreadLocal<@Nullable TunnelSelector> CURRENT = new ThreadLocal<>();

    /** Connections with something to write at the end of the cycle. */
    private final AtomicReference<@Nullable Flusher> dirty = new AtomicReference<>();

    /** The thread that works through a cycle; null while the selector waits. */
    private volatile @Nullable Thread cycleThread;

    /** Clients whose turn did not come in their cycle, the longest waiting first. Touched by whoever selects. */
    private final ArrayDeque<Runnable> late = new ArrayDeque<>();

    private long cycleStartNanos;

    /** A selector of that manager; to be returned from its {@code newSelector(int)}. */
    public TunnelSelector(SelectorManager manager, int id) {
        super(manager, id);
    }

    /** The selector whose cycle this thread works through, or null. */
    static @Nullable TunnelSelector current() {
        TunnelSelector own = CURRENT.get();
        return own != null && own.inCycle() ? own : null;
    }

    /** Ends the cycle, then waits for the next one. Called by Jetty's selector loop alone. */
    @Override
    protected int select(Selector selector) throws IOException {
        if (!late.isEmpty()) {
            runLate();
        }
        endCycle();
        int selected = late.isEmpty() ? super.select(selector) : selector.selectNow();
        beginCycle();
        cycleStartNanos = System.nanoTime();
        return selected;
    }

    private void beginCycle() {
        if (CURRENT.get() != this) {
            CURRENT.set(this);
        }
        cycleThread = Thread.currentThread();
    }

    /**
     * For the {@code onSelected()} of an end point that is no tunnel: the task comes back while clients have not had
     * their share of this cycle; after that it is kept, and run in a later cycle in the order of arrival. A task that may
     * block is never kept: it is not this thread that runs it.
     *
     * @param task what the end point wants done
     * @return what is to be done now, or null
     */
    public final @Nullable Runnable inTurn(@Nullable Runnable task) {
        if (task == null
                || (late.isEmpty() && !clientsHadTheirShare())
                || Invocable.getInvocationType(task) != Invocable.InvocationType.NON_BLOCKING) {
            return task;
        }
        late.add(task);
        return null;
    }

    private boolean clientsHadTheirShare() {
        return System.nanoTime() - cycleStartNanos > CLIENTS_NANOS;
    }

    /** What is left of the cycle goes to those who wait; one of them has its turn in any case. */
    private void runLate() {
        beginCycle();
        do {
            try {
                late.remove().run();
            } catch (Throwable e) {
                LOGGER.log(Level.WARNING, "what a client had to be served with threw", e);
            }
        } while (!late.isEmpty() && !clientsHadTheirShare());
    }

    /** True on the thread that works through a cycle of this selector. */
    final boolean inCycle() {
        return cycleThread == Thread.currentThread();
    }

    /**
     * Something was queued for that connection of this selector: it is written now, or at the end of the cycle that this
     * selector, or the current thread's selector (one of HTTP clients, say), works through.
     */
    final void flushSoon(Flusher flusher) {
        Thread current = Thread.currentThread();
        TunnelSelector list = this;
        Thread cycle = cycleThread;
        if (cycle != current) {
            TunnelSelector own = current();
            if (own != null) {
                list = own;
                cycle = current;
            } else if (cycle == null) {
                flusher.flush();
                return;
            }
        }
        if (flusher.enlist()) {
            list.push(flusher);
        }
        // Also when this thread seemed to be in the cycle: it may have handed the selector to another thread, as Jetty
        // does before a task that may block, and that one may have ended the cycle meanwhile.
        if (list.cycleThread != cycle) {
            list.drain();
        }
    }

    private void endCycle() {
        drain();
        cycleThread = null;
        drain();
    }

    private void push(Flusher flusher) {
        Flusher head;
        do {
            head = dirty.get();
            flusher.nextDirty = head;
        } while (!dirty.compareAndSet(head, flusher));
    }

    private void drain() {
        while (dirty.get() != null) {
            Flusher flusher = dirty.getAndSet(null);
            while (flusher != null) {
                Flusher next = flusher.nextDirty;
                flusher.nextDirty = null;
                flusher.delistAndFlush();
                flusher = next;
            }
        }
    }
}
