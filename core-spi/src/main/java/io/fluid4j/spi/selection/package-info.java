/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How a router chooses the instance for a request. An {@link io.fluid4j.spi.selection.InstanceSelector} is found by
 * ServiceLoader when the router starts; it publishes an immutable {@link io.fluid4j.spi.selection.Picker} for each set
 * of {@link io.fluid4j.spi.selection.Candidate}s. Imports the JDK only. A picker runs on the router's selector threads:
 * it must not block.
 */
@NullMarked
package io.fluid4j.spi.selection;

import org.jspecify.annotations.NullMarked;
