/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Pings the peer and ends the session when nothing at all has come for two intervals after an unanswered PING (P-8.2), or
 * when the peer has read nothing for long. One per session; runs on the scheduler.
 */
final class KeepAlive implements Runnable {

    private static final int MISSED_INTERVALS = 2;

    /** A peer that still sends but never reads. */
    private static final long MAX_BLOCKED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final TunnelConnection connection;
    private final Scheduler scheduler;
    private final long intervalMillis;
    private volatile Scheduler.@Nullable Task task;
    private volatile boolean stopped;

    /** When the oldest PING left that nothing has come after. */
    private long unansweredNanos;

    private boolean unanswered;

    KeepAlive(TunnelConnection connection, Scheduler scheduler, int intervalMillis) {
        this.connection = connection;
        this.scheduler = scheduler;
        this.intervalMillis = intervalMillis;
    }

    void start() {
        schedule();
    }

    void stop() {
        stopped = true;
        Scheduler.Task pending = task;
        if (pending != null) {
            pending.cancel();
        }
    }

    @Override
    public void run() {
        if (stopped) {
            return;
        }
        long now = System.nanoTime();
        long silentNanos = now - connection.lastReadNanos();
        unanswered &= now - unansweredNanos < silentNanos;
        if (unanswered && now - unansweredNanos >= TimeUnit.MILLISECONDS.toNanos(MISSED_INTERVALS * intervalMillis)) {
            connection.end(ErrorCode.TIMEOUT, "nothing came for " + silentNanos / 1_000_000 + " ms", null, true);
            return;
        }
        if (connection.flusher().blockedNanos(now) > MAX_BLOCKED_NANOS) {
            connection.end(ErrorCode.TIMEOUT, "the peer reads nothing", null, true);
            return;
        }
        if (!unanswered) {
            unanswered = true;
            unansweredNanos = now;
        }
        connection.outgoing().sendPing(now);
        schedule();
    }

    private void schedule() {
        task = scheduler.schedule(this, intervalMillis, TimeUnit.MILLISECONDS);
        if (stopped) {
            stop();
        }
    }
}
