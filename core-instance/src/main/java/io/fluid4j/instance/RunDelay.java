/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How long a thread had to wait for a processor, as the kernel counts it: the second number of {@code schedstat}, the
 * <em>run delay</em> (Documentation/scheduler/sched-stats). Two small reads for one request in {@link #INTERVAL_NANOS}, whatever the
 * rate of requests. Off Linux, and where the kernel does not count, nothing is known. Thread-safe.
 */
final class RunDelay {

    /** Ten looks in a window of the limit, for about 0.3 % of a processor. */
    static final long INTERVAL_NANOS = 10_000_000L;

    /** A reading of this thread's counters. */
    record Reading(long ranNanos, long waitedNanos) {}

    private final Path file;
    private final AtomicLong nextNanos;
    private final boolean known;

    /**
     * Run delays below a root.
     *
     * @param procRoot {@code /proc}
     * @param nowNanos monotonic time, in nanoseconds
     */
    RunDelay(Path procRoot, long nowNanos) {
        file = procRoot.resolve("thread-self/schedstat");
        nextNanos = new AtomicLong(nowNanos);
        Reading first = read();
        // A kernel that does not count says 0 for everything.
        known = first != null && first.ranNanos + first.waitedNanos > 0;
    }

    /** The counters now when it is this request's turn to be looked at; else, and where they are not known, null. */
    @Nullable
    Reading begin(long nowNanos) {
        if (!known) {
            return null;
        }
        long next = nextNanos.get();
        if (nowNanos - next < 0 || !nextNanos.compareAndSet(next, nowNanos + INTERVAL_NANOS)) {
            return null;
        }
        return read();
    }

    /** What has grown since a reading on the same thread; null when that cannot be told. */
    @Nullable
    Reading since(Reading before) {
        Reading now = read();
        return now == null ? null : new Reading(now.ranNanos - before.ranNanos, now.waitedNanos - before.waitedNanos);
    }

    private @Nullable Reading read() {
        try {
            String stat = Files.readString(file, ISO_8859_1);
            int first = stat.indexOf(' ');
            int second = stat.indexOf(' ', first + 1);
            return new Reading(
                    Long.parseLong(stat.substring(0, first)), Long.parseLong(stat.substring(first + 1, second)));
        } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException e) {
            return null;
        }
    }
}
