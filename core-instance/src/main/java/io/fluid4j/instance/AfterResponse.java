/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.trace.RequestSpan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Work that goes on after a response: what applications gave to {@code waitUntil} and {@code runAfterResponse}. Each piece
 * counts as work of its request until it ends, in whatever way, or the time for such work is over. Thread-safe.
 */
final class AfterResponse {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private final Executor executor;
    private final ScheduledExecutorService scheduler;
    private final Duration timeout;
    private final LogContexts logContexts = new LogContexts();
    private final AtomicInteger pending = new AtomicInteger();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder timedOut = new LongAdder();

    /**
     * Work after responses.
     *
     * @param executor runs tasks; refuses when there are too many
     * @param scheduler ends work that takes too long
     * @param timeout how long after the response the work of one request may take in all
     */
    AfterResponse(Executor executor, ScheduledExecutorService scheduler, Duration timeout) {
        this.executor = executor;
        this.scheduler = scheduler;
        this.timeout = timeout;
    }

    Tasks tasksOf(RequestScope scope) {
        return new Tasks(scope);
    }

    LogContexts logContexts() {
        return logContexts;
    }

    /** Pieces of work that have not ended. */
    int pending() {
        return pending.get();
    }

    long succeeded() {
        return succeeded.sum();
    }

    long failed() {
        return failed.sum();
    }

    long timedOut() {
        return timedOut.sum();
    }

    /** The work of one request. */
    final class Tasks {
        private final RequestScope scope;
        private final Object lock = new Object();

        // Under the lock.
        private final List<Piece> pieces = new ArrayList<>(2);
        private boolean responseEnded;
        private @Nullable ScheduledFuture<?> timer;

        private Tasks(RequestScope scope) {
            this.scope = scope;
        }

        void waitUntil(CompletionStage<?> work) {
            Piece piece = begin();
            piece.stage = work;
            add(piece);
            CompletionStage<?> unused = work.whenComplete((value, failure) -> piece.end(failure));
        }

        CompletableFuture<Object> runAfterResponse(Callable<Object> callable) {
            Piece piece = begin();
            piece.task = callable;
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            piece.loader = loader;
            piece.logged = logContexts.capture(loader);
            if (add(piece)) {
                submit(piece);
            }
            return piece.result;
        }

        /** The container has finished with the request: tasks run, and the time for them begins. */
        void responseEnded() {
            List<Piece> waiting;
            synchronized (lock) {
                if (responseEnded) {
                    return;
                }
                responseEnded = true;
                waiting = List.copyOf(pieces);
                if (!pieces.isEmpty()) {
                    startTimer();
                }
            }
            for (Piece piece : waiting) {
                if (piece.task != null) {
                    submit(piece);
                }
            }
        }

        private Piece begin() {
            if (!scope.workBegins()) {
                throw new IllegalStateException("the work of request " + scope.requestId() + " has ended");
            }
            pending.incrementAndGet();
            return new Piece(this);
        }

        /** Remembers a piece; true when the response has ended already, so that a task may run. */
        private boolean add(Piece piece) {
            synchronized (lock) {
                pieces.add(piece);
                if (scope.completed() && !responseEnded) {
                    responseEnded = true; // These tasks were made after the end of the response.
                }
                if (responseEnded && timer == null) {
                    startTimer();
                }
                return responseEnded;
            }
        }

        private void startTimer() {
            try {
                timer = scheduler.schedule(this::timeOut, timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                // The instance is closing: its drain has the last word on how long work may take.
            }
        }

        private void submit(Piece piece) {
            if (!piece.submitted.compareAndSet(false, true)) {
                return;
            }
            try {
                executor.execute(piece);
            } catch (RejectedExecutionException e) {
                piece.result.completeExceptionally(e);
                piece.end(e);
            }
        }

        private void ended(Piece piece) {
            synchronized (lock) {
                pieces.remove(piece);
                if (pieces.isEmpty() && timer != null) {
                    timer.cancel(false);
                    timer = null;
                }
            }
            pending.decrementAndGet();
            scope.workEnded(1);
        }

        /** The time for work after the response is over: what goes on is cancelled. */
        void timeOut() {
            List<Piece> late;
            synchronized (lock) {
                late = List.copyOf(pieces);
                timer = null;
            }
            for (Piece piece : late) {
                piece.cancel();
            }
        }
    }

    /** One piece of work. The flag says that it has ended. */
    private final class Piece implements Runnable {
        private final Tasks tasks;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final AtomicBoolean submitted = new AtomicBoolean();
        private final CompletableFuture<Object> result = new CompletableFuture<>();

        private @Nullable CompletionStage<?> stage;
        private @Nullable Callable<Object> task;
        private @Nullable ClassLoader loader;
        private LogContexts.@Nullable Carried logged;

        /** Interrupted when time is over; guarded by the piece, so that no later work of that thread is hit. */
        private @Nullable Thread runner;

        private Piece(Tasks tasks) {
            this.tasks = tasks;
        }

        @Override
        public void run() {
            Callable<Object> callable = task;
            Thread thread = Thread.currentThread();
            synchronized (this) {
                if (callable == null || ended.get()) {
                    return;
                }
                runner = thread;
            }
            ClassLoader before = thread.getContextClassLoader();
            Throwable failure = null;
            Object value = null;
            SliceClock clock = SliceClock.ofThisThread();
            clock.enter(tasks.scope);
            RequestSpan.Current current = tasks.scope.activate();
            LogContexts.Carried loggedBefore = logged == null ? null : logged.apply();
            try {
                thread.setContextClassLoader(loader);
                value = callable.call();
            } catch (Throwable thrown) {
                failure = thrown;
            } finally {
                thread.setContextClassLoader(before);
                if (loggedBefore != null) {
                    LogContexts.Carried unused = loggedBefore.apply();
                }
                RequestScope.deactivate(current);
                clock.exit(tasks.scope);
                synchronized (this) {
                    runner = null;
                    Thread.interrupted(); // A cancellation that came too late must not hit the pool's next task.
                }
            }
            if (failure == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(failure);
            }
            end(failure);
        }

        private void end(@Nullable Throwable outcome) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            Throwable failure =
                    outcome instanceof CompletionException && outcome.getCause() != null ? outcome.getCause() : outcome;
            if (failure == null) {
                succeeded.increment();
            } else if (failure instanceof TimeIsOver) {
                timedOut.increment();
                warn("took longer than " + timeout + " after the response and was cancelled", null);
            } else {
                failed.increment();
                warn(failure instanceof CancellationException ? "was cancelled" : "failed", failure);
            }
            tasks.ended(this);
        }

        private void warn(String what, @Nullable Throwable failure) {
            LOG.log(WARNING, () -> "request " + tasks.scope.requestId() + ": work after the response " + what, failure);
        }

        private void cancel() {
            TimeIsOver over = new TimeIsOver();
            CompletionStage<?> waitedFor = stage;
            end(over); // Before the interrupt, whose exception would else be taken for the task's own failure.
            synchronized (this) {
                if (runner != null) {
                    runner.interrupt();
                }
            }
            result.completeExceptionally(over);
            if (waitedFor != null) {
                try {
                    waitedFor.toCompletableFuture().cancel(true);
                } catch (UnsupportedOperationException e) {
                    // A stage may refuse to be a future; then it goes on uncounted.
                }
            }
        }
    }

    /** Why a piece was cancelled. */
    private static final class TimeIsOver extends TimeoutException {
        private static final long serialVersionUID = 1L;

        private TimeIsOver() {
            super("the time for work after the response is over");
        }
    }
}
