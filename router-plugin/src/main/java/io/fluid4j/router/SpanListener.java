/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.trace.RequestSpan;
import io.fluid4j.trace.Tracing;
import io.fluid4j.tunnel.OutboundStream;
import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Makes one span of each request, named and described as OpenTelemetry's conventions for HTTP servers want it. Queries,
 * and fields that may hold secrets, are not in it. For any thread.
 */
final class SpanListener implements ExchangeListener {

    private static final int FIRST_FAILURE = 500;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Tracing tracing;

    SpanListener(Tracing tracing) {
        this.tracing = tracing;
    }

    @Override
    public void onBegin(ExchangeOutcome outcome) {
        HttpFields fields = outcome.request().getHeaders();
        outcome.traced(tracing.begin(outcome.request().getMethod(), only(fields, Tracing.TRACE_PARENT), all(fields)));
    }

    /** A parent that is said twice is not said (W3C Trace Context section 3.2). */
    private static @Nullable String only(HttpFields fields, String name) {
        String found = null;
        for (HttpField field : fields) {
            if (field.getName().equalsIgnoreCase(name)) {
                if (found != null) {
                    return null;
                }
                found = field.getValue();
            }
        }
        return found;
    }

    /** Lines of the state are one list (section 3.3.1). */
    private static @Nullable String all(HttpFields fields) {
        List<String> lines = fields.getValuesList(Tracing.TRACE_STATE);
        return lines.isEmpty() ? null : String.join(",", lines);
    }

    @Override
    public void onSent(ExchangeOutcome outcome, OutboundStream stream) {
        RequestSpan span = outcome.span();
        String instance = outcome.instanceId();
        if (span != null && instance != null && outcome.refusalCount() > 0) {
            span.event("fluid.reroute", "fluid.instance", instance);
        }
    }

    @Override
    public void onRefused(ExchangeOutcome outcome, ExchangeOutcome.Refusal refusal) {
        RequestSpan span = outcome.span();
        if (span != null) {
            span.event("fluid.nack", "fluid.instance", refusal.instanceId(), "fluid.reason", refusal.reason());
        }
    }

    @Override
    public void onEnd(ExchangeOutcome outcome) {
        RequestSpan span = outcome.span();
        if (span == null) {
            return;
        }
        ofRequest(span, outcome);
        attribute(span, "fluid.function", outcome.function());
        attribute(span, "fluid.route", outcome.route());
        attribute(span, "fluid.deployment", outcome.deployment());
        attribute(span, "fluid.instance", outcome.instanceId());
        attribute(span, "fluid.router", outcome.router());
        span.attribute("fluid.request_id", outcome.requestId());
        span.attribute("fluid.queue_ms", outcome.waitedNanos() / NANOS_PER_MILLI);
        ofEnd(span, outcome);
        span.end();
    }

    private static void ofRequest(RequestSpan span, ExchangeOutcome outcome) {
        Request request = outcome.request();
        String path = request.getHttpURI().getPath();
        attribute(span, "url.path", path == null ? "" : path);
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        span.attribute(
                "network.protocol.version",
                version == HttpVersion.HTTP_2 ? "2" : version.asString().substring(5));
        attribute(span, "user_agent.original", request.getHeaders().get(HttpHeader.USER_AGENT));
        RequestFacts facts = outcome.knownFacts();
        if (facts != null) {
            span.attribute("url.scheme", facts.secure() ? "https" : "http");
            span.attribute("server.address", Guard.host(facts.authority()));
            attribute(
                    span,
                    "client.address",
                    facts.remote() == null ? null : facts.remote().getHostAddress());
        }
    }

    private static void ofEnd(RequestSpan span, ExchangeOutcome outcome) {
        boolean complete = outcome.ending() == ExchangeEnding.COMPLETE;
        // 499 is a number of the accounts: nobody was told it.
        if (outcome.status() != RouterContext.STATUS_CLIENT_GONE && outcome.status() > 0) {
            span.attribute("http.response.status_code", outcome.status());
        }
        if (outcome.status() >= FIRST_FAILURE || !(complete || outcome.ending() == ExchangeEnding.REJECTED)) {
            span.failed(
                    complete
                            ? Integer.toString(outcome.status())
                            : outcome.ending().word());
        }
    }

    private static void attribute(RequestSpan span, String key, @Nullable String value) {
        if (value != null) {
            span.attribute(key, value);
        }
    }
}
