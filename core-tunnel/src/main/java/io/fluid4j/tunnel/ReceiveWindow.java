/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

/**
 * The receiving half of one stream's flow control (P-7.3, P-7.4): what the peer may still send, what lies in the
 * stream's queue, and what was consumed and not granted again. The window doubles while the peer uses half of it within
 * two round trips and the consumer keeps up, so that a long fat network does not cap one stream. Thread-safe.
 */
final class ReceiveWindow {

    /** One stream reaches 1 Gbit/s through 100 ms of round trip with it (P-7.4). */
    static final int MAX_WINDOW_BYTES = 16 * 1024 * 1024;
    /** What a stream gets under pressure: enough to move. */
    static final int MIN_WINDOW_BYTES = 16 * 1024;

    private int window;
    private long available;
    private long queued;
    private long unreturned;
    private long lastGrantNanos;
    private boolean closed;
    private boolean held;

    ReceiveWindow(int initialBytes, long nowNanos) {
        window = initialBytes;
        available = initialBytes;
        lastGrantNanos = nowNanos;
    }

    /** Octets have come: how many are queued now, 0 once the window is closed, or -1 when there was no credit. */
    synchronized int received(int octets) {
        available -= octets;
        if (available < 0) {
            return -1;
        }
        if (closed) {
            return 0;
        }
        queued += octets;
        return octets;
    }

    /**
     * Octets were consumed.
     *
     * @return what was really counted: less than said, or 0, once the window is closed
     */
    synchronized long consumed(int octets) {
        long counted = closed ? 0 : Math.min(octets, queued);
        queued -= counted;
        unreturned += counted;
        return counted;
    }

    /**
     * What to grant now, 0 for nothing.
     *
     * @param pressed the byte budget is exceeded: the smallest window must do
     */
    synchronized int grant(long nowNanos, long roundTripNanos, boolean pressed) {
        if (closed || unreturned == 0) {
            return 0;
        }
        if (pressed) {
            int increment = (int) Math.min(unreturned, MIN_WINDOW_BYTES - available);
            return increment >= MIN_WINDOW_BYTES / 2 ? granted(increment, nowNanos) : 0;
        }
        if (unreturned < window / 2 && !held) {
            return 0;
        }
        long grown = 0;
        if (window < MAX_WINDOW_BYTES
                && queued <= window / 4
                && unreturned >= window / 2
                && nowNanos - lastGrantNanos < 2 * roundTripNanos) {
            grown = Math.min(window, MAX_WINDOW_BYTES - window);
            window += (int) grown;
        }
        held = false;
        unreturned += grown;
        return granted((int) unreturned, nowNanos);
    }

    /** True once for each time the stream has to be told when pressure falls. */
    synchronized boolean mustHold() {
        if (closed || held || unreturned < window / 2) {
            return false;
        }
        held = true;
        return true;
    }

    /** No more credit is given; returns the octets that were never consumed. */
    synchronized long close() {
        closed = true;
        long left = queued;
        queued = 0;
        return left;
    }

    synchronized int windowBytes() {
        return window;
    }

    /** Available, queued and not yet returned octets: always the window, when nothing leaks. */
    synchronized long accountedBytes() {
        return available + queued + unreturned;
    }

    private int granted(int increment, long nowNanos) {
        unreturned -= increment;
        available += increment;
        lastGrantNanos = nowNanos;
        return increment;
    }
}
