/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Body octets that the peers of a transport may have lying here: what was granted to them and not consumed yet, whether
 * it has come already or not (P-7.4). A stream gets a window, or grows it, by a share of what is left at most: so all
 * streams together stay within the budget, however many there are and however few of them move, but for the {@link
 * ReceiveWindow#MIN_WINDOW_BYTES} that each needs to move at all. Where N streams want more than there is, each ends at
 * budget / (N + {@value #SHARES}). Thread-safe.
 */
final class ByteBudget {

    /** What one stream may take of what is left is this part of it: a single one leaves nearly all to others. */
    private static final int SHARES = 32;

    private final long limitBytes;
    private final AtomicLong committedBytes = new AtomicLong();

    ByteBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Octets that were granted and not consumed. */
    long committedBytes() {
        return committedBytes.get();
    }

    /** The largest window a stream may have now. */
    int share() {
        long share = (limitBytes - committedBytes.get()) / SHARES;
        return (int) Math.max(ReceiveWindow.MIN_WINDOW_BYTES, Math.min(share, ReceiveWindow.MAX_WINDOW_BYTES));
    }

    /** Octets were granted. */
    void add(long octets) {
        committedBytes.addAndGet(octets);
    }

    /** Octets were consumed or dropped, or will not come. */
    void remove(long octets) {
        if (octets != 0) {
            committedBytes.addAndGet(-octets);
        }
    }
}
