/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Knows which request this thread works for and since which reading of its CPU clock. One per thread; used by that thread
 * alone.
 *
 * <p>A slice costs two readings of the clock. Where one request follows another on the same thread without a pause
 * ({@link ExchangeRunner}), the end of the first is the begin of the second, and it costs one.
 *
 * <p>What a slice has used by now can be asked by the metering thread ({@link #running}): the kernel's clock of a thread can
 * be read by any other.
 */
final class SliceClock {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final com.sun.management.@Nullable ThreadMXBean ALLOCATIONS = allocations();
    private static final boolean CPU_CLOCK = cpuClock();
    private static final ThreadLocal<SliceClock> CLOCKS = ThreadLocal.withInitial(SliceClock::new);

    /** What the CPU clock gives when there is none: on virtual threads, and where the JVM has none. */
    static final long NO_CLOCK = -1;

    private static final VarHandle PUBLISHED;
    private static final VarHandle CPU_START;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PUBLISHED = lookup.findVarHandle(SliceClock.class, "published", RequestScope.class);
            CPU_START = lookup.findVarHandle(SliceClock.class, "cpuStartNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Of the threads that have a clock and are alive. */
    private static final Set<SliceClock> METERED = ConcurrentHashMap.newKeySet();

    private final Object[] slot = ContextSlots.ofThisThread();
    private final boolean metered;
    private final WeakReference<Thread> thread = new WeakReference<>(Thread.currentThread());

    /** {@link #current}, while {@link #cpuStartNanos} is the begin of what nobody has been told of; for other threads. */
    @SuppressWarnings("UnusedVariable") // Read and written through its handle.
    private @Nullable RequestScope published;

    private @Nullable RequestScope current;
    private int depth;
    /** Whether the slice is work of {@link #current}, which then goes on until the slice ends. */
    private boolean joined;

    private long cpuStartNanos;
    private long allocatedStartBytes;

    /** The last reading, while no time may have passed since that belongs to nobody; else {@link #NO_CLOCK}. */
    private long chainedNanos = NO_CLOCK;

    private @Nullable ArrayDeque<Outer> outer;

    private record Outer(RequestScope scope, int depth, boolean joined) {}

    private SliceClock() {
        metered = CPU_CLOCK && THREADS.getCurrentThreadCpuTime() >= 0;
        if (metered) {
            METERED.add(this);
        }
    }

    static SliceClock ofThisThread() {
        return CLOCKS.get();
    }

    /** Whether this thread's processor time can be read; it cannot on virtual threads. */
    boolean metered() {
        return metered;
    }

    /** The request this thread works for now; null for none. */
    @Nullable
    RequestScope current() {
        return current;
    }

    void enter(RequestScope scope) {
        RequestScope running = current;
        if (running == scope) {
            depth++;
            return;
        }
        if (running != null) {
            // A request inside another's slice: the outer one rests.
            settle(running);
            if (outer == null) {
                outer = new ArrayDeque<>(2);
            }
            outer.push(new Outer(running, depth, joined));
        }
        current = scope;
        depth = 1;
        joined = scope.workBegins();
        slot[0] = scope;
        if (!metered) {
            scope.unmetered();
            return;
        }
        if (running == null) {
            CPU_START.setOpaque(this, chainedNanos >= 0 ? chainedNanos : THREADS.getCurrentThreadCpuTime());
            allocatedStartBytes = allocatedBytes();
            chainedNanos = NO_CLOCK;
        }
        PUBLISHED.setRelease(this, scope);
    }

    void exit(RequestScope scope) {
        if (current != scope) {
            return; // Unbalanced exit: nothing of this thread belongs to that request.
        }
        if (--depth > 0) {
            return;
        }
        if (!scope.ended()) {
            settle(scope); // An ended one was settled at its end; the rest (recycling) is not worth a third reading.
        }
        boolean ends = joined;
        Outer resumed = outer == null ? null : outer.poll();
        current = resumed == null ? null : resumed.scope;
        depth = resumed == null ? 0 : resumed.depth;
        joined = resumed != null && resumed.joined;
        slot[0] = current;
        PUBLISHED.setRelease(this, current);
        if (ends) {
            scope.workEnded(1);
        }
    }

    /**
     * This thread's slice is no reason any more for the request to go on: it ends in this very slice.
     *
     * @return how many pieces of work that ends: 0 or 1
     */
    int leave(RequestScope scope) {
        if (current != scope || !joined) {
            return 0;
        }
        joined = false;
        return 1;
    }

    /**
     * Credits the time since the slice began, or was settled last, to the request. Called before a request's usage is
     * summed up, since that happens inside its last slice.
     */
    void settle(RequestScope scope) {
        if (!metered || current != scope) {
            return;
        }
        long now = THREADS.getCurrentThreadCpuTime();
        long allocated = allocatedBytes();
        PUBLISHED.setRelease(this, null);
        scope.used(now - cpuStartNanos, allocated - allocatedStartBytes);
        CPU_START.setRelease(this, now);
        allocatedStartBytes = allocated;
        PUBLISHED.setRelease(this, scope);
    }

    /**
     * What the slices that go on now have used since they began, or were settled last, by request: what
     * {@link RequestScope#used} will hear of. For any thread.
     *
     * @param accounts whose requests
     */
    static Map<RequestScope, Long> running(Accounts accounts) {
        Map<RequestScope, Long> nanos = new HashMap<>();
        METERED.removeIf(clock -> clock.thread.get() == null);
        for (SliceClock clock : METERED) {
            Thread owner = clock.thread.get();
            RequestScope scope = (RequestScope) PUBLISHED.getAcquire(clock);
            if (owner != null && scope != null && scope.belongsTo(accounts)) {
                long used = clock.usedBy(owner, scope);
                if (used > 0) {
                    nanos.merge(scope, used, Long::sum);
                }
            }
        }
        return nanos;
    }

    /** Of the slice that goes on; 0 when it is just being settled, or has ended. */
    @SuppressWarnings("deprecation") // threadId() is not there on Java 17.
    private long usedBy(Thread owner, RequestScope scope) {
        long start = (long) CPU_START.getAcquire(this);
        long now = THREADS.getThreadCpuTime(owner.getId());
        boolean same = PUBLISHED.getAcquire(this) == scope && (long) CPU_START.getAcquire(this) == start;
        return same ? now - start : 0;
    }

    /** The next slice on this thread begins where the last one ended; call only when nothing came between. */
    void chain() {
        if (metered && current == null) {
            chainedNanos = cpuStartNanos;
        }
    }

    /** The thread goes back to its pool: what comes next on it is nobody's until a slice begins. */
    void unchain() {
        chainedNanos = NO_CLOCK;
    }

    private static long allocatedBytes() {
        return ALLOCATIONS == null ? 0 : ALLOCATIONS.getCurrentThreadAllocatedBytes();
    }

    static boolean knowsAllocations() {
        return ALLOCATIONS != null;
    }

    private static boolean cpuClock() {
        if (!THREADS.isCurrentThreadCpuTimeSupported()) {
            return false;
        }
        if (!THREADS.isThreadCpuTimeEnabled()) {
            THREADS.setThreadCpuTimeEnabled(true);
        }
        return true;
    }

    private static com.sun.management.@Nullable ThreadMXBean allocations() {
        return THREADS instanceof com.sun.management.ThreadMXBean extended
                        && extended.isThreadAllocatedMemorySupported()
                        && extended.isThreadAllocatedMemoryEnabled()
                ? extended
                : null;
    }
}
