/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.selection;

import org.jspecify.annotations.Nullable;

/**
 * Picks an instance out of the set it was made for. Immutable but for counters; called by any thread, for every
 * request: it must not block, and should make no garbage.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Picker {

    /**
     * The instance that should get the request.
     *
     * @return an available candidate that the attempt does not exclude; null when there is none
     */
    @Nullable
    Candidate pick(Attempt attempt);
}
