/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Usage;
import io.fluid4j.router.usage.InstanceUsage;
import io.fluid4j.router.usage.UsageKey;
import io.fluid4j.router.usage.UsageLedger;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Brings what requests and instances have used to the ledger. For any thread. */
final class UsageListener implements ExchangeListener, InstanceListener {

    private static final int FIRST_FAILURE = 500;

    private final UsageLedger ledger;

    UsageListener(UsageLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void onEnd(ExchangeOutcome outcome) {
        String function = outcome.function();
        if (function != null && outcome.router() == null) {
            ledger.ended(
                    key(outcome, function), outcome.status() >= FIRST_FAILURE, outcome.bytesIn(), outcome.bytesOut());
        }
    }

    @Override
    public void onUsage(ExchangeOutcome outcome, Usage total, @Nullable Usage before) {
        String function = outcome.function();
        if (function == null || outcome.router() != null) {
            return; // What another router serves is in that one's accounts.
        }
        if (before == null) {
            ledger.used(key(outcome, function), total.activeCpuNanos(), total.apportionedCpuNanos(), total.wallNanos());
        } else {
            ledger.used(
                    key(outcome, function),
                    total.activeCpuNanos() - before.activeCpuNanos(),
                    total.apportionedCpuNanos() - before.apportionedCpuNanos(),
                    total.wallNanos() - before.wallNanos());
        }
    }

    private static UsageKey key(ExchangeOutcome outcome, String function) {
        String deployment = outcome.deployment();
        String route = outcome.route();
        return new UsageKey(function, deployment == null ? "" : deployment, route == null ? "" : route);
    }

    @Override
    public void onProcessUsage(Instance instance, Map<String, Long> nanosByKind) {
        Hello hello = instance.hello();
        ledger.instance(new InstanceUsage(
                hello.instanceId(),
                hello.function(),
                hello.deployment(),
                Math.max(0, hello.memoryBytes()),
                (int) Math.min(Integer.MAX_VALUE, Math.max(0, hello.processorThousandths())),
                nanos(nanosByKind, "process"),
                nanos(nanosByKind, "gc"),
                nanos(nanosByKind, "jit"),
                nanos(nanosByKind, "tunnel"),
                nanos(nanosByKind, "direct") + nanos(nanosByKind, "shared"),
                nanos(nanosByKind, "busy"),
                nanos(nanosByKind, "up")));
    }

    private static long nanos(Map<String, Long> nanosByKind, String kind) {
        return nanosByKind.getOrDefault(kind, 0L);
    }
}
