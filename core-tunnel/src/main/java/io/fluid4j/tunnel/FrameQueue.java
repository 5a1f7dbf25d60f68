/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Encoded frames that wait to be written, in buffers as a write takes them: a frame in the queue is not an object.
 * Guarded by the out lock of its session.
 */
final class FrameQueue {

    private final BufferPool pool;
    private final ArrayDeque<ByteBuffer> full = new ArrayDeque<>(4);
    private @Nullable ByteBuffer open;
    private long fullBytes;
    private long takenBytes;

    FrameQueue(BufferPool pool) {
        this.pool = pool;
    }

    /** A buffer with room for that many octets; what is put into it is queued. */
    ByteBuffer room(int octets) {
        ByteBuffer buffer = open;
        if (buffer != null) {
            if (buffer.remaining() >= octets) {
                return buffer;
            }
            fullBytes += buffer.position();
            full.add(buffer);
        }
        // A head may be longer than a pooled buffer; it is rare, and gets one of its own.
        buffer = octets <= BufferPool.BUFFER_BYTES ? pool.acquire() : ByteBuffer.allocate(octets);
        open = buffer;
        return buffer;
    }

    /** Octets that can be put without another buffer. */
    int openRoom() {
        ByteBuffer buffer = open;
        return buffer == null ? 0 : buffer.remaining();
    }

    /** Octets that were put and not taken. */
    long queuedBytes() {
        ByteBuffer buffer = open;
        return fullBytes + (buffer == null ? 0 : buffer.position());
    }

    /** Octets that were ever put. */
    long totalBytes() {
        return takenBytes + queuedBytes();
    }

    /** Octets that were ever taken. */
    long takenBytes() {
        return takenBytes;
    }

    boolean isEmpty() {
        return queuedBytes() == 0;
    }

    /** The next buffer to write, readable; null when nothing is queued. Give it back with {@link #release}. */
    @Nullable
    ByteBuffer take() {
        ByteBuffer buffer = full.poll();
        if (buffer != null) {
            fullBytes -= buffer.position();
        } else {
            buffer = open;
            if (buffer == null || buffer.position() == 0) {
                return null;
            }
            open = null;
        }
        buffer.flip();
        takenBytes += buffer.remaining();
        return buffer;
    }

    void release(ByteBuffer written) {
        pool.release(written);
    }

    /** Drops everything. */
    void clear() {
        for (ByteBuffer buffer = full.poll(); buffer != null; buffer = full.poll()) {
            pool.release(buffer);
        }
        fullBytes = 0;
        if (open != null) {
            pool.release(open);
            open = null;
        }
    }
}
