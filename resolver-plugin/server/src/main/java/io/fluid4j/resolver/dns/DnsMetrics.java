/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What has become of queries. For any thread; counting allocates nothing. */
public final class DnsMetrics {

    /** What can become of a query. */
    public enum Result {
        /** With records. */
        ANSWERED,
        /** The name is there, the type is not. */
        NODATA,
        /** No such name. */
        NXDOMAIN,
        /** Not of the zone. */
        REFUSED,
        /** Not understood, and told so. */
        MALFORMED,
        /** Not answered: too short, or a response. */
        DROPPED,
        /** Too large for UDP. Counted as answered, too. */
        TRUNCATED,
        /** Over the rate limit. */
        LIMITED;

        /** The label of the metric. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Map<Result, LongAdder> counters = new EnumMap<>(Result.class);

    /** All at 0. */
    public DnsMetrics() {
        for (Result result : Result.values()) {
            counters.put(result, new LongAdder());
        }
    }

    void count(Result result) {
        counter(result).increment();
    }

    /**
     * How often that was.
     *
     * @param result what has become of the query
     */
    public long counted(Result result) {
        return counter(result).sum();
    }

    private LongAdder counter(Result result) {
        return requireNonNull(counters.get(result));
    }
}
