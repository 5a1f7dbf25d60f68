/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.selection;

/**
 * What a router knows of one connected instance. The identity never changes; the measures are live and may differ
 * from one call to the next. For any thread, never blocks.
 *
 * @since 0.1
 */
public interface Candidate {

    /** What {@link #headroom()} says before the instance has reported its health for the first time. */
    double FULL_HEADROOM = 1.0;

    /** The instance's id, random for each boot. */
    String instanceId();

    /** The deployment it serves, such as {@code v42}. */
    String deployment();

    /** The region it said it runs in. */
    String region();

    /** The zone it said it runs in. */
    String zone();

    /**
     * True while a request may be sent to it: it accepts, is neither paused by a nack, draining nor lost, and reports
     * its health in time. A picker never returns a candidate for which this is false.
     */
    boolean available();

    /**
     * True while it serves something, or has served something lately. A pre-warmed instance without requests is idle;
     * it is used when the active ones have little left.
     */
    boolean active();

    /** Requests that this router has under way on it, those included that were sent since its last health report. */
    int inFlight();

    /**
     * Requests it has under way from all routers: what it reported last, and what this router has sent since.
     */
    int load();

    /** The most requests it takes at once as it said last; 0 when it has not said. */
    int limit();

    /**
     * The smallest share of any health threshold that is still free, 0 to 1: 0 means that some signal has reached its
     * threshold.
     */
    double headroom();

    /**
     * The share of its capacity that it should be trusted with, above 0 to 1: below 1 for a while after it has connected,
     * since a process whose code is not compiled yet breaks down under what it will carry with ease (slow start,
     * {@code fluid.router.slow-start}).
     */
    default double readiness() {
        return 1.0;
    }

    /**
     * How much worse it has answered lately than the best instance of its function, 1 and above: 1 is as good, 4 is four
     * times as long, or failing so much more often that it is worth a quarter. It fades while there is nothing new, so
     * that an instance which was slow or failing is tried again.
     *
     * @since 0.1
     */
    default double handicap() {
        return 1.0;
    }

    /** Milliseconds since it connected. */
    long connectedMillis();
}
