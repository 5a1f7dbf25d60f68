/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.selection;

/**
 * The request that an instance is picked for. Valid during the call only.
 *
 * @since 0.1
 */
public interface Attempt {

    /** True when the request has already been turned down by that instance; a picker does not return it again. */
    boolean excludes(Candidate candidate);

    /** How many instances have turned the request down so far; 0 the first time. */
    int retries();
}
