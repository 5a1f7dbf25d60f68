/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import java.util.OptionalDouble;

/** The result table. What the router does not (yet) measure is left out, not invented. */
final class DemoReport {

    private final DemoAdmin admin;
    private final DemoFigures figures;
    private final StringBuilder text = new StringBuilder();

    DemoReport(DemoAdmin admin, DemoFigures figures) {
        this.admin = admin;
        this.figures = figures;
    }

    String text() throws IOException, InterruptedException {
        row("requests", "%d".formatted(figures.requests.sum()));
        row("event streams", "%d, %d tokens".formatted(figures.streams.sum(), figures.tokens.sum()));
        row("first byte of a stream", quantiles(figures.firstByteMillis(0.5), figures.firstByteMillis(0.99)));
        row("between two tokens", quantiles(figures.gapMillis(0.5), figures.gapMillis(0.99)));
        row("uploaded", "%d MiB".formatted(figures.uploadedBytes.sum() >> 20));
        row("failures", "%d".formatted(figures.failures().size()));
        figures.byServer().forEach((server, count) -> row("asked who answers", server + ": " + count));
        row("nacks", "%d".formatted(nacks()));
        OptionalDouble cpu = admin.metric("fluid_active_cpu_seconds_total");
        cpu.ifPresent(seconds -> row("active CPU", "%.2f s".formatted(seconds)));
        for (JsonNode model : admin.json("api/usage").path("models")) {
            row(
                    "cost as " + model.path("model").asText(),
                    "%s %s"
                            .formatted(
                                    model.path("currency").asText(),
                                    model.path("total").asText()));
        }
        return text.append('\n').toString();
    }

    private long nacks() throws InterruptedException {
        long nacks = 0;
        for (JsonNode instance : admin.json("api/instances")) {
            nacks += instance.path("nacks").asLong();
        }
        return nacks;
    }

    private static String quantiles(double middle, double high) {
        return String.format(Locale.ROOT, "%.1f ms (p50), %.1f ms (p99)", middle, high);
    }

    private void row(String what, String figure) {
        text.append(String.format(Locale.ROOT, "%-24s %s%n", what, figure));
    }
}
