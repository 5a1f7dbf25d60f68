/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What an application may call. Needs nothing but the JDK. Start with {@link io.fluid4j.Fluid}.
 *
 * <p>An application may carry its own copy of these classes, older or newer than the server's, or use the server's: the
 * bridge to the running server is made of JDK types only.
 */
@NullMarked
package io.fluid4j;

import org.jspecify.annotations.NullMarked;
