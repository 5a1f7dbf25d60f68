/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fluid logs}. */
@Command(name = "logs", description = "Shows log lines that instances sent.")
final class LogsCommand extends AdminCommand {

    private static final String DATA = "data:";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with new lines until interrupted.")
    boolean follow;

    @Option(names = "--request", paramLabel = "REQUEST-ID", description = "Of this request only.")
    @Nullable
    String request;

    @Option(names = "--function", paramLabel = "FUNCTION", description = "Of this function only.")
    @Nullable
    String function;

    @Option(names = "--level", paramLabel = "LEVEL", description = "This level and above.")
    @Nullable
    String level;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<String, String> query = new LinkedHashMap<>();
        put(query, "request", request);
        put(query, "function", function);
        put(query, "level", level);
        if (!follow) {
            for (JsonNode line : router().get("/api/logs", query)) {
                show(line);
            }
            return Main.OK;
        }
        query.put("follow", "true");
        try (BufferedReader events = new BufferedReader(
                new InputStreamReader(router().open("/api/logs", query, "text/event-stream"), UTF_8))) {
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                if (line.startsWith(DATA)) {
                    show(AdminClient.JSON.readTree(line.substring(DATA.length())));
                }
            }
        }
        return Main.OK;
    }

    private static void put(Map<String, String> query, String name, @Nullable String value) {
        if (value != null) {
            query.put(name, value);
        }
    }

    private void show(JsonNode line) {
        PrintWriter out = out();
        if (json) {
            out.println(line);
        } else {
            out.printf(
                    "%s %-7s %s %s %s%n",
                    Table.text(line.path("time")),
                    Table.text(line.path("level")),
                    Table.text(line.path("request")),
                    Table.text(line.path("logger")),
                    Table.text(line.path("message")));
        }
        out.flush();
    }
}
