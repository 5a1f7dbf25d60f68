/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The selection policies that come with the router, found by ServiceLoader like anybody else's. */
@NullMarked
package io.fluid4j.router.select;

import org.jspecify.annotations.NullMarked;
