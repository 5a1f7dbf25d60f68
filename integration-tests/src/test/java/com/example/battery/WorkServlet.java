/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;

/**
 * Burns {@code burn} milliseconds of processor time, waits {@code wait} milliseconds, writes log lines when asked by
 * {@code line}, and says how much its own thread has burnt by that thread's clock.
 */
public final class WorkServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final Logger LOG = Logger.getLogger("com.example.battery.work");
    private static final System.Logger SYSTEM = System.getLogger("com.example.battery.system");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        long burnt = burn(millis(request, "burn") * 1_000_000L);
        long wakes = System.nanoTime() + millis(request, "wait") * 1_000_000L;
        for (long left = wakes - System.nanoTime(); left > 0; left = wakes - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        String line = request.getParameter("line");
        if (line != null) {
            LOG.info("first " + line);
            SYSTEM.log(System.Logger.Level.WARNING, "second " + line);
        }
        response.setContentType("text/plain");
        response.getWriter().print("burnt=" + burnt + "\n");
    }

    private static long burn(long nanos) {
        long begin = THREADS.getCurrentThreadCpuTime();
        long wall = System.nanoTime();
        long used = 0;
        while (used < nanos) {
            used = begin < 0 ? System.nanoTime() - wall : THREADS.getCurrentThreadCpuTime() - begin;
        }
        return used;
    }

    private static long millis(HttpServletRequest request, String name) {
        String value = request.getParameter(name);
        return value == null ? 0 : Long.parseLong(value);
    }
}
