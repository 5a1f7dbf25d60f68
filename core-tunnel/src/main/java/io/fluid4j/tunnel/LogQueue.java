/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.LogLine;
import java.util.ArrayDeque;

/** Log lines on their way to the requester: bounded, the oldest go first when there are too many. Thread-safe. */
final class LogQueue {

    private static final int MAX_LINES = 1024;

    /** Per tick, so that a receiver's budget of 10,000 lines a second is never exceeded (P-9.4). */
    private static final int MAX_LINES_PER_TICK = 90;

    private record Entry(int stream, LogLine line) {}

    private final Object lock = new Object();
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private long dropped;

    void add(int stream, LogLine line) {
        synchronized (lock) {
            if (entries.size() == MAX_LINES) {
                entries.poll();
                dropped++;
            }
            entries.add(new Entry(stream, line));
        }
    }

    boolean isEmpty() {
        synchronized (lock) {
            return entries.isEmpty();
        }
    }

    /** Encodes some lines while there is room; true when there were any. */
    boolean drain(Outgoing outgoing) {
        for (int i = 0; i < MAX_LINES_PER_TICK; i++) {
            Entry entry;
            long droppedBefore;
            synchronized (lock) {
                entry = outgoing.hasRoom() ? entries.poll() : null;
                if (entry == null) {
                    return i > 0;
                }
                droppedBefore = dropped;
                dropped = 0;
            }
            LogLine line = entry.line();
            if (droppedBefore > 0) {
                long sum = Math.min(0xFFFF_FFFFL, line.droppedBefore() + droppedBefore);
                line = new LogLine(line.timeMillis(), line.level(), sum, line.logger(), line.message());
            }
            LogLine sent = line;
            outgoing.putData(FrameWriter.maxLogBytes(sent), out -> FrameWriter.log(out, entry.stream(), sent));
        }
        return true;
    }
}
