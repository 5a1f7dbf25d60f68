/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How a router gets further instances and rid of them: the decision, the pools that carry it out, and the two providers
 * that come with it.
 */
@NullMarked
package io.fluid4j.router.provision;

import org.jspecify.annotations.NullMarked;
