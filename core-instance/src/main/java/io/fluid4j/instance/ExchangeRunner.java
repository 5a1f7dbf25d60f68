/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.tunnel.SendBatch;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs admitted exchanges on the container's executor with as few hand-offs as possible, by waking in a chain: at most one
 * submitted runner is <em>searching</em> for work. A runner that takes an exchange and sees more submits the next runner
 * first; then it runs its exchange, and goes on with the queue until that is empty. So a batch of short requests costs one
 * or two hand-offs in all, and a request that blocks never delays the next.
 *
 * <p>An exchange that has waited too long is handed back unstarted instead of run, in the manner of CoDel: normally after
 * the whole limit; while the queue has been standing for that long without a break, after a {@link #STANDING_SHARE}th of
 * it, so that what is run is fresh, and what cannot be run is told soon.
 *
 * <p>Thread-safe. {@link #run} is what the container's threads execute.
 */
final class ExchangeRunner implements Runnable {

    /** See above: with the default of 250 ms, a standing queue is cut at 25 ms. */
    static final int STANDING_SHARE = 10;

    /** One admitted exchange, as the runner sees it. */
    interface Task {
        /** Monotonic time of the admission, in nanoseconds. */
        long admittedNanos();

        /**
         * Runs the exchange, unless it was cancelled meanwhile. Throws nothing.
         *
         * @param nowNanos monotonic time, in nanoseconds
         */
        void run(SliceClock clock, long nowNanos);

        /** The exchange waited too long without having started. Throws nothing. */
        void tooLate();

        /** The container's executor has no thread for it. Throws nothing. */
        void rejected();
    }

    private final Executor executor;
    private final LongSupplier nanoClock;
    private final LongSupplier maxDelayNanos;
    private final Runnable onRoom;
    private final Queue<Task> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean searching = new AtomicBoolean();

    /** When the queue was last seen to be empty. */
    private volatile long lastEmptyNanos;

    /** True from an exchange that was handed back until the queue is empty again; then {@link #onRoom} runs once. */
    private volatile boolean refused;

    /** When a thread last took an exchange. */
    private volatile long lastTakenNanos;

    /**
     * A runner on an executor.
     *
     * @param executor the container's
     * @param nanoClock monotonic time, in nanoseconds
     * @param maxDelayNanos how long an exchange may wait for a thread; {@link Long#MAX_VALUE} for ever
     * @param onRoom runs on a container thread when nothing waits any more after some had to be handed back: the routers,
     *     which paused, should learn it before the instance falls idle
     */
    ExchangeRunner(Executor executor, LongSupplier nanoClock, LongSupplier maxDelayNanos, Runnable onRoom) {
        this.executor = executor;
        this.nanoClock = nanoClock;
        this.maxDelayNanos = maxDelayNanos;
        this.onRoom = onRoom;
        this.lastEmptyNanos = nanoClock.getAsLong();
        this.lastTakenNanos = lastEmptyNanos;
    }

    /** Queues an exchange; {@link #handOver} follows at the end of the batch. */
    void offer(Task task) {
        queue.offer(task);
    }

    /** Makes sure that somebody looks at the queue. Never blocks, provided the executor does not. */
    void handOver() {
        if (!queue.isEmpty() && !submitRunner()) {
            rejectAll();
        }
    }

    @Override
    public void run() {
        SliceClock clock = SliceClock.ofThisThread();
        SendBatch responses = SendBatch.ofThisThread();
        Task task = search();
        while (task != null) {
            boolean more = !queue.isEmpty();
            responses.more(more); // Responses of short exchanges in a row leave in one write.
            if (more) {
                // When that is refused, this runner takes the next exchange itself, and expire() sees to it that
                // none waits for ever.
                submitRunner();
            }
            runOrRefuse(task, clock);
            clock.chain();
            task = queue.poll();
        }
        responses.more(false);
        clock.unchain();
        lastEmptyNanos = nanoClock.getAsLong();
        if (refused) {
            refused = false;
            onRoom.run();
        }
    }

    /**
     * Hands back what has waited too long. Called now and then by the scheduler, for the case that no thread of the container
     * comes to look.
     *
     * @return how many were handed back
     */
    int expire() {
        long now = nanoClock.getAsLong();
        long allowed = allowedNanos(now);
        int expired = 0;
        for (Task oldest = queue.peek(); oldest != null; oldest = queue.peek()) {
            if (now - oldest.admittedNanos() <= allowed) {
                break;
            }
            // Another thread may have taken the oldest meanwhile; whatever this takes is this thread's then.
            Task taken = queue.poll();
            if (taken == null) {
                break;
            }
            if (now - taken.admittedNanos() > allowed) {
                refused = true;
                taken.tooLate();
                expired++;
            } else {
                queue.offer(taken);
                handOver();
                break;
            }
        }
        return expired;
    }

    /**
     * How long no thread of the container has come for the exchanges that wait, in nanoseconds; 0 when none waits. A queue
     * that moves is no fault, however long it is: the limit and the hand-back of late exchanges see to that.
     */
    long stalledNanos() {
        Task oldest = queue.peek();
        if (oldest == null) {
            return 0;
        }
        long now = nanoClock.getAsLong();
        return Math.max(0, Math.min(now - oldest.admittedNanos(), now - lastTakenNanos));
    }

    /** The searching runner's first look: whatever is offered after the mark was cleared submits a new one. */
    private @Nullable Task search() {
        while (true) {
            Task task = queue.poll();
            searching.set(false);
            if (task != null || queue.isEmpty() || !searching.compareAndSet(false, true)) {
                return task;
            }
        }
    }

    private boolean submitRunner() {
        if (!searching.compareAndSet(false, true)) {
            return true;
        }
        try {
            executor.execute(this);
            return true;
        } catch (RejectedExecutionException e) {
            searching.set(false);
            return false;
        }
    }

    private void rejectAll() {
        for (Task task = queue.poll(); task != null; task = queue.poll()) {
            task.rejected();
        }
    }

    private void runOrRefuse(Task task, SliceClock clock) {
        long now = nanoClock.getAsLong();
        lastTakenNanos = now;
        if (now - task.admittedNanos() > allowedNanos(now)) {
            refused = true;
            task.tooLate();
        } else {
            task.run(clock, now);
        }
    }

    private long allowedNanos(long now) {
        long max = maxDelayNanos.getAsLong();
        if (queue.isEmpty()) {
            lastEmptyNanos = now;
            return max;
        }
        return now - lastEmptyNanos > max ? max / STANDING_SHARE : max;
    }
}
