/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
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

    private static final List<Table.Column> ROWS = List.of(
            new Table.Column("FUNCTION", "function"),
            new Table.Column("DEPLOYMENT", "deployment"),
            new Table.Column("ROUTE", "route"),
            new Table.Column("REQUESTS", "requests"),
            new Table.Column("CPU S", "activeCpuSeconds"),
            new Table.Column("MEMORY GB S", "memoryGbSeconds"),
            new Table.Column("WALL S", "wallSeconds"));

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

    @Option(
            names = "--region",
            paramLabel = "REGION",
            split = ",",
            description = "Prices of these regions, where a model has them, such as fra1,eu-central-1.")
    List<String> regions = List.of();

    @Option(names = "--included", description = "Price of a month: with what the plans include, and their fee.")
    boolean included;

    @Option(
            names = "--server-hour",
            paramLabel = "PRICE",
            description = "What an hour of one of your own servers costs: one more model.")
    @Nullable
    BigDecimal serverHour;

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
        if (!regions.isEmpty()) {
            query.put("region", String.join(",", regions));
        }
        if (included) {
            query.put("included", "true");
        }
        if (serverHour != null) {
            query.put("serverHour", serverHour.toPlainString());
        }
        JsonNode usage = router().get("/api/usage", query);
        if (json) {
            out().println(usage.toPrettyString());
            out().flush();
            return Main.OK;
        }
        out().print(Table.of(ROWS, usage.path("rows")));
        out().println();
        JsonNode overhead = usage.path("overhead");
        out().printf(
                        "CPU of all processes: %s s; of that garbage collection %s s, compiling %s s, tunnels %s s, other %s s%n%n",
                        Table.text(usage.path("processCpuSeconds")),
                        Table.text(overhead.path("gcCpuSeconds")),
                        Table.text(overhead.path("jitCpuSeconds")),
                        Table.text(overhead.path("tunnelCpuSeconds")),
                        Table.text(overhead.path("otherCpuSeconds")));
        out().println("What it would have cost" + (included ? " in a month:" : " at list prices:"));
        out().print(models(usage.path("models")));
        out().flush();
        return Main.OK;
    }

    private static String models(JsonNode models) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.of("MODEL", "REGION", "CPU", "MEMORY", "REQUESTS", "TOTAL", "", "SAVED", "AS OF"));
        for (JsonNode model : models) {
            JsonNode saved = model.path("savedPercent");
            lines.add(List.of(
                    Table.text(model.path("model")),
                    Table.text(model.path("region")),
                    money(model.path("cpu")),
                    money(model.path("memory")),
                    money(model.path("requests")),
                    money(model.path("total")),
                    Table.text(model.path("currency")),
                    saved.isNumber() ? String.format(Locale.ROOT, "%.1f %%", saved.doubleValue()) : "-",
                    Table.text(model.path("asOf"))));
        }
        return Table.format(lines, List.of(false, false, true, true, true, true, false, true, false));
    }

    /** Small sums are what a short time costs: they keep their digits. */
    private static String money(JsonNode value) {
        if (!value.isNumber()) {
            return "-";
        }
        BigDecimal amount = value.decimalValue();
        int places = amount.abs().compareTo(BigDecimal.ONE) >= 0 || amount.signum() == 0 ? 2 : 7;
        return amount.setScale(places, RoundingMode.HALF_EVEN).toPlainString();
    }
}
