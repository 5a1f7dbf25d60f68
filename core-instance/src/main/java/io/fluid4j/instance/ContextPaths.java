/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.RequestHead;
import java.util.HashSet;
import java.util.Set;

/**
 * Context paths that take no more requests: they drain, or were here and are gone. Thread-safe; costs one volatile read per
 * request while there is none.
 */
final class ContextPaths {

    /** Immutable. */
    private record Known(Set<String> deployed, Set<String> closed) {}

    private volatile Known known = new Known(Set.of(), Set.of());

    // Guarded by this.
    private final Set<String> draining = new HashSet<>();
    private final Set<String> seen = new HashSet<>();

    /** The path drains: it takes no more requests until {@link #resume}. */
    synchronized void drain(String path) {
        draining.add(path);
        publish(known.deployed);
    }

    /** The path takes requests again. */
    synchronized void resume(String path) {
        if (draining.remove(path)) {
            publish(known.deployed);
        }
    }

    /** Takes note of what is deployed now: what was seen before and is not there any more is closed. */
    synchronized void refresh(Set<String> deployed) {
        if (!deployed.equals(known.deployed)) {
            seen.addAll(deployed);
            publish(Set.copyOf(deployed));
        }
    }

    private void publish(Set<String> deployed) {
        Set<String> closed = new HashSet<>(seen);
        closed.removeAll(deployed);
        closed.addAll(draining);
        known = new Known(deployed, Set.copyOf(closed));
    }

    /** Whether the request is for a path that takes none: the longest context path that fits decides. */
    boolean refuses(RequestHead head) {
        Known now = known;
        return !now.closed.isEmpty() && refuses(now, head.targetString());
    }

    private static boolean refuses(Known now, String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        int closed = longest(now.closed, path);
        return closed >= 0 && closed >= longest(now.deployed, path);
    }

    /** Length of the longest context path that the path lies in; -1 when there is none. */
    private static int longest(Set<String> contexts, String path) {
        int longest = -1;
        for (String context : contexts) {
            int length = context.length();
            if (length > longest
                    && path.startsWith(context)
                    && (length == 0 || path.length() == length || path.charAt(length) == '/')) {
                longest = length;
            }
        }
        return longest;
    }
}
