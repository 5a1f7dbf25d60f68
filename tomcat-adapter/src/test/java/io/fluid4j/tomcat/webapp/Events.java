/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat.webapp;

import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What happened inside the application, for the test to ask for: named queues of texts. */
final class Events {
    private static final Map<String, BlockingQueue<String>> QUEUES = new ConcurrentHashMap<>();
    private static final long DEADLINE_SECONDS = 30;

    private Events() {}

    static void add(String queue, String event) {
        queue(queue).add(event);
    }

    /** Waits for the next event; "nothing" when none comes in time. */
    static String next(String queue) throws InterruptedException {
        String event = queue(queue).poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        return event == null ? "nothing" : event;
    }

    /** What has happened so far. */
    static List<String> all(String queue) {
        return List.copyOf(queue(queue));
    }

    private static BlockingQueue<String> queue(String name) {
        return QUEUES.computeIfAbsent(name, ignored -> new LinkedBlockingQueue<>());
    }
}
