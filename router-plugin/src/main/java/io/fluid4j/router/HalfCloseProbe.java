/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;

/**
 * When to look whether a client that has closed its side is still there. It may have gone altogether; TCP shows the
 * difference only to who sends. An interim response is what HTTP has for that: a client that is still there passes over
 * it (RFC 9110 section 15.2). Used inside the exchange only.
 */
final class HalfCloseProbe {

    private static final long FIRST_NANOS = 250_000_000L;
    private static final long SECOND_NANOS = 100_000_000L;
    private static final long MAX_NANOS = 30_000_000_000L;

    private final boolean possible;
    private long nextNanos = FIRST_NANOS;
    private int probes;

    HalfCloseProbe(Request request) {
        possible = request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1;
    }

    /** The earlier of a deadline and the next look. */
    long before(long deadlineNanos, long nowNanos) {
        return possible ? Math.min(deadlineNanos, nowNanos + nextNanos) : deadlineNanos;
    }

    /** It has been looked: the second look comes soon, each one after in twice the time. */
    void looked() {
        probes++;
        nextNanos = probes == 1 ? SECOND_NANOS : Math.min(FIRST_NANOS << Math.min(probes, 20), MAX_NANOS);
    }
}
