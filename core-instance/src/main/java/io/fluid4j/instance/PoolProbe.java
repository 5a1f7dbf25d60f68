/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

/** Looks into the container's thread pool. Thread-safe; each method is a plain read. */
public interface PoolProbe {
    /**
     * Threads that run something now.
     *
     * @return 0 or more
     */
    int busyThreads();

    /**
     * Most threads the pool may have.
     *
     * @return 1 or more; {@link Integer#MAX_VALUE} when there is no bound, as with virtual threads
     */
    int maxThreads();

    /**
     * Tasks that wait for a thread.
     *
     * @return 0 or more
     */
    int queuedTasks();
}
