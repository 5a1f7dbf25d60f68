/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler in virtual time. Tasks run on the thread that calls {@link #runDue()} or {@link #advance}, in the order of
 * their times, and never inside the call that schedules them: code that would break with a real scheduler breaks here
 * too. Scheduling is safe from any thread; running is for one thread at a time.
 */
public final class ManualScheduler extends AbstractExecutorService implements ScheduledExecutorService {

    private final ManualClock clock;
    private final Object lock = new Object();
    private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>(Comparator.naturalOrder());
    private long scheduled;
    private boolean shutdown;

    /** A scheduler on that clock; the clock may also be moved by itself, then {@link #runDue()} runs what is due. */
    public ManualScheduler(ManualClock clock) {
        this.clock = requireNonNull(clock, "clock");
    }

    /** The clock. */
    public ManualClock clock() {
        return clock;
    }

    /**
     * Moves time forward task by task: each runs with the clock at exactly its time, those it schedules too. Ends with
     * the clock moved by {@code by} in all.
     *
     * @return how many tasks ran
     */
    public int advance(Duration by) {
        long end = clock.elapsedNanos() + by.toNanos();
        int ran = runDue();
        while (true) {
            long next = nextNanos();
            if (next > end) {
                clock.advance(Duration.ofNanos(end - clock.elapsedNanos()));
                return ran;
            }
            clock.advance(Duration.ofNanos(Math.max(0, next - clock.elapsedNanos())));
            ran += runDue();
        }
    }

    /** Runs everything that is due now, also what these tasks schedule for now. Returns how many tasks ran. */
    public int runDue() {
        int ran = 0;
        for (Task<?> task = takeDue(); task != null; task = takeDue()) {
            task.runOnce();
            ran++;
        }
        return ran;
    }

    /** How many tasks wait, due or not. */
    public int pending() {
        synchronized (lock) {
            return tasks.size();
        }
    }

    @Override
    public void execute(Runnable command) {
        enqueue(new Task<>(requireNonNull(command, "command"), dueIn(0, TimeUnit.NANOSECONDS), 0));
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return add(new Task<>(requireNonNull(command, "command"), dueIn(delay, unit), 0));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return add(new Task<>(requireNonNull(callable, "callable"), dueIn(delay, unit)));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return add(new Task<>(
                requireNonNull(command, "command"), dueIn(initialDelay, unit), positive(unit.toNanos(period))));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return add(new Task<>(
                requireNonNull(command, "command"), dueIn(initialDelay, unit), -positive(unit.toNanos(delay))));
    }

    @Override
    public void shutdown() {
        synchronized (lock) {
            shutdown = true;
            tasks.clear();
        }
    }

    @Override
    public List<Runnable> shutdownNow() {
        synchronized (lock) {
            shutdown = true;
            List<Runnable> left = new ArrayList<>((Collection<? extends Runnable>) tasks);
            tasks.clear();
            return left;
        }
    }

    @Override
    public boolean isShutdown() {
        synchronized (lock) {
            return shutdown;
        }
    }

    @Override
    public boolean isTerminated() {
        return isShutdown();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return isShutdown();
    }

    private static long positive(long nanos) {
        if (nanos <= 0) {
            throw new IllegalArgumentException("period " + nanos + " ns (expected: more than 0)");
        }
        return nanos;
    }

    private long dueIn(long delay, TimeUnit unit) {
        return clock.elapsedNanos() + Math.max(0, unit.toNanos(delay));
    }

    private <V> Task<V> add(Task<V> task) {
        enqueue(task);
        return task;
    }

    private void enqueue(Task<?> task) {
        synchronized (lock) {
            if (shutdown) {
                throw new RejectedExecutionException("the scheduler is shut down");
            }
            task.number = scheduled++;
            tasks.add(task);
        }
    }

    private long nextNanos() {
        synchronized (lock) {
            Task<?> next = tasks.peek();
            return next == null ? Long.MAX_VALUE : next.dueNanos;
        }
    }

    private @Nullable Task<?> takeDue() {
        synchronized (lock) {
            Task<?> next = tasks.peek();
            return next == null || next.dueNanos > clock.elapsedNanos() ? null : tasks.poll();
        }
    }

    private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
        /** Above 0 a rate, below 0 a delay between runs, 0 for once. */
        private final long periodNanos;

        private long dueNanos;
        /** Tasks of one time run in the order they were scheduled. */
        private long number;

        private Task(Runnable command, long dueNanos, long periodNanos) {
            super(command, null);
            this.dueNanos = dueNanos;
            this.periodNanos = periodNanos;
        }

        private Task(Callable<V> callable, long dueNanos) {
            super(callable);
            this.dueNanos = dueNanos;
            this.periodNanos = 0;
        }

        private void runOnce() {
            if (periodNanos == 0) {
                run();
            } else if (runAndReset() && !isShutdown()) {
                dueNanos = periodNanos > 0 ? dueNanos + periodNanos : clock.elapsedNanos() - periodNanos;
                enqueue(this);
            }
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - clock.elapsedNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            Task<?> task = (Task<?>) other;
            int byTime = Long.compare(dueNanos, task.dueNanos);
            return byTime != 0 ? byTime : Long.compare(number, task.number);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            synchronized (lock) {
                tasks.remove(this);
            }
            return cancelled;
        }
    }
}
