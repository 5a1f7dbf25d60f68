/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.util.function.LongSupplier;

/** The share of recent requests that ended in a certain way, once there were enough of them to say anything. */
final class RecentShare implements BuiltInSignal.Source {

    private final LongSupplier those;
    private final LongSupplier all;
    private final int enough;
    private final SlidingWindow window;

    /**
     * A share.
     *
     * @param those counter of requests that ended that way
     * @param all counter of all requests that ended
     * @param windowNanos what recent means
     * @param enough requests the window must hold
     */
    RecentShare(LongSupplier those, LongSupplier all, long windowNanos, int enough) {
        this.those = those;
        this.all = all;
        this.enough = enough;
        this.window = new SlidingWindow(2, windowNanos);
    }

    @Override
    public Reading read(long nowNanos) {
        window.add(nowNanos, (double) those.getAsLong(), (double) all.getAsLong());
        double requests = window.growth(1);
        return Reading.of(requests < enough ? 0 : window.growth(0) / requests);
    }
}
