/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/** What servlets saw, and what they wait for, by a name that the test chose. */
final class Events {
    private static final Map<String, List<String>> SEEN = new ConcurrentHashMap<>();
    private static final Map<String, Semaphore> GATES = new ConcurrentHashMap<>();

    private Events() {}

    static void add(String name, String event) {
        SEEN.computeIfAbsent(name, key -> new CopyOnWriteArrayList<>()).add(event);
    }

    static List<String> of(String name) {
        return SEEN.getOrDefault(name, List.of());
    }

    static Semaphore gate(String name) {
        return GATES.computeIfAbsent(name, key -> new Semaphore(0));
    }
}
