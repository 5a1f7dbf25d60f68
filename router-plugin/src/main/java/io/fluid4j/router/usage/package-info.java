/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What requests have used, kept in SQL, and what that costs under each price model. Start with {@link
 * io.fluid4j.router.usage.UsageLedger} and {@link io.fluid4j.router.usage.PriceBook}. Counting happens on the request path
 * and costs a few additions; everything else has a thread of its own. Not API.
 */
@NullMarked
package io.fluid4j.router.usage;

import org.jspecify.annotations.NullMarked;
