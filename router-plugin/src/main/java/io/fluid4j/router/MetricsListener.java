/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import org.jspecify.annotations.Nullable;

/** Counts what has ended, by function. For any thread. */
final class MetricsListener implements ExchangeListener {

    private final RouterMetrics metrics;

    MetricsListener(RouterMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void onEnd(ExchangeOutcome outcome) {
        FunctionMetrics counted = of(outcome);
        if (outcome.fromRouter() != null) {
            counted.countForwarded(outcome.status());
            return;
        }
        if (outcome.firstByteNanos() >= 0) {
            (outcome.router() == null ? counted.local() : counted.hopped()).inc();
        }
        counted.count(outcome.status());
        counted.duration().record(outcome.durationNanos());
        if (outcome.metColdStart()) {
            counted.coldStarts().inc();
        }
        long firstByte = outcome.firstByteNanos();
        if (firstByte >= 0) {
            counted.timeToFirstByte().record(firstByte);
        }
    }

    @Override
    public void onUsage(ExchangeOutcome outcome, Usage total, @Nullable Usage before) {
        if (outcome.router() != null) {
            return; // Counted where the instance is.
        }
        of(outcome).activeCpuNanos().inc(cpuNanos(total) - (before == null ? 0 : cpuNanos(before)));
    }

    private static long cpuNanos(Usage usage) {
        return usage.activeCpuNanos() + usage.apportionedCpuNanos();
    }

    private FunctionMetrics of(ExchangeOutcome outcome) {
        FunctionGroup group = outcome.knownGroup();
        return group == null ? metrics.unrouted() : group.metrics();
    }
}
