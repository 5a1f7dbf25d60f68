/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** The buffer of one read, shared by reference count with those who keep slices of it (C-7). Thread-safe. */
final class ReadBuffer implements Retainable {

    private final BufferPool pool;
    private final ByteBuffer buffer;
    private final AtomicInteger references = new AtomicInteger(1);

    ReadBuffer(BufferPool pool) {
        this.pool = pool;
        this.buffer = pool.acquire();
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /** True when nobody but the reader holds it, so that it may be read into again. */
    boolean exclusive() {
        return references.get() == 1;
    }

    @Override
    public boolean scarce() {
        return pool.scarce();
    }

    @Override
    public void retain() {
        if (references.getAndIncrement() <= 0) {
            references.getAndDecrement();
            throw new IllegalStateException("the buffer was released");
        }
    }

    @Override
    public void release() {
        int left = references.decrementAndGet();
        if (left == 0) {
            pool.release(buffer);
        } else if (left < 0) {
            throw new IllegalStateException("the buffer was released too often");
        }
    }
}
