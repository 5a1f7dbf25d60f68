/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fluid top}. */
@Command(name = "top", description = "Shows the instances again and again. With --json: one line each time.")
final class TopCommand extends AdminCommand {

    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Option(
            names = "--interval",
            paramLabel = "MS",
            defaultValue = "1000",
            description = "Milliseconds between two looks (default: ${DEFAULT-VALUE}).")
    int intervalMillis = 1_000;

    @Option(names = "--count", paramLabel = "N", defaultValue = "0", description = "Looks; 0: until interrupted.")
    int count;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = out();
        for (int look = 1; ; look++) {
            JsonNode instances = router().get("/api/instances", Map.of());
            if (json) {
                out.println(instances);
            } else {
                String clear = Terminal.out() ? CLEAR : "";
                out.println(clear + admin + "  "
                        + LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + "  "
                        + instances.size() + " instances");
                out.println(Table.of(InstancesCommand.COLUMNS, InstancesCommand.forPeople(instances)));
            }
            out.flush();
            if (look == count) {
                return Main.OK;
            }
            TimeUnit.MILLISECONDS.sleep(Math.max(100, intervalMillis));
        }
    }
}
