/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Admission: how many requests an instance takes at once, and further reasons to take none.
 *
 * <p>Start with {@link io.fluid4j.spi.admission.ConcurrencyLimit}. Counting the requests in flight, and never letting them
 * be more than the limit, is the instance's own work; an implementation only says what the limit is.
 */
@NullMarked
package io.fluid4j.spi.admission;

import org.jspecify.annotations.NullMarked;
