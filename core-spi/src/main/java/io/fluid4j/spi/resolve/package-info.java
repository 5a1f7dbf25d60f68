/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Which routers hold live tunnels to a function. Routers write {@link io.fluid4j.spi.resolve.Registration}s into a
 * {@link io.fluid4j.spi.resolve.RecordStore}; whoever has to find a function reads a
 * {@link io.fluid4j.spi.resolve.Resolver}, which answers from its own memory and is fed by the store's watch. Providers
 * of both are found by ServiceLoader at start. Imports the JDK only. Look-ups are for any thread and never block.
 */
@NullMarked
package io.fluid4j.spi.resolve;

import org.jspecify.annotations.NullMarked;
