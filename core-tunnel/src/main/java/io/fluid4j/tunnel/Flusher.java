/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.TRACE;

import io.fluid4j.frame.FrameTrace;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Decides who writes and keeps one write outstanding (C-4, C-5). Frames that were produced while the selector works
 * through a cycle leave at its end; else whoever produced them writes, and what others add meanwhile rides along.
 * Thread-safe.
 */
final class Flusher {

    /** Writes in a row by one foreign thread, before the selector takes over: a worker must get back to its work. */
    private static final int MAX_FOREIGN_WRITES = 8;

    private static final System.Logger LOGGER = System.getLogger(Flusher.class.getName());

    /** Asked once: it stands on the hottest path, and both ends together show what goes either way. */
    private static final boolean TRACE_FRAMES = LOGGER.isLoggable(TRACE);

    private static final int IDLE = 0;
    /** The write was called and has not returned. */
    private static final int CALLED = 1;
    /** It completed before it returned. */
    private static final int COMPLETED = 2;
    /** It returned before it completed. */
    private static final int PENDING = 3;
    /** The connection is gone: nothing is written any more. */
    private static final int FAILED = 4;

    /** What becomes of the connection. */
    interface Owner {
        void onWriteFailed(Throwable cause);

        /** All was written that was queued before the seal. */
        void onLastWrite();

        void onCallbackFailed(Throwable cause);
    }

    private final EndPoint endPoint;
    private final Owner owner;
    private final Written written = new Written();
    private final AtomicInteger state = new AtomicInteger(IDLE);
    private final AtomicBoolean enlisted = new AtomicBoolean();
    private final ByteBuffer[] one = new ByteBuffer[1];
    private final ByteBuffer[] two = new ByteBuffer[2];
    private Outgoing outgoing;

    /** The next of the selector's list; belongs to whoever enlisted this. */
    @Nullable
    Flusher nextDirty;

    private volatile @Nullable TunnelSelector selector;

    /** Without a TunnelSelector: the thread that delivers a read, and flushes at its end. */
    private volatile @Nullable Thread batchThread;

    // Guarded by the out lock.
    private boolean writing;
    private boolean closeAfterWrite;
    private @Nullable ByteBuffer urgentBuffer;
    private @Nullable ByteBuffer dataBuffer;

    private volatile long blockedSinceNanos;
    private volatile boolean blocked;
    private volatile long writes;
    private volatile long bytesOut;

    @SuppressWarnings("NullAway.Init") // attach() follows at once.
    Flusher(EndPoint endPoint, Owner owner) {
        this.endPoint = endPoint;
        this.owner = owner;
    }

    void attach(Outgoing queues) {
        this.outgoing = queues;
    }

    /** The selector whose cycles this connection belongs to. */
    void bind(@Nullable TunnelSelector to) {
        selector = to;
    }

    /** A read is being delivered by this thread. */
    void batchBegin() {
        if (selector == null) {
            batchThread = Thread.currentThread();
        }
    }

    /** The read was delivered. */
    void batchEnd() {
        if (selector == null) {
            batchThread = null;
            flush();
        }
    }

    /** Something was queued: see that it leaves, and together with what comes now. No lock is held. */
    void flushSoon() {
        TunnelSelector cycles = selector;
        if (cycles == null) {
            if (batchThread != Thread.currentThread()) {
                flush();
            }
        } else {
            cycles.flushSoon(this);
        }
    }

    /** Marks it as being on the selector's list; false when it is there already. */
    boolean enlist() {
        return !enlisted.get() && enlisted.compareAndSet(false, true);
    }

    /** Taken from the selector's list: what is queued from now on needs a new place there. */
    void delistAndFlush() {
        enlisted.set(false);
        flush();
    }

    /** Writes now, unless somebody does so already, who will see what is queued. */
    void flush() {
        TunnelStream done;
        boolean something;
        boolean last;
        synchronized (outgoing.lock()) {
            if (writing) {
                return;
            }
            done = outgoing.refill();
            something = take();
            writing = something;
            last = !something && closeAfterWrite;
            closeAfterWrite &= !last;
        }
        complete(done);
        if (something) {
            write();
        } else if (last) {
            owner.onLastWrite();
        }
    }

