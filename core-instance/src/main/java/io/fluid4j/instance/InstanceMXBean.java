/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.List;
import java.util.Map;

/** What JMX shows of an instance, as {@code io.fluid4j:type=Instance}. */
public interface InstanceMXBean {
    /**
     * Who this is.
     *
     * @return the id, random per boot
     */
    String getInstanceId();

    /**
     * What it serves.
     *
     * @return the function's name
     */
    String getFunction();

    /**
     * Which version it serves.
     *
     * @return the deployment
     */
    String getDeployment();

    /**
     * What it says of itself.
     *
     * @return {@code accepting}, {@code overloaded}, {@code draining} or {@code failing}
     */
    String getState();

    /**
     * Requests whose work goes on.
     *
     * @return 0 or more
     */
    int getInFlight();

    /**
     * Most requests in flight now.
     *
     * @return 1 or more
     */
    int getLimit();

    /**
     * Requests whose work has ended since the start.
     *
     * @return 0 or more
     */
    long getEnded();

    /**
     * Refused requests by reason, since the start.
     *
     * @return reason in lower case, and how many
     */
    Map<String, Long> getNacks();

    /**
     * How the health signals stand.
     *
     * @return name, and value and threshold, or why there is none
     */
    Map<String, String> getSignals();

    /**
     * Living tunnels.
     *
     * @return addresses of routers
     */
    List<String> getTunnels();

    /**
     * How often a tunnel came back after the first time.
     *
     * @return 0 or more
     */
    long getReconnects();

    /**
     * Work after responses that goes on.
     *
     * @return 0 or more
     */
    int getTasksAfterResponse();

    /**
     * How work after responses ended, since the start.
     *
     * @return {@code succeeded}, {@code failed} and {@code timed-out}
     */
    Map<String, Long> getTaskOutcomes();

    /**
     * Processor time by kind since the start of the process.
     *
     * @return kind, and nanoseconds
     */
    Map<String, Long> getCpuNanos();

    /**
     * The container's thread pool.
     *
     * @return {@code busy}, {@code max} and {@code queued}; empty when the container does not tell
     */
    Map<String, Integer> getContainerPool();
}
