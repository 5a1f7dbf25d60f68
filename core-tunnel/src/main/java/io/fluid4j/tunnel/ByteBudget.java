/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Body octets that all streams of a transport together have received and not consumed (P-7.4). Above the limit streams
 * get credit for the smallest window only, so that each still moves; below three quarters of it those that were held
 * back get the rest. Thread-safe.
 */
final class ByteBudget {

    private final long limitBytes;
    private final AtomicLong queuedBytes = new AtomicLong();
    private final ConcurrentLinkedQueue<TunnelStream> held = new ConcurrentLinkedQueue<>();

    ByteBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long queuedBytes() {
        return queuedBytes.get();
    }

    boolean exceeded() {
        return queuedBytes.get() > limitBytes;
    }

    void add(int octets) {
        queuedBytes.addAndGet(octets);
    }

    /** Octets were consumed or discarded; may grant credit to streams that were held back. */
    void remove(long octets) {
        if (queuedBytes.addAndGet(-octets) <= limitBytes - limitBytes / 4 && !held.isEmpty()) {
            for (TunnelStream stream = held.poll(); stream != null; stream = held.poll()) {
                stream.grantHeldCredit();
            }
        }
    }

    /** That stream gets its credit when there is room again. */
    void hold(TunnelStream stream) {
        held.add(stream);
        // Room may have come between the look at the budget and the line above.
        if (!exceeded()) {
            remove(0);
        }
    }
}
