/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;

/** Uses processor time, and only that. */
final class Burner {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Work between two looks at the clock: some microseconds. */
    private static final int STEP = 2_000;

    private Burner() {}

    /** Burns that much time of the thread's own processor clock; of the wall clock where threads have none. */
    static long burn(int millis) {
        boolean own = THREADS.isCurrentThreadCpuTimeSupported() && THREADS.getCurrentThreadCpuTime() >= 0;
        long end = now(own) + TimeUnit.MILLISECONDS.toNanos(millis);
        long state = 88_172_645_463_325_252L;
        long rounds = 0;
        while (now(own) - end < 0) {
            for (int i = 0; i < STEP; i++) {
                state ^= state << 13;
                state ^= state >>> 7;
                state ^= state << 17;
            }
            rounds++;
        }
        // The result depends on the work, so that no compiler may leave it out.
        return state == 0 ? -1 : rounds;
    }

    private static long now(boolean own) {
        return own ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    }
}
