/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.trace;

import org.jspecify.annotations.Nullable;

/** Where spans come from. Thread-safe. */
public interface Tracing {

    /** The field of W3C Trace Context that names a request's trace and the span that has sent it. */
    String TRACE_PARENT = "traceparent";

    /** The field with what tracing systems have to say beside. */
    String TRACE_STATE = "tracestate";

    /**
     * Begins the span of a request that has come in. A span that is current on this thread already becomes its parent,
     * since somebody has looked at the request before; else the one that the fields name; else a trace begins.
     *
     * @param method of the request, which names the span; one that no standard knows is named {@code HTTP}
     * @param traceParent the field of the request, or null; a malformed one counts as none
     * @param traceState the field of the request, or null
     * @return the span, which its caller ends; null while nobody takes spans
     */
    @Nullable
    RequestSpan begin(String method, @Nullable String traceParent, @Nullable String traceState);

    /**
     * What this process has for tracing.
     *
     * @return OpenTelemetry; null when its API is not on the class path beside this class
     */
    static @Nullable Tracing installed() {
        return OpenTelemetryApi.PRESENT ? new OpenTelemetryTracing() : null;
    }
}