    /** Everything that is queued now is the last: writes it, then tells the owner. */
    void closeAfterWrite() {
        synchronized (outgoing.lock()) {
            closeAfterWrite = true;
        }
        flush();
    }

    /** True while the socket takes nothing. */
    boolean blocked() {
        return blocked;
    }

    /** For how long the socket has taken nothing. */
    long blockedNanos(long nowNanos) {
        return blocked ? nowNanos - blockedSinceNanos : 0;
    }

    long writes() {
        return writes;
    }

    long bytesOut() {
        return bytesOut;
    }

    private boolean take() {
        urgentBuffer = outgoing.takeUrgent();
        dataBuffer = outgoing.takeData();
        return urgentBuffer != null || dataBuffer != null;
    }

    private void write() {
        TunnelSelector cycles = selector;
        int foreignWrites = cycles == null || cycles.inCycle() ? Integer.MIN_VALUE : 0;
        do {
            if (++foreignWrites > MAX_FOREIGN_WRITES && cycles != null) {
                cycles.submit(ignored -> write());
                return;
            }
            ByteBuffer[] buffers = buffers();
            state.set(CALLED);
            endPoint.write(written, buffers);
            if (state.get() == CALLED) {
                blockedSinceNanos = System.nanoTime();
                blocked = true;
                if (state.compareAndSet(CALLED, PENDING)) {
                    return;
                }
                blocked = false;
            }
        } while (state.get() == COMPLETED && next());
    }

    private ByteBuffer[] buffers() {
        ByteBuffer first = urgentBuffer;
        ByteBuffer second = dataBuffer;
        long bytes = (first == null ? 0L : first.remaining()) + (second == null ? 0L : second.remaining());
        count(bytes);
        if (TRACE_FRAMES) {
            trace(first);
            trace(second);
        }
        if (first != null && second != null) {
            two[0] = first;
            two[1] = second;
            return two;
        }
        one[0] = first != null ? first : second;
        return one;
    }

    private void trace(@Nullable ByteBuffer frames) {
        if (frames != null) {
            for (String line : FrameTrace.lines(true, frames)) {
                LOGGER.log(TRACE, "{0} {1}", endPoint.getRemoteSocketAddress(), line);
            }
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // One write is outstanding at a time: there is one writer.
    private void count(long bytes) {
        writes++;
        bytesOut += bytes;
    }

    /** A write is complete: takes what has gathered meanwhile. False when there is nothing. */
    private boolean next() {
        TunnelStream done;
        boolean something;
        boolean last;
        synchronized (outgoing.lock()) {
            giveBack();
            done = outgoing.refill();
            something = take();
            writing = something;
            last = !something && closeAfterWrite;
            closeAfterWrite &= !last;
        }
        complete(done);
        if (last) {
            owner.onLastWrite();
        }
        return something;
    }

    private void giveBack() {
        if (urgentBuffer != null) {
            outgoing.release(urgentBuffer);
            urgentBuffer = null;
        }
        if (dataBuffer != null) {
            outgoing.release(dataBuffer);
            dataBuffer = null;
        }
    }

    /** Completes the callbacks of sends whose content was taken (C-11). */
    private void complete(@Nullable TunnelStream chain) {
        TunnelStream stream = chain;
        while (stream != null) {
            TunnelStream next = stream.doneNext;
            Callback callback = stream.doneCallback;
            stream.doneNext = null;
            stream.doneCallback = null;
            try {
                stream.afterTaken();
                if (callback != null) {
                    callback.succeeded();
                }
            } catch (Throwable e) {
                owner.onCallbackFailed(e);
            }
            stream = next;
        }
    }

    /** The completion of a write; it may come before the write returns, and then must not recurse. */
    private final class Written implements Callback {

        @Override
        public void succeeded() {
            if (!state.compareAndSet(CALLED, COMPLETED)) {
                blocked = false;
                if (next()) {
                    write();
                }
            }
        }

        @Override
        public void failed(Throwable cause) {
            // "writing" stays true: nobody writes any more.
            state.set(FAILED);
            blocked = false;
            owner.onWriteFailed(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
