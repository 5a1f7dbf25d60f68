/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.instance.PoolProbe;
import java.util.concurrent.Executor;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ThreadPool;

/** Looks into the pool that runs exchanges. Virtual threads and unknown executors have no bound to tell of. */
record ThreadPoolProbe(Executor executor) implements PoolProbe {

    @Override
    public int busyThreads() {
        if (executor instanceof QueuedThreadPool pool) {
            return Math.max(0, pool.getBusyThreads());
        }
        return executor instanceof ThreadPool pool ? Math.max(0, pool.getThreads() - pool.getIdleThreads()) : 0;
    }

    @Override
    public int maxThreads() {
        return executor instanceof ThreadPool.SizedThreadPool pool
                ? Math.max(1, pool.getMaxThreads())
                : Integer.MAX_VALUE;
    }

    @Override
    public int queuedTasks() {
        return executor instanceof QueuedThreadPool pool ? pool.getQueueSize() : 0;
    }
}
