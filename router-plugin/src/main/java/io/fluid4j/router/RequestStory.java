/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import io.fluid4j.router.explain.Choice;
import io.fluid4j.router.fleet.Hop;
import io.fluid4j.trace.RequestSpan;
import io.fluid4j.trace.Tracing;
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
 * @param waitedNanos how long no instance was free for it
 * @param coldStart whether an instance was being started meanwhile
 * @param choice the instances it was handed to
 * @param router the router it was forwarded to, or null
 * @param fromRouter the router that has forwarded it here, or null
 * @param hop why it was forwarded
 * @param after what the instance told after the end
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
        long waitedNanos,
        boolean coldStart,
        @Nullable String function,
        @Nullable String route,
        @Nullable String deployment,
        @Nullable String instance,
        List<ExchangeOutcome.Refusal> refusals,
        ExchangeEnding ending,
        @Nullable Usage usage,
        @Nullable Choice choice,
        @Nullable String router,
        @Nullable String fromRouter,
        @Nullable Hop hop,
        AfterResponse after) {

    /** What came after the end, when work went on. Written inside the exchange, read by whoever asks. */
    static final class AfterResponse {
        volatile @Nullable Usage usage;
        volatile long afterNanos;
    }

    private static final byte[] NO_ID = {};

    static RequestStory of(ExchangeOutcome outcome, long endedMillis) {
        Request request = outcome.request();
        RequestFacts facts = outcome.knownFacts();
        HttpFields fields = request.getHeaders();
        RequestSpan span = outcome.span();
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
                span == null ? fields.get(Tracing.TRACE_PARENT) : span.traceParent(),
                outcome.status(),
                outcome.bytesIn(),
                outcome.bytesOut(),
                outcome.durationNanos(),
                outcome.firstByteNanos(),
                outcome.waitedNanos(),
                outcome.metColdStart(),
                outcome.function(),
                outcome.route(),
                outcome.deployment(),
                outcome.instanceId(),
                outcome.refusals(),
                outcome.ending(),
                outcome.usage(),
                outcome.choice(),
                outcome.router(),
                outcome.fromRouter(),
                outcome.hop(),
                new AfterResponse());
    }

    String idText() {
        return HexFormat.of().formatHex(id);
    }
}
