/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Fields;
import io.fluid4j.tunnel.Content;
import io.fluid4j.tunnel.InboundStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.coyote.InputBuffer;
import org.apache.coyote.Request;
import org.apache.tomcat.util.buf.ByteChunk;
import org.apache.tomcat.util.net.ApplicationBufferHandler;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request: pulls content from the stream as the application reads, so that credit returns only then
 * (P-7.3). Blocking reads wait on a condition; non-blocking ones register an interest that {@link #available()} turns
 * into one event.
 *
 * <p>Threads: the application's on one side, the session's reader thread ({@link #contentAvailable}, {@link #fail}) on
 * the other. The lock is held for a few hundred nanoseconds and never while the application runs.
 */
final class RequestBody implements InputBuffer {
    private final Request request;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // All below: guarded by lock once begin() has returned.
    private @Nullable InboundStream stream;
    private @Nullable ByteBuffer current;
    private @Nullable IOException failure;
    /** The failure was found here, in the body itself. */
    private boolean wrong;
    /** The stream owes us one onContentAvailable. */
    private boolean demanded;
    /** A ReadListener waits for an OPEN_READ event. */
    private boolean interested;

    private volatile boolean ended;
    private long announcedBytes;
    private long receivedBytes;
    private int maxTrailerFields;
    private long timeoutMillis;

    RequestBody(Request request) {
        this.request = request;
    }

    void begin(InboundStream stream, boolean empty, long announcedBytes, int maxTrailerFields, long timeoutMillis) {
        lock.lock();
        try {
            this.stream = stream;
            this.ended = empty;
            this.announcedBytes = announcedBytes;
            this.maxTrailerFields = maxTrailerFields;
            this.timeoutMillis = timeoutMillis;
        } finally {
            lock.unlock();
        }
    }

    /** Makes it ready for the next request. */
    void recycle() {
        lock.lock();
        try {
            stream = null;
            current = null;
            failure = null;
            wrong = false;
            demanded = false;
            interested = false;
            ended = false;
            receivedBytes = 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int doRead(ApplicationBufferHandler handler) throws IOException {
        if (ended && current == null) {
            return -1;
        }
        ByteBuffer content;
        lock.lock();
        try {
            awaitContent();
            content = current;
            current = null;
        } finally {
            lock.unlock();
        }
        if (content == null) {
            return -1;
        }
        handler.setByteBuffer(content);
        return content.remaining();
    }

    @Override
    public int available() {
        if (ended && current == null) {
            return 0;
        }
        lock.lock();
        try {
            pull();
            return current == null ? 0 : current.remaining();
        } finally {
            lock.unlock();
        }
    }

    /** True when the application has been given everything. Looks whether the end has come meanwhile. */
    boolean fullyRead() {
        return available() == 0 && ended;
    }

    /** True when the last octet (and the trailers) have arrived. */
    boolean ended() {
        return ended;
    }

    /**
     * True when a read will not block. Else the interest is registered: {@link #contentAvailable} answers true once.
     *
     * @return {@link Readiness#READY}, {@link Readiness#ENDED} or {@link Readiness#WAITING}
     */
    Readiness readiness() {
        lock.lock();
        try {
            while (!pull()) {
                if (failure != null) {
                    // After a cancel the ERROR event comes; a body that is wrong is for the next read to tell.
                    return wrong ? Readiness.READY : Readiness.WAITING;
                }
                if (!demanded && demandOrMore()) {
                    continue;
                }
                interested = true;
                return Readiness.WAITING;
            }
            return current != null ? Readiness.READY : Readiness.ENDED;
        } finally {
            lock.unlock();
        }
    }

    /** From the reader thread: content has come. True when a ReadListener waits for it. */
    boolean contentAvailable(InboundStream from) {
        lock.lock();
        try {
            if (stream != from) {
                return false; // of a request that has ended meanwhile
            }
            demanded = false;
            changed.signalAll();
            boolean wanted = interested;
            interested = false;
            return wanted;
        } finally {
            lock.unlock();
        }
    }

    /** No more content will come: blocked and later reads throw. */
    void fail(InboundStream from, IOException cause) {
        lock.lock();
        try {
            if (stream == from && failure == null) {
                failure = cause;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Puts a saved body (form login) in the place of this one. */
    void replay(ByteChunk body) {
        lock.lock();
        try {
            byte[] octets = new byte[body.getLength()];
            System.arraycopy(body.getBytes(), body.getStart(), octets, 0, octets.length);
            current = octets.length == 0 ? null : ByteBuffer.wrap(octets);
            ended = true;
        } finally {
            lock.unlock();
        }
    }

    private void awaitContent() throws IOException {
        long nanosLeft = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (!pull()) {
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
            if (!demanded && demandOrMore()) {
                continue;
            }
            if (timeoutMillis > 0 && nanosLeft <= 0) {
                throw new SocketTimeoutException("no request body for " + timeoutMillis + " ms");
            }
            nanosLeft = awaitChange(nanosLeft);
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private long awaitChange(long nanosLeft) throws IOException {
        try {
            if (timeoutMillis > 0) {
                return changed.awaitNanos(nanosLeft);
            }
            changed.await();
            return nanosLeft;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading the request body", e);
        }
    }

    /** True when content can be read at once; false when the stream will call {@link #contentAvailable}. */
    private boolean demandOrMore() {
        // Set first: the call may come, on the reader thread, before demand() has returned.
        demanded = true;
        if (requireNonNull(stream).demand()) {
            demanded = false;
            return true;
        }
        return false;
    }

    /** Takes what the stream has; true when there are octets or the end is known. */
    private boolean pull() {
        while (current == null && !ended) {
            if (failure != null || stream == null) {
                return false;
            }
            Content content = stream.read();
            if (content == null) {
                return false;
            }
            take(content);
        }
        return true;
    }

    private void take(Content content) {
        Throwable cause = content.failure();
        if (cause != null) {
            failure = cause instanceof IOException io ? io : new IOException("request body failed", cause);
            return;
        }
        ByteBuffer data = content.data();
        receivedBytes += data.remaining();
        // The session counts too (P-5.11). Here because no HTTP parser of the container does it for us.
        if (announcedBytes >= 0
                && (receivedBytes > announcedBytes || (content.last() && receivedBytes < announcedBytes))) {
            wrong(receivedBytes + " octets of request body (announced: " + announcedBytes + ")");
            return;
        }
        if (data.hasRemaining()) {
            current = data;
        }
        if (content.last()) {
            ended = trailers(content.trailers());
        }
    }

    private void wrong(String message) {
        failure = new IOException(message);
        wrong = true;
    }

    private boolean trailers(@Nullable Fields trailers) {
        if (trailers == null) {
            return true;
        }
        if (trailers.size() > maxTrailerFields) {
            wrong(trailers.size() + " trailer fields (expected: at most " + maxTrailerFields + ")");
            return false;
        }
        Fields.Cursor cursor = trailers.cursor();
        while (cursor.next()) {
            CoyoteShim.trailer(request, cursor.name(), cursor.value());
        }
        return true;
    }

    /** Whether a non-blocking read may be made. */
    enum Readiness {
        /** Octets are there. */
        READY,
        /** The body has ended. */
        ENDED,
        /** Neither; an event will come. */
        WAITING
    }
}
