/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.selection;

import java.util.List;

/**
 * A policy of selection; a ServiceLoader provider with a public constructor without arguments. The router asks it for
 * a new picker whenever instances of a deployment come or go, and not when their measures change.
 *
 * @since 0.1
 */
public interface InstanceSelector {

    /** The name it is chosen by in the configuration, such as {@code least-loaded}. Never throws. */
    String name();

    /**
     * A picker for these candidates. Called by one thread at a time, but not always the same one; must not block.
     *
     * @param candidates the connected instances of one deployment, in no special order; an immutable list
     */
    Picker picker(List<? extends Candidate> candidates);
}
