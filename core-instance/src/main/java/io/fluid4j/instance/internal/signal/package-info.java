/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The built-in health signals. Not API. Start with {@link io.fluid4j.instance.internal.signal.BuiltInSignals}. Everything
 * here is read by the one thread that samples, unless a class says otherwise.
 */
@NullMarked
package io.fluid4j.instance.internal.signal;

import org.jspecify.annotations.NullMarked;
