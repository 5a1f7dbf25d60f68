/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.instance.PoolProbe;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.catalina.core.StandardThreadExecutor;
import org.apache.tomcat.util.threads.TaskQueue;
import org.apache.tomcat.util.threads.TaskThreadFactory;
import org.apache.tomcat.util.threads.ThreadPoolExecutor;
import org.apache.tomcat.util.threads.VirtualThreadExecutor;
import org.jspecify.annotations.Nullable;

/**
 * The threads the requests of this connector run on: a shared executor of the server when one is given, else a pool made
 * as Tomcat's own connectors make theirs. Also what the admission and the manager's status page want to know of them
 * (the getters are attributes of an MBean of type ThreadPool, hence their names).
 */
public final class ContainerThreads implements PoolProbe {
    private static final long MAX_IDLE_MILLIS = 60_000;
    private static final long TERMINATION_MILLIS = 5_000;

    private final Executor executor;
    private final boolean own;

    private ContainerThreads(Executor executor, boolean own) {
        this.executor = executor;
        this.own = own;
    }

    /** An executor that belongs to the server. */
    static ContainerThreads shared(Executor executor) {
        return new ContainerThreads(executor, false);
    }

    /** A virtual thread for each task; needs Java 21. */
    static ContainerThreads virtual(String name) {
        return new ContainerThreads(new VirtualThreadExecutor(name + "-virt-"), true);
    }

    /** A pool of its own. */
    static ContainerThreads pool(String name, int minSpare, int max, int priority) {
        TaskQueue queue = new TaskQueue();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                Math.min(minSpare, max),
                max,
                MAX_IDLE_MILLIS,
                TimeUnit.MILLISECONDS,
                queue,
                new TaskThreadFactory(name + "-exec-", true, priority));
        queue.setParent(pool);
        return new ContainerThreads(pool, true);
    }

    Executor executor() {
        return executor;
    }

    /** Ends the threads, unless they are the server's. */
    void stop() {
        if (!own) {
            return;
        }
        if (executor instanceof ThreadPoolExecutor pool) {
            pool.shutdownNow();
            try {
                if (!pool.awaitTermination(TERMINATION_MILLIS, TimeUnit.MILLISECONDS)) {
                    // As Tomcat's endpoints: such threads are daemons and die with the JVM.
                    ((TaskQueue) pool.getQueue()).setParent(null);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        } else if (executor instanceof VirtualThreadExecutor virtual) {
            virtual.shutdown();
        }
    }

    @Override
    public int busyThreads() {
        return getCurrentThreadsBusy();
    }

    @Override
    public int maxThreads() {
        int max = getMaxThreads();
        return max > 0 ? max : Integer.MAX_VALUE;
    }

    @Override
    public int queuedTasks() {
        if (executor instanceof ThreadPoolExecutor pool) {
            return pool.getQueue().size();
        }
        return executor instanceof StandardThreadExecutor standard ? standard.getQueueSize() : 0;
    }

    /**
     * The most threads there may be.
     *
     * @return 1 or more, or -1 when there is no bound
     */
    public int getMaxThreads() {
        if (executor instanceof ThreadPoolExecutor pool) {
            return pool.getMaximumPoolSize();
        }
        return executor instanceof StandardThreadExecutor standard ? standard.getMaxThreads() : -1;
    }

    /**
     * Threads there are now.
     *
     * @return 0 or more, or -1 when not known
     */
    public int getCurrentThreadCount() {
        if (executor instanceof ThreadPoolExecutor pool) {
            return pool.getPoolSize();
        }
        return executor instanceof StandardThreadExecutor standard ? standard.getPoolSize() : -1;
    }

    /**
     * Threads that run something now.
     *
     * @return 0 or more; 0 when not known
     */
    public int getCurrentThreadsBusy() {
        if (executor instanceof ThreadPoolExecutor pool) {
            return pool.getActiveCount();
        }
        return executor instanceof StandardThreadExecutor standard ? standard.getActiveCount() : 0;
    }

    /**
     * Connections kept alive; the status page asks for it.
     *
     * @return 0: a tunnel has no idle connections of clients
     */
    public long getKeepAliveCount() {
        return 0;
    }

    static ContainerThreads of(@Nullable Executor shared, FluidProtocol protocol) {
        if (shared != null) {
            return shared(shared);
        }
        return protocol.getUseVirtualThreads()
                ? virtual(FluidProtocol.NAME)
                : pool(
                        FluidProtocol.NAME,
                        protocol.getMinSpareThreads(),
                        protocol.getMaxThreads(),
                        protocol.getThreadPriority());
    }
}
