/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.trace.RequestSpan;
import io.fluid4j.trace.Tracing;
import org.jspecify.annotations.Nullable;

/** The span around the application's work for a request: a child of the router's. Stateless. */
final class RequestTrace {

    private static final int FIRST_FAILURE = 500;

    private RequestTrace() {}

    /** Begins it; null while nobody takes spans. */
    static @Nullable RequestSpan begin(Tracing tracing, RequestHead head, Identity identity) {
        Fields fields = head.fields();
        String parent = fields.first(Tracing.TRACE_PARENT);
        String state = fields.first(Tracing.TRACE_STATE);
        RequestSpan span = tracing.begin(
                head.method(), parent == null ? head.traceParent() : parent, state == null ? head.traceState() : state);
        if (span == null) {
            return null;
        }
        String target = head.targetString();
        int query = target.indexOf('?');
        span.attribute("url.path", query < 0 ? target : target.substring(0, query));
        span.attribute("url.scheme", head.scheme());
        span.attribute("fluid.function", identity.function());
        span.attribute("fluid.deployment", identity.deployment());
        span.attribute("fluid.instance", identity.instanceId());
        span.attribute("fluid.request_id", head.requestId());
        return span;
    }

    static void responded(RequestSpan span, int status) {
        span.attribute("http.response.status_code", status);
        if (status >= FIRST_FAILURE) {
            span.failed(Integer.toString(status));
        }
    }

    static void end(RequestSpan span, boolean cancelled, @Nullable Throwable failure) {
        if (failure != null) {
            span.failed(failure.getClass().getName());
        } else if (cancelled) {
            span.failed("cancelled");
        }
        span.end();
    }
}
