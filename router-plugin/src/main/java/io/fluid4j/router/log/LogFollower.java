/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Somebody who reads along. Lines that it does not take in time are dropped, the oldest first, and counted. Thread-safe. */
final class LogFollower {

    private static final int MAX_WAITING = 2_000;

    private final LogFilter filter;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition come = lock.newCondition();
    private final ArrayDeque<LoggedLine> waiting = new ArrayDeque<>();
    private long dropped;
    private boolean closed;

    LogFollower(LogFilter filter) {
        this.filter = filter;
    }

    void offer(LoggedLine line) {
        if (!filter.matches(line)) {
            return;
        }
        lock.lock();
        try {
            if (waiting.size() == MAX_WAITING) {
                waiting.remove();
                dropped++;
            }
            waiting.add(line);
            come.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The next line; null when none has come in that time, or it is closed. */
    @Nullable
    LoggedLine poll(long timeoutMillis) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
            while (waiting.isEmpty() && !closed && left > 0) {
                left = come.awaitNanos(left);
            }
            return waiting.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Lines dropped since this was asked last. */
    long takeDropped() {
        lock.lock();
        try {
            long now = dropped;
            dropped = 0;
            return now;
        } finally {
            lock.unlock();
        }
    }

    boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            come.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
