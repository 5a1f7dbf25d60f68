/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

/**
 * The receiving half of one stream's flow control (P-7.3, P-7.4): what the peer may still send, what lies in the
 * stream's queue, and what was not granted (again). The window doubles while the peer uses half of it within two round
 * trips and the consumer keeps up, so that a long fat network does not cap one stream; what is granted of it is bounded
 * by the share of the {@link ByteBudget}. A stream never stands still for want of credit: at least half of what it may
 * have is granted or queued, and what is queued asks for credit when it is consumed. Thread-safe.
 */
final class ReceiveWindow {

    /** One stream reaches 1 Gbit/s through 100 ms of round trip with it (P-7.4). */
    static final int MAX_WINDOW_BYTES = 16 * 1024 * 1024;
    /** What a stream has under any pressure: enough to move, and no more than its connection costs anyway. */
    static final int MIN_WINDOW_BYTES = 4 * 1024;

    private int window;
    private long available;
    private long queued;
    private long unreturned;
    private long lastGrantNanos;
    private boolean ended;
    private boolean closed;

    /**
     * A window.
     *
     * @param windowBytes its size as long as there is no pressure
     * @param grantedBytes what the peer has got of it at the beginning
     */
    ReceiveWindow(int windowBytes, int grantedBytes, long nowNanos) {
        window = windowBytes;
        available = grantedBytes;
        unreturned = (long) windowBytes - grantedBytes;
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
     * @param share the most the stream may have granted and queued now, octets
     */
    synchronized int grant(long nowNanos, long roundTripNanos, int share) {
        if (ended || unreturned == 0) {
            return 0;
        }
        if (share < window) {
            long increment = Math.min(unreturned, share - available - queued);
            return increment >= share / 2 ? granted(increment, nowNanos) : 0;
        }
        if (unreturned < window / 2) {
            return 0;
        }
        if (window < MAX_WINDOW_BYTES && queued <= window / 4 && nowNanos - lastGrantNanos < 2 * roundTripNanos) {
            int grown = Math.min(share, Math.min(window, MAX_WINDOW_BYTES - window));
            window += grown;
            unreturned += grown;
        }
        return granted(unreturned, nowNanos);
    }

    /** No more octets come, and no more credit is given; returns what was granted and not used. */
    synchronized long end() {
        long unused = ended ? 0 : available;
        ended = true;
        return unused;
    }

    /** No more credit is given, and what is queued was dropped; returns that and what was granted and not used. */
    synchronized long close() {
        long left = closed ? 0 : end() + queued;
        closed = true;
        queued = 0;
        return left;
    }

    synchronized int windowBytes() {
        return window;
    }

    /** Available, queued and not granted octets: always the window, when nothing leaks. */
    synchronized long accountedBytes() {
        return available + queued + unreturned;
    }

    private int granted(long increment, long nowNanos) {
        unreturned -= increment;
        available += increment;
        lastGrantNanos = nowNanos;
        return (int) increment;
    }
}
