/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fluid usage}. */
@Command(name = "usage", description = "Shows what was used, and what it would have cost under each price model.")
final class UsageCommand extends AdminCommand {

    /** What a row of usage stands for. */
    enum By {
        FUNCTION,
        ROUTE,
        DEPLOYMENT
    }

    @Option(names = "--from", paramLabel = "INSTANT", description = "Begin, ISO 8601.")
    @Nullable
    String from;

    @Option(names = "--to", paramLabel = "INSTANT", description = "End, ISO 8601.")
    @Nullable
    String to;

    @Option(names = "--by", paramLabel = "WHAT", description = "function, route or deployment.")
    @Nullable
    By by;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<String, String> query = new LinkedHashMap<>();
        if (from != null) {
            query.put("from", from);
        }
        if (to != null) {
            query.put("to", to);
        }
        if (by != null) {
            query.put("by", by.name().toLowerCase(Locale.ROOT));
        }
        JsonNode usage = router().get("/api/usage", query);
        if (json) {
            out().println(usage.toPrettyString());
            out().flush();
            return Main.OK;
        }
        print(
                usage.path("rows"),
                List.of(
                        new Table.Column("FUNCTION", "function"),
                        new Table.Column("DEPLOYMENT", "deployment"),
                        new Table.Column("ROUTE", "route"),
                        new Table.Column("REQUESTS", "requests"),
                        new Table.Column("CPU S", "activeCpuSeconds"),
                        new Table.Column("MEMORY GB S", "memoryGbSeconds"),
                        new Table.Column("WALL S", "wallSeconds")));
        out().println();
        print(
                usage.path("models"),
                List.of(
                        new Table.Column("MODEL", "model"),
                        new Table.Column("REGION", "region"),
                        new Table.Column("CURRENCY", "currency"),
                        new Table.Column("CPU", "cpu"),
                        new Table.Column("MEMORY", "memory"),
                        new Table.Column("REQUESTS", "requests"),
                        new Table.Column("TOTAL", "total")));
        return Main.OK;
    }
}
