/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.trace.RequestSpan;
import io.fluid4j.trace.Tracing;
import io.fluid4j.tunnel.InboundStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One admitted request from its permit to the end of its work. Also the listener of its stream, and what {@code Fluid}
 * sees of it (a function from names to values, so that only JDK types cross to the application).
 *
 * <p>One object per request. {@link #work} counts the request itself, the slices that run for it and what was given to
 * {@code waitUntil}; whoever brings it to 0 closes the permit and completes the stream, once (C-12).
 */
final class RequestScope
        implements ExchangeScope, InboundStream.Listener, ExchangeRunner.Task, Function<String, Object> {

    /** Name of the request attribute; the same as {@code Fluid.CONTEXT_ATTRIBUTE}. */
    static final String CONTEXT_ATTRIBUTE = "io.fluid4j.context";

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    /** A stream that waits needs no frame. */
    private static final long WORTH_TELLING_NANOS = 1_000_000L;

    private static final VarHandle WORK = field("work", int.class);
    private static final VarHandle CPU = field("cpuNanos", long.class);
    private static final VarHandle ALLOCATED = field("allocatedBytes", long.class);
    private static final VarHandle RESPONDED = field("responded", boolean.class);
    private static final VarHandle COMPLETED = field("completed", boolean.class);

    private final Accounts accounts;
    private final InboundStream stream;
    private final RequestHead head;
    private final int inFlight;
    private final long admittedNanos;
    private final double shareAtAdmission;

    private @Nullable Exchange exchange;

    /** Set by the thread that starts the request, before anybody else can work for it. */
    private @Nullable RequestSpan span;

    private volatile AfterResponse.@Nullable Tasks tasks;

    /** Of the metering thread alone. */
    private long toldCpuNanos;

    private volatile int work = 1;
    private volatile long cpuNanos;
    private volatile long allocatedBytes;

    @SuppressWarnings("UnusedVariable") // Read and written through its handle.
    private volatile boolean responded;

    private volatile boolean completed;
    private volatile boolean cancelled;
    private volatile boolean unmetered;

    RequestScope(Accounts accounts, InboundStream stream, RequestHead head, long nowNanos) {
        this.accounts = accounts;
        this.stream = stream;
        this.head = head;
        this.admittedNanos = nowNanos;
        this.inFlight = accounts.admission().inFlight();
        this.shareAtAdmission = accounts.cpu().admitted(nowNanos);
    }

    /** Set by the reader thread before the scope is queued, which publishes it. */
    void exchange(Exchange made) {
        exchange = made;
    }

    InboundStream stream() {
        return stream;
    }

    // ---- the container's slices

    @Override
    public Runnable slice(Runnable containerTask) {
        return () -> {
            SliceClock clock = SliceClock.ofThisThread();
            clock.enter(this);
            RequestSpan.Current current = activate();
            try {
                containerTask.run();
            } finally {
                deactivate(current);
                clock.exit(this);
            }
        };
    }

    @Override
    public void enter() {
        SliceClock.ofThisThread().enter(this);
    }

    @Override
    public void exit() {
        SliceClock.ofThisThread().exit(this);
    }

    /** Makes the request's span the current one of this thread; null when it has none. */
    RequestSpan.@Nullable Current activate() {
        RequestSpan begun = span;
        return begun == null ? null : begun.activate();
    }

    static void deactivate(RequestSpan.@Nullable Current current) {
        if (current != null) {
            current.close();
        }
    }

    @Override
    public @Nullable String traceParent() {
        RequestSpan begun = span;
        return begun == null ? null : begun.traceParent();
    }

    @Override
    public @Nullable String traceState() {
        RequestSpan begun = span;
        return begun == null ? null : begun.traceState();
    }

    /** Adds what a slice has used. */
    void used(long cpu, long allocated) {
        if (cpu > 0) {
            long unused = (long) CPU.getAndAdd(this, cpu);
            accounts.cpu().direct(cpu);
        }
        if (allocated > 0) {
            long unused = (long) ALLOCATED.getAndAdd(this, allocated);
        }
    }

    boolean belongsTo(Accounts shared) {
        return accounts == shared;
    }

    /** A line that was logged while this thread worked for the request. Never waits. */
    void log(LogLine line) {
        stream.session().sendLog(stream.id(), line);
    }

    /** A slice ran on a thread whose CPU clock cannot be read. */
    void unmetered() {
        unmetered = true;
    }

    /** Whether all work has ended. */
    boolean ended() {
        return work == 0;
    }

    // ---- the runner

    @Override
    public long admittedNanos() {
        return admittedNanos;
    }

    @Override
    public void run(SliceClock clock, long nowNanos) {
        Exchange starting = exchange;
        if (starting == null || !stream.started()) {
            abandon(accounts.admission().verdict().tooManyWaiting());
            return;
        }
        accounts.limit().onStart(nowNanos, nowNanos - admittedNanos);
        // A virtual thread has no counters of its own.
        RunDelay.Reading before = clock.metered() ? accounts.runDelay().begin(nowNanos) : null;
        clock.enter(this);
        Tracing tracing = accounts.tracing();
        if (tracing != null) {
            span = RequestTrace.begin(tracing, head, accounts.identity());
        }
        RequestSpan.Current current = activate();
        try {
            starting.run();
        } catch (Throwable failure) {
            crashed(failure);
        } finally {
            deactivate(current);
            clock.exit(this);
        }
        if (before != null) {
            tellProcessorWait(before);
        }
    }

    private void tellProcessorWait(RunDelay.Reading before) {
        RunDelay.Reading spent = accounts.runDelay().since(before);
        if (spent != null) {
            accounts.limit().onProcessorWait(accounts.nanoTime(), spent.waitedNanos(), spent.ranNanos());
        }
    }

    @Override
    public void tooLate() {
        accounts.limit().onOverload(accounts.nanoTime(), accounts.admission().inFlight());
        abandon(accounts.admission().count(accounts.admission().verdict().tooManyWaiting()));
    }

    @Override
    public void rejected() {
        abandon(accounts.admission().count(accounts.admission().verdict().rejected()));
    }

    /** Ends a request that has not started. */
    void abandon(Nack nack) {
        if (!COMPLETED.compareAndSet(this, false, true)) {
            return;
        }
        Exchange waiting = exchange;
        if (waiting != null) {
            try {
                waiting.discard();
            } catch (RuntimeException | Error failure) {
                LOG.log(
                        WARNING,
                        () -> "request " + head.requestId() + ": the exchange could not be discarded",
                        failure);
            }
        }
        work = 0;
        long unused = accounts.ended(this);
        if (!stream.cancelled()) {
            // Who has cancelled gets a CANCEL below: a NACK would pause the instance for all its other requests
            // (P-5.24).
            stream.tryNack(nack);
        }
        stream.completed(null);
    }

    private void crashed(Throwable failure) {
        LOG.log(WARNING, () -> "request " + head.requestId() + " broke the container's pipeline", failure);
        accounts.failed(failure);
        if (!completed) {
            stream.fail(ErrorCode.INTERNAL, "");
        }
        completed(failure);
    }

    // ---- the stream

    @Override
    public void onContentAvailable() {
        Exchange running = exchange;
        if (running != null) {
            running.onContentAvailable();
        }
    }

    @Override
    public void onCancel(ErrorCode code, @Nullable Throwable cause) {
        cancelled = true;
        if (code == ErrorCode.DEADLINE) {
            // Not a sign for the limit: a dependency that hangs must not take the room of requests that do not need it.
            accounts.outcomes().timedOut();
        }
        Exchange running = exchange;
        if (running != null && !completed) {
            running.onCancel(code, cause);
        }
    }

    /** The time of a drain is over: the requester hears it, and the application too. Its permit stays until it ends. */
    void cut() {
        cancelled = true;
        if (!completed) {
            stream.fail(ErrorCode.SHUTDOWN, "the instance is stopping");
            Exchange running = exchange;
            if (running != null) {
                running.onCancel(ErrorCode.SHUTDOWN, null);
            }
        }
        AfterResponse.@Nullable Tasks waiting = tasks;
        if (waiting != null) {
            waiting.timeOut();
        }
    }

    @Override
    public void responseStarted(int status) {
        if (!RESPONDED.compareAndSet(this, false, true)) {
            return;
        }
        long now = accounts.nanoTime();
        accounts.limit().onFirstByte(now, now - admittedNanos, inFlight);
        accounts.outcomes().responded(status);
        RequestSpan begun = span;
        if (begun != null) {
            RequestTrace.responded(begun, status);
        }
    }

    // ---- the end

    @Override
    public void completed(@Nullable Throwable failure) {
        if (!COMPLETED.compareAndSet(this, false, true)) {
            return;
        }
        if (failure != null) {
            accounts.outcomes().failed();
            accounts.failed(failure);
        }
        RequestSpan begun = span;
        if (begun != null) {
            RequestTrace.end(begun, cancelled, failure);
        }
        AfterResponse.@Nullable Tasks waiting = tasks;
        if (waiting != null) {
            waiting.responseEnded();
        }
        // Slices on other threads go on: what they have used is told at their end.
        if (!workEnded(1 + SliceClock.ofThisThread().leave(this))) {
            stream.releaseEnd(); // The client need not wait for what is still going on.
        }
    }

    /** More work joins the request. False when all had ended. */
    boolean workBegins() {
        int now = work;
        while (now > 0) {
            int seen = (int) WORK.compareAndExchange(this, now, now + 1);
            if (seen == now) {
                return true;
            }
            now = seen;
        }
        return false;
    }

    /** Pieces of work have ended. Whoever ends the last one closes the permit; true then. */
    boolean workEnded(int pieces) {
        if ((int) WORK.getAndAdd(this, -pieces) != pieces) {
            return false;
        }
        SliceClock.ofThisThread().settle(this);
        long apportioned = accounts.ended(this);
        stream.completed(usage(cpuNanos, apportioned));
        return true;
    }

    /**
     * What the request has used so far; null when that has hardly grown since this was asked last. One thread asks.
     *
     * @param settledNanos measured up to a moment
     * @param runningNanos what slices that went on at that moment had used besides
     */
    @Nullable
    Usage usageIfGrown(long settledNanos, long runningNanos) {
        long shared = accounts.cpu().share(accounts.nanoTime(), shareAtAdmission);
        long measured = settledNanos + runningNanos;
        long used = measured + shared;
        if (used - toldCpuNanos < WORTH_TELLING_NANOS || ended()) {
            return null;
        }
        toldCpuNanos = used;
        return usage(measured, shared);
    }

    double shareAtAdmission() {
        return shareAtAdmission;
    }

    /** What was measured in slices that have ended. */
    long settledNanos() {
        return cpuNanos;
    }

    private Usage usage(long measuredNanos, long apportionedNanos) {
        boolean complete = !unmetered && apportionedNanos == 0;
        return new Usage(
                complete ? Usage.COMPLETE : Usage.APPORTIONED,
                measuredNanos,
                apportionedNanos,
                Math.max(0, accounts.nanoTime() - admittedNanos),
                unmetered || !SliceClock.knowsAllocations() ? Usage.UNKNOWN : allocatedBytes);
    }

    // ---- the application

    @Override
    public Map<String, Object> requestAttributes() {
        return Map.of(CONTEXT_ATTRIBUTE, this);
    }

    String requestId() {
        return head.requestId();
    }

    boolean completed() {
        return completed;
    }

    @Override
    @SuppressWarnings("NullAway") // Function has no nullness; the bridge defines null as "not known here".
    public @Nullable Object apply(String name) {
        return switch (name) {
            case "requestId" -> head.requestId();
            case "instanceId" -> accounts.identity().instanceId();
            case "function" -> accounts.identity().function();
            case "deployment" -> accounts.identity().deployment();
            case "remainingNanos" ->
                head.deadlineMillis() == 0
                        ? null
                        : (Object) (head.deadlineMillis() * 1_000_000L - (accounts.nanoTime() - admittedNanos));
            case "cancelled" -> cancelled;
            case "waitUntil" -> (Consumer<CompletionStage<?>>) tasks()::waitUntil;
            case "runAfterResponse" ->
                (Function<Callable<Object>, CompletableFuture<Object>>) tasks()::runAfterResponse;
            case "wrap" -> (UnaryOperator<Runnable>) this::slice;
            default -> null;
        };
    }

    private AfterResponse.Tasks tasks() {
        AfterResponse.@Nullable Tasks known = tasks;
        if (known == null) {
            synchronized (this) {
                known = tasks;
                if (known == null) {
                    known = accounts.afterResponse().tasksOf(this);
                    tasks = known;
                }
            }
        }
        return known;
    }

    private static VarHandle field(String name, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(RequestScope.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
