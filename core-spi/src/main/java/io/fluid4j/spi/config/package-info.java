/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The typed configuration of every role: what keys exist, where values come from, and what is wrong with them.
 *
 * <p>Start at {@link io.fluid4j.spi.config.Config#builder()}, {@link io.fluid4j.spi.config.InstanceKeys},
 * {@link io.fluid4j.spi.config.RouterKeys} and {@link io.fluid4j.spi.config.ResolverKeys}. Needs nothing but the JDK.
 * Everything here is immutable once built and safe to read from any thread.
 */
@NullMarked
package io.fluid4j.spi.config;

import org.jspecify.annotations.NullMarked;
