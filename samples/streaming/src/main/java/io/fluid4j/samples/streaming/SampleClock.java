/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Owns the one thread that ticks for every open stream, for as long as the application is deployed. */
public final class SampleClock implements ServletContextListener {

    private static final String ATTRIBUTE = SampleClock.class.getName();

    private final ScheduledThreadPoolExecutor ticks = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "sample-ticks");
        thread.setDaemon(true);
        return thread;
    });

    /** Called by the container. */
    public SampleClock() {
        ticks.setRemoveOnCancelPolicy(true);
    }

    static ScheduledExecutorService of(ServletContext context) {
        return ((SampleClock) context.getAttribute(ATTRIBUTE)).ticks;
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        event.getServletContext().setAttribute(ATTRIBUTE, this);
        event.getServletContext().setAttribute(Counters.class.getName(), new Counters());
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        ticks.shutdownNow();
        try {
            ticks.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
