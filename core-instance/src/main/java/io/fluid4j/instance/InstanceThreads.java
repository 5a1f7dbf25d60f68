/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Names the threads of an instance, and sees that they end. */
final class InstanceThreads {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private InstanceThreads() {}

    /** Daemon threads with a name each; the loader of this class is their context loader, never an application's. */
    static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(null, task, name + "-" + count.incrementAndGet(), 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(InstanceThreads.class.getClassLoader());
            return thread;
        };
    }

    /** Waits for an executor that was shut down. */
    static void join(ExecutorService executor, long seconds) {
        try {
            if (!executor.awaitTermination(seconds, TimeUnit.SECONDS)) {
                LOG.log(WARNING, "threads of the instance did not end within {0} s", seconds);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
