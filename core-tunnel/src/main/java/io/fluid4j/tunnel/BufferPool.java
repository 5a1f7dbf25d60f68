/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Direct buffers of one size for reads and writes. Thread-safe; last in, first out, so that a warm buffer is used next. */
final class BufferPool {

    /** One read or write: large enough that system calls do not dominate, small enough for a cache. */
    static final int BUFFER_BYTES = 64 * 1024;

    /** 16 MiB of unused buffers at most. */
    private static final int MAX_FREE = 256;

    /** Read buffers that those who are slow may hold, as part of the byte budget. */
    private static final int RETAINED_SHARE = 4;

    private static final int MIN_RETAINED = 16;

    private final Object lock = new Object();
    private final int maxLent;
    private final @Nullable ByteBuffer[] free = new ByteBuffer[MAX_FREE];
    private int count;
    private volatile int lent;

    /**
     * A pool.
     *
     * @param byteBudget a quarter of it may lie in buffers that somebody holds
     */
    BufferPool(long byteBudget) {
        maxLent = (int) Math.max(MIN_RETAINED, Math.min(byteBudget / RETAINED_SHARE / BUFFER_BYTES, Integer.MAX_VALUE));
    }

    /** True when so many buffers are held that whoever cannot use one up at once should copy what it needs. */
    boolean scarce() {
        return lent > maxLent;
    }

    /** A cleared direct buffer of {@link #BUFFER_BYTES}; give it back with {@link #release}. */
    ByteBuffer acquire() {
        synchronized (lock) {
            lent++;
            if (count > 0) {
                ByteBuffer buffer = free[--count];
                free[count] = null;
                if (buffer != null) {
                    return buffer.clear();
                }
            }
        }
        return ByteBuffer.allocateDirect(BUFFER_BYTES);
    }

    /** Takes a buffer back; one that did not come from here is dropped. */
    void release(ByteBuffer buffer) {
        if (buffer.isDirect() && buffer.capacity() == BUFFER_BYTES) {
            synchronized (lock) {
                lent--;
                if (count < MAX_FREE) {
                    free[count++] = buffer;
                }
            }
        }
    }
}
