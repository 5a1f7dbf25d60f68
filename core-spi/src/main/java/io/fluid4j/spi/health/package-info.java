/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Health signals: what an instance looks at before it takes another request.
 *
 * <p>Start with {@link io.fluid4j.spi.health.HealthSignalProvider}, which is found by {@link java.util.ServiceLoader}, and
 * {@link io.fluid4j.spi.health.HealthSignal}, which is read by one background thread several times a second.
 */
@NullMarked
package io.fluid4j.spi.health;

import org.jspecify.annotations.NullMarked;
