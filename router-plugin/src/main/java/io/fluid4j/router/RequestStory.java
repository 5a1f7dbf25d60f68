/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import java.util.HexFormat;
import java.util.List;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request that has ended for its client: one line of the access log, and the answer of {@code fluid
 * explain}. Immutable. Header values but those of the combined log format are not kept.
 *
 * @param id the request id
 * @param endedMillis when it ended, milliseconds since 1970
 * @param durationNanos from its first octet to its end
 * @param firstByteNanos to the start of the response, -1 when the router answered itself
 */
@SuppressWarnings("ArrayRecordComponent") // The id is never changed.
record RequestStory(
        byte[] id,
        long endedMillis,
        String client,
        String method,
        String host,
        String target,
        String protocol,
        @Nullable String referrer,
        @Nullable String userAgent,
        @Nullable String traceParent,
        int status,
        long bytesIn,
        long bytesOut,
        long durationNanos,
        long firstByteNanos,
        @Nullable String function,
        @Nullable String route,
        @Nullable String deployment,
        @Nullable String instance,
        List<RouterExchange.Refusal> refusals,
        String termination,
        @Nullable Usage usage) {

    private static final byte[] NO_ID = {};

    static RequestStory of(RouterExchange exchange, long endedNanos, long endedMillis) {
        Request request = exchange.request();
        RequestFacts facts = exchange.knownFacts();
        HttpFields fields = request.getHeaders();
        Instance instance = exchange.instance();
        FunctionGroup group = exchange.knownGroup();
        RouteTable.Route route = exchange.knownRoute();
        long firstByte = exchange.firstByteNanos();
        return new RequestStory(
                facts == null ? NO_ID : facts.requestId(),
                endedMillis,
                facts == null || facts.remote() == null
                        ? Request.getRemoteAddr(request)
                        : facts.remote().getHostAddress(),
                request.getMethod(),
                facts == null ? "" : facts.authority(),
                request.getHttpURI().getPathQuery(),
                request.getConnectionMetaData().getProtocol(),
                fields.get(HttpHeader.REFERER),
                fields.get(HttpHeader.USER_AGENT),
                fields.get("traceparent"),
                exchange.status(),
                exchange.bytesIn(),
                exchange.bytesOut(),
                endedNanos - exchange.beganNanos(),
                firstByte == 0 ? -1 : firstByte - exchange.beganNanos(),
                group == null ? null : group.name(),
                route == null ? null : route.name(),
                instance == null ? null : instance.deployment(),
                instance == null ? null : instance.instanceId(),
                exchange.refusals(),
                exchange.termination().word(),
                exchange.usage());
    }

    String idText() {
        return HexFormat.of().formatHex(id);
    }
}
