/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.selection.Candidate;
import java.util.List;

/**
 * How many instances a function should have, from what runs and waits now: published as {@code
 * fluid_desired_instances}, so that an autoscaler can follow it. Stateless; smoothing over time is the follower's.
 */
final class DesiredInstances {

    /** The share of their limits that instances should use: the rest is for bursts, and for the loss of one. */
    private static final double TARGET_USE = 0.7;
    /** With less headroom than this on average one more is wanted, whatever the limits say. */
    private static final double TIGHT = 0.15;
    /** The limit that is assumed of an instance which has not said one. */
    private static final int ASSUMED_LIMIT = 64;

    private DesiredInstances() {}

    /**
     * The number for one function; at least 1, since requests must find somebody.
     *
     * @param connected the instances that are not draining
     * @param waiting requests that wait because none is free
     */
    static int of(List<? extends Candidate> connected, int waiting) {
        int count = connected.size();
        if (count == 0) {
            return 1;
        }
        long load = waiting;
        long limits = 0;
        double headroom = 0;
        boolean full = true;
        for (Candidate instance : connected) {
            load += instance.load();
            limits += instance.limit() > 0 ? instance.limit() : ASSUMED_LIMIT;
            headroom += instance.headroom();
            full &= !instance.available();
        }
        double each = (double) limits / count * TARGET_USE;
        int byLoad = (int) Math.ceil(load / each);
        // Who waits while somebody has room is just about to be served: one that has come only now, say.
        boolean tight = (waiting > 0 && full) || headroom / count < TIGHT;
        return Math.max(1, tight ? Math.max(byLoad, count + 1) : byLoad);
    }
}
