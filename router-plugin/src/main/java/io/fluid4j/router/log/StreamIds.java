/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Which request a stream of a tunnel was for, of the last ones: lines may come after the response has ended. Writing costs
 * three stores and no memory. For any thread.
 */
final class StreamIds {

    /** A power of two. Lines come some milliseconds after their stream at most. */
    private static final int SLOTS = 2_048;

    private final AtomicIntegerArray streams = new AtomicIntegerArray(SLOTS);
    private final AtomicReferenceArray<byte[]> ids = new AtomicReferenceArray<>(SLOTS);

    void put(int stream, byte[] requestId) {
        int slot = slot(stream);
        streams.setOpaque(slot, 0);
        ids.setRelease(slot, requestId);
        streams.setRelease(slot, stream);
    }

    byte @Nullable [] find(int stream) {
        int slot = slot(stream);
        if (stream == 0 || streams.getAcquire(slot) != stream) {
            return null;
        }
        byte[] id = ids.getAcquire(slot);
        return streams.getAcquire(slot) == stream ? id : null;
    }

    /** Ids of a tunnel are 1, 2, 3 … (P-3.2). */
    private static int slot(int stream) {
        return stream & (SLOTS - 1);
    }
}
