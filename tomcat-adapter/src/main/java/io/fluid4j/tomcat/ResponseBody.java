/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.tunnel.InboundStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.coyote.OutputBuffer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The response of one request on its way into the stream. Head and content are held until the application flushes, the
 * buffer is full or the response ends, so that a small response is one {@link InboundStream#send send}.
 *
 * <p>A blocking write waits until its octets have been taken. A non-blocking one (there is a WriteListener) copies and
 * goes on; while a send waits for credit {@link #ready()} is false, and its end wakes the listener.
 *
 * <p>Threads: one writer (the application's, or the container's under the stream lock); {@link #succeeded} and {@link
 * #failed} come from any thread, often from inside {@code send}. No lock is held during {@code send}: its callbacks may
 * be those of other streams.
 */
final class ResponseBody implements OutputBuffer, Callback {
    /** Of the first buffer: a small response or an event. Thousands may be open at a time and hold nothing meanwhile. */
    private static final int MIN_BUFFER_BYTES = 512;
    /** What is held before the first send, so that small responses are one. */
    private static final int FIRST_BYTES = 8 * 1024;
    /** The longest body frame that does not delay urgent ones (P-9.1). */
    private static final int MAX_BUFFER_BYTES = 32 * 1024;
    /** Has no room and is never written to. */
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final FluidProcessor processor;
    private final HeadWriter head = new HeadWriter();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // The writer's own.
    private boolean headHeld;
    private boolean bodyless;
    private long announcedBytes;
    private long acceptedBytes;
    private long timeoutMillis;
    private boolean endRequested;
    private @Nullable HeadWriter trailers;

    /** Octets not yet given to the stream, in write mode. The writer's while {@link #sending} is false or it appends. */
    private ByteBuffer held = NONE;

    // Guarded by lock.
    private @Nullable InboundStream stream;
    private @Nullable ByteBuffer spare;
    private @Nullable ByteBuffer inFlight;
    private volatile @Nullable IOException failure;
    private boolean flushWanted;
    private boolean interested;
    private boolean endWanted;
    private @Nullable Runnable afterEnd;

    /** A send is outstanding. Written under the lock, read without it where a stale true only costs a lock. */
    private volatile boolean sending;
    /** The end has been given to the stream. */
    private volatile boolean endSent;

    ResponseBody(FluidProcessor processor) {
        this.processor = processor;
    }

    void begin(InboundStream stream, long timeoutMillis) {
        this.timeoutMillis = timeoutMillis;
        announcedBytes = -1;
        lock.lock();
        try {
            this.stream = stream;
        } finally {
            lock.unlock();
        }
    }

    /** Makes it ready for the next request; only when {@link #idle()}. */
    void recycle() {
        lock.lock();
        try {
            stream = null;
            failure = null;
            spare = null;
            flushWanted = false;
            interested = false;
            endWanted = false;
            afterEnd = null;
            endSent = false;
        } finally {
            lock.unlock();
        }
        headHeld = false;
        bodyless = false;
        acceptedBytes = 0;
        endRequested = false;
        trailers = null;
        if (held.capacity() > MAX_BUFFER_BYTES) {
            held = NONE;
        }
        held.clear();
    }

    /** True when no octet of it is used by a send. */
    boolean idle() {
        return !sending;
    }

    /** Where the response head is to be encoded; {@link #head(long, boolean)} follows. */
    HeadWriter headWriter() {
        return head;
    }

    /**
     * The head is complete and waits for the first send.
     *
     * @param announcedBytes the content length in it, -1 when there is none
     * @param bodyless true for HEAD, 204, 304: octets are counted and dropped
     */
    void head(long announcedBytes, boolean bodyless) {
        this.announcedBytes = announcedBytes;
        this.bodyless = bodyless;
        headHeld = true;
    }

    @Override
    public int doWrite(ByteBuffer chunk) throws IOException {
        processor.commit();
        if (failure() != null) {
            throw aborted();
        }
        int octets = chunk.remaining();
        int taken = octets;
        if (!bodyless && announcedBytes >= 0) {
            // As Tomcat's own connectors: what is longer than announced is cut, so that the length stays true.
            taken = (int) Math.min(octets, announcedBytes - acceptedBytes);
        }
        acceptedBytes += taken;
        if (bodyless || endRequested || taken == 0) {
            chunk.position(chunk.limit());
            return octets;
        }
        int limit = chunk.limit();
        chunk.limit(chunk.position() + taken);
        if (!sending && fits(taken)) {
            held.put(chunk);
        } else if (sending || processor.listening()) {
            append(chunk);
        } else {
            writeBlocking(chunk);
        }
        chunk.limit(limit);
        chunk.position(limit);
        return octets;
    }

    @Override
    public long getBytesWritten() {
        return acceptedBytes;
    }

    /** What was written so far leaves now. */
    void flush() throws IOException {
        if (failure() != null) {
            throw aborted();
        }
        if (endRequested) {
            return;
        }
        if (sending || processor.listening()) {
            sendHeldOrLater();
        } else if (headHeld || held.position() > 0) {
            sendBlocking(null);
        }
    }

    /** True when a write will not wait. Else the interest is registered: the end of the send brings an event. */
    boolean ready() {
        if (!sending && failure() == null) {
            return true;
        }
        lock.lock();
        try {
            if (sending || failure != null) {
                // With a failure the ERROR event comes instead.
                interested = true;
                return false;
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** True while octets wait for credit; then the interest is registered. */
    boolean pending() throws IOException {
        if (failure() != null) {
            throw aborted();
        }
        return sending && !ready();
    }

    /** The response is complete: what is held leaves, with its end. */
    void end(@Nullable HeadWriter responseTrailers) {
        if (!endRequested) {
            endRequested = true;
            trailers = responseTrailers;
            sendEnd();
        }
    }

    /** Fewer octets than announced were written. */
    boolean tooShort() {
        return !bodyless && announcedBytes > acceptedBytes;
    }

    boolean endRequested() {
        return endRequested;
    }

    /** True when it was ended, with as many octets as announced, and nothing has failed. */
    boolean complete() {
        return endRequested && !tooShort() && failure == null;
    }

    /** Runs the task when the stream has been given everything: at once, or when the send that waits has ended. */
    void finish(Runnable then) {
        lock.lock();
        try {
            if (!endSent && failure == null) {
                afterEnd = then;
                return;
            }
        } finally {
            lock.unlock();
        }
        then.run();
    }

    /** Nothing more can be written: blocked and later writes throw. */
    void fail(InboundStream from, IOException cause) {
        Runnable then;
        lock.lock();
        try {
            if (stream != from || failure != null) {
                return;
            }
            failure = cause;
            then = afterEnd;
            afterEnd = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (then != null) {
            then.run();
        }
    }

    @Override
    public void succeeded() {
        finished(null);
    }

    @Override
    public void failed(Throwable cause) {
        finished(cause);
    }

    /** Callbacks take a lock for a moment and send or submit a task: no thread of its own is needed. */
    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private void finished(@Nullable Throwable cause) {
        boolean next = false;
        boolean wake = false;
        Runnable then = null;
        lock.lock();
        try {
            reuse(inFlight);
            inFlight = null;
            if (cause != null && failure == null) {
                failure = cause instanceof IOException io ? io : new IOException("response could not be sent", cause);
            }
            if (failure != null) {
                then = afterEnd;
                afterEnd = null;
            } else if (endWanted || flushWanted) {
                next = true;
            } else {
                wake = interested;
                interested = false;
            }
            // Last, and never false for a moment only: to a writer that holds no lock false gives the buffer back.
            sending = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (next) {
            sendNext();
        } else if (wake) {
            processor.writePossible();
        }
        if (then != null) {
            then.run();
        }
    }

    /** Non-blocking mode, from the end of a send: the writer left octets or the end to be sent. */
    private void sendNext() {
        Runnable then = null;
        boolean end;
        ByteBuffer content;
        lock.lock();
        try {
            end = endWanted;
            flushWanted = false;
            endWanted = false;
            content = swap();
            if (end) {
                endSent = true;
                then = afterEnd;
                afterEnd = null;
            }
        } finally {
            lock.unlock();
        }
        give(content, end);
        if (then != null) {
            then.run();
        }
    }

    private void sendEnd() {
        lock.lock();
        try {
            if (endSent || failure != null) {
                return;
            }
            if (sending) {
                endWanted = true;
                return;
            }
            sending = true;
            endSent = true;
        } finally {
            lock.unlock();
        }
        give(swapLocked(), true);
    }

    private void writeBlocking(ByteBuffer chunk) throws IOException {
        if (chunk.remaining() <= MAX_BUFFER_BYTES) {
            if (chunk.remaining() > held.remaining()) {
                room(MAX_BUFFER_BYTES);
            }
            if (chunk.remaining() > held.remaining()) {
                sendBlocking(null);
                room(MAX_BUFFER_BYTES);
            }
            held.put(chunk);
            return;
        }
        if (held.position() > 0) {
            sendBlocking(null);
        }
        sendBlocking(chunk);
    }

    /** Sends head and held octets, or the given ones, and waits until they have been taken. */
    private void sendBlocking(@Nullable ByteBuffer chunk) throws IOException {
        awaitIdle();
        lock.lock();
        try {
            if (failure != null) {
                throw aborted();
            }
            sending = true;
        } finally {
            lock.unlock();
        }
        give(chunk != null ? chunk : swapLocked(), false);
        awaitIdle();
    }

    private void awaitIdle() throws IOException {
        if (!sending) {
            return;
        }
        long nanosLeft = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        lock.lock();
        try {
            while (sending && failure == null) {
                if (timeoutMillis > 0 && nanosLeft <= 0) {
                    failure = new SocketTimeoutException("response not taken for " + timeoutMillis + " ms");
                    break;
                }
                nanosLeft = awaitChange(nanosLeft);
            }
            if (failure != null) {
                throw aborted();
            }
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the caller loops
    private long awaitChange(long nanosLeft) throws IOException {
        try {
            if (timeoutMillis > 0) {
                return changed.awaitNanos(nanosLeft);
            }
            changed.await();
            return nanosLeft;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while writing the response", e);
        }
    }

    /** Never waits. Under the lock, as the end of a send swaps the buffer. */
    private void append(ByteBuffer chunk) {
        boolean full;
        lock.lock();
        try {
            if (chunk.remaining() > held.remaining()) {
                // The application may write as much as it likes after one isReady().
                room(Math.max(MAX_BUFFER_BYTES, held.position() + chunk.remaining()));
            }
            held.put(chunk);
            full = held.position() >= MAX_BUFFER_BYTES / 2;
        } finally {
            lock.unlock();
        }
        if (full) {
            sendHeldOrLater();
        }
    }

    private void sendHeldOrLater() {
        lock.lock();
        try {
            if (!headHeld && held.position() == 0) {
                return;
            }
            if (sending) {
                flushWanted = true;
                return;
            }
            sending = true;
        } finally {
            lock.unlock();
        }
        give(swapLocked(), false);
    }

    private void give(@Nullable ByteBuffer content, boolean end) {
        HeadWriter first = headHeld ? head : null;
        headHeld = false;
        requireNonNull(stream).send(first, content, end, end ? trailers : null, this);
    }

    private @Nullable ByteBuffer swapLocked() {
        lock.lock();
        try {
            return swap();
        } finally {
            lock.unlock();
        }
    }

    /** Takes the held octets out for a send, and puts another buffer in their place. */
    private @Nullable ByteBuffer swap() {
        if (held.position() == 0) {
            return null;
        }
        ByteBuffer content = held.flip();
        ByteBuffer other = spare;
        held = other != null ? other : NONE;
        spare = null;
        inFlight = content;
        return content;
    }

    /** Nearly always nothing was written while the send went on: then one buffer is enough. */
    private void reuse(@Nullable ByteBuffer sent) {
        if (sent == null) {
            return;
        }
        sent.clear();
        if (held.capacity() == 0) {
            held = sent;
        } else {
            spare = sent;
        }
    }

    /** Makes room for that many octets more, as long as they may be held before the first send. */
    private boolean fits(int octets) {
        if (octets > held.remaining()) {
            int needed = held.position() + octets;
            if (needed > FIRST_BYTES) {
                return false;
            }
            room(Math.max(MIN_BUFFER_BYTES, Integer.highestOneBit(2 * needed - 1)));
        }
        return true;
    }

    private void room(int capacity) {
        if (held.capacity() < capacity) {
            ByteBuffer larger = ByteBuffer.allocate(capacity);
            larger.put(held.flip());
            held = larger;
        }
    }

    private @Nullable IOException failure() {
        return failure;
    }

    private IOException aborted() {
        IOException cause = requireNonNull(failure);
        return new IOException(cause.getMessage(), cause);
    }
}
