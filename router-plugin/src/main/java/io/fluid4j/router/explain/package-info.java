/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What is remembered of a request so that it can be explained later: small, and made of what is known anyway. Not API. */
@NullMarked
package io.fluid4j.router.explain;

import org.jspecify.annotations.NullMarked;
