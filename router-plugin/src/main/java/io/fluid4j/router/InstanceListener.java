/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.LogLine;
import io.fluid4j.tunnel.Session;
import java.util.Map;

/** Hears what instances tell beside their responses. Called by the readers of their tunnels: it must not block. */
interface InstanceListener {

    /** Hears nothing. */
    InstanceListener NONE = new InstanceListener() {};

    /**
     * What the process of an instance has used since its boot (PROTOCOL.md P-5.26).
     *
     * @param instance which one
     * @param nanosByKind sums
     */
    default void onProcessUsage(Instance instance, Map<String, Long> nanosByKind) {}

    /**
     * A line of a log (P-5.25).
     *
     * @param session the tunnel it came by
     * @param instance who wrote it
     * @param stream the stream of the request, 0 when it belongs to none
     * @param line what was written
     */
    default void onLog(Session session, Instance instance, int stream, LogLine line) {}

    /**
     * A tunnel has ended.
     *
     * @param session which one
     */
    default void onSessionClosed(Session session) {}

    /**
     * Both, the first one first.
     *
     * @param first hears first
     * @param second hears then
     */
    static InstanceListener both(InstanceListener first, InstanceListener second) {
        return new InstanceListener() {
            @Override
            public void onProcessUsage(Instance instance, Map<String, Long> nanosByKind) {
                first.onProcessUsage(instance, nanosByKind);
                second.onProcessUsage(instance, nanosByKind);
            }

            @Override
            public void onLog(Session session, Instance instance, int stream, LogLine line) {
                first.onLog(session, instance, stream, line);
                second.onLog(session, instance, stream, line);
            }

            @Override
            public void onSessionClosed(Session session) {
                first.onSessionClosed(session);
                second.onSessionClosed(session);
            }
        };
    }
}
