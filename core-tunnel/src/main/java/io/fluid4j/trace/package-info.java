/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Spans of requests, the same at both ends of a tunnel. {@link io.fluid4j.trace.Tracing} is what router and instance
 * see; the one class behind it speaks OpenTelemetry, and is only touched where its API is on the class path.
 */
@NullMarked
package io.fluid4j.trace;

import org.jspecify.annotations.NullMarked;
