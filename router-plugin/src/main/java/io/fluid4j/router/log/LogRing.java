/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The last lines of a function: bounded in octets, the oldest go first. Thread-safe. */
final class LogRing {

    private final long maxBytes;
    private final ArrayDeque<LoggedLine> lines = new ArrayDeque<>();
    private long bytes;
    private long dropped;

    LogRing(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    synchronized void add(LoggedLine line) {
        lines.add(line);
        bytes += line.bytes();
        while (bytes > maxBytes && lines.size() > 1) {
            bytes -= lines.remove().bytes();
            dropped++;
        }
    }

    /** The last ones that match, oldest first. */
    synchronized List<LoggedLine> find(LogFilter filter, int most) {
        ArrayDeque<LoggedLine> found = new ArrayDeque<>();
        for (Iterator<LoggedLine> newest = lines.descendingIterator(); newest.hasNext() && found.size() < most; ) {
            LoggedLine line = newest.next();
            if (filter.matches(line)) {
                found.addFirst(line);
            }
        }
        return new ArrayList<>(found);
    }

    /** How many have gone. */
    synchronized long dropped() {
        return dropped;
    }
}
