/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Channels that wait for their next stream; the one used last comes first, as it is still in the caches. Thread-safe. */
final class ChannelPool {

    private final int maxIdle;
    private final Object lock = new Object();
    private final ArrayDeque<StreamChannel> idle = new ArrayDeque<>();

    /** A pool that keeps that many channels at most. */
    ChannelPool(int maxIdle) {
        this.maxIdle = maxIdle;
    }

    /** A channel, or null when none is idle. */
    @Nullable
    StreamChannel take() {
        synchronized (lock) {
            return idle.pollFirst();
        }
    }

    /** Gives back a recycled channel; it is dropped when enough are idle. */
    void giveBack(StreamChannel channel) {
        synchronized (lock) {
            if (idle.size() < maxIdle) {
                idle.addFirst(channel);
            }
        }
    }

    void clear() {
        synchronized (lock) {
            idle.clear();
        }
    }
}
