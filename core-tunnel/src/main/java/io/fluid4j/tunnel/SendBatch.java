/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets a thread that runs one exchange after another send their responses together: while more exchanges are known to
 * follow on this thread, the end of a response does not make it write at once. Only complete responses wait, what an
 * application flushes on its way leaves as ever; and they wait for the next exchanges of this thread or half a
 * millisecond, whichever is shorter. When such an exchange blocks, whoever writes next on the session takes them along,
 * the session's ticker at the latest (10 ms). Belongs to one thread.
 */
public final class SendBatch {

    private static final ThreadLocal<@Nullable SendBatch> CURRENT = new ThreadLocal<>();

    private static final long MAX_WAIT_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    /** Sessions per thread and batch; an instance rarely has more. */
    private static final int MAX_SESSIONS = 8;

    private final @Nullable Flusher[] waiting = new Flusher[MAX_SESSIONS];
    private int count;
    private boolean more;
    private long sinceNanos;

    private SendBatch() {}

    /** The batch of the current thread. */
    public static SendBatch ofThisThread() {
        SendBatch batch = CURRENT.get();
        if (batch == null) {
            batch = new SendBatch();
            CURRENT.set(batch);
        }
        return batch;
    }

    /**
     * Says, before an exchange is run, whether another one is known to follow it on this thread; and false at the end.
     * With false, what has gathered leaves now.
     */
    public void more(boolean follows) {
        more = follows;
        if (count > 0 && (!follows || System.nanoTime() - sinceNanos > MAX_WAIT_NANOS)) {
            flush();
        }
    }

    /** A response is complete: true when it may wait for the next one. */
    static boolean defers(Flusher flusher) {
        SendBatch batch = CURRENT.get();
        return batch != null && batch.more && batch.add(flusher);
    }

    private boolean add(Flusher flusher) {
        for (int i = 0; i < count; i++) {
            if (waiting[i] == flusher) {
                return true;
            }
        }
        if (count == MAX_SESSIONS) {
            return false;
        }
        if (count == 0) {
            sinceNanos = System.nanoTime();
        }
        waiting[count++] = flusher;
        return true;
    }

    private void flush() {
        for (int i = 0; i < count; i++) {
            Flusher flusher = waiting[i];
            waiting[i] = null;
            if (flusher != null) {
                flusher.flushSoon();
            }
        }
        count = 0;
    }
}
