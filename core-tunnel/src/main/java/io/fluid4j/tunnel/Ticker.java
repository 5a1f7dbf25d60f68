/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * What a server's session does a little later, by one timer for all its streams: ACCEPTED 50 ms after a start (P-5.2),
 * ends that an application holds open, log lines. Runs only while there is something to look after. Thread-safe.
 */
final class Ticker implements Runnable {

    private static final long TICK_MILLIS = 10;
    private static final long ACCEPT_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** With more streams than this, all are looked at in every fifth tick only. */
    private static final int MANY_STREAMS = 512;

    private static final int RARE_TICKS = 5;

    private final Session session;
    private final Scheduler scheduler;
    private final LogQueue logs;
    private final AtomicBoolean armed = new AtomicBoolean();
    private int ticks;

    Ticker(Session session, Scheduler scheduler, LogQueue logs) {
        this.session = session;
        this.scheduler = scheduler;
        this.logs = logs;
    }

    /** There is something to look after. */
    void arm() {
        if (!armed.get() && armed.compareAndSet(false, true)) {
            scheduler.schedule(this, TICK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void run() {
        if (!session.open()) {
            return;
        }
        ServerSide server = session.server();
        if (server.streams() <= MANY_STREAMS || ++ticks % RARE_TICKS == 0) {
            long now = System.nanoTime();
            for (InboundStream stream : server.live()) {
                stream.onTick(now, ACCEPT_AFTER_NANOS);
            }
        }
        if (logs.drain(session.outgoing()) || session.outgoing().dataQueued()) {
            session.flusher().flushSoon();
        }
        if (busy(server)) {
            scheduler.schedule(this, TICK_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            armed.set(false);
            if (busy(server)) {
                arm();
            }
        }
    }

    private boolean busy(ServerSide server) {
        return server.streams() > 0 || !logs.isEmpty() || session.outgoing().dataQueued();
    }
}
