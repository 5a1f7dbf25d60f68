/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import io.fluid4j.resolver.dns.DnsMetrics;
import io.fluid4j.spi.resolve.Resolver;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What the resolver counts, as Prometheus text. For any thread. */
final class ResolverMetrics {

    private final Resolver resolver;
    private final @Nullable DnsMetrics dns;
    private final WatchStreams watches;
    private final LongAdder found = new LongAdder();
    private final LongAdder missing = new LongAdder();
    private final LongAdder written = new LongAdder();
    private final LongAdder refused = new LongAdder();

    ResolverMetrics(Resolver resolver, @Nullable DnsMetrics dns, WatchStreams watches) {
        this.resolver = resolver;
        this.dns = dns;
        this.watches = watches;
    }

    void lookedUp(boolean there) {
        (there ? found : missing).increment();
    }

    void written(boolean done) {
        (done ? written : refused).increment();
    }

    String text() {
        StringBuilder out = new StringBuilder(1_024);
        head(out, "fluid_resolver_lookups_total", "counter", "Look-ups by face and result.");
        if (dns != null) {
            for (DnsMetrics.Result result : DnsMetrics.Result.values()) {
                sample(
                        out,
                        "fluid_resolver_lookups_total{face=\"dns\",result=\"" + result.word() + "\"}",
                        dns.counted(result));
            }
        }
        sample(out, "fluid_resolver_lookups_total{face=\"http\",result=\"answered\"}", found.sum());
        sample(out, "fluid_resolver_lookups_total{face=\"http\",result=\"nxdomain\"}", missing.sum());
        head(out, "fluid_resolver_writes_total", "counter", "Registrations, changes, renewals and removals.");
        sample(out, "fluid_resolver_writes_total{result=\"done\"}", written.sum());
        sample(out, "fluid_resolver_writes_total{result=\"refused\"}", refused.sum());
        head(out, "fluid_resolver_functions", "gauge", "Functions that some router holds.");
        sample(out, "fluid_resolver_functions", resolver.all().size());
        head(out, "fluid_resolver_watches", "gauge", "Clients that follow the changes.");
        sample(out, "fluid_resolver_watches", watches.size());
        head(out, "fluid_resolver_stale", "gauge", "1 while the store cannot be reached and answers may be old.");
        sample(out, "fluid_resolver_stale", resolver.stale() ? 1 : 0);
        return out.toString();
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void sample(StringBuilder out, String name, long value) {
        out.append(name).append(' ').append(value).append('\n');
    }
}
