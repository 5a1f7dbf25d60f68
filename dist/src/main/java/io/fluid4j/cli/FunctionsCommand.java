/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code fluid functions}. */
@Command(name = "functions", description = "Shows the functions that a router serves.")
final class FunctionsCommand extends AdminCommand {

    @Override
    public Integer call() throws IOException, InterruptedException {
        print(
                router().get("/api/functions", Map.of()),
                List.of(
                        new Table.Column("FUNCTION", "name"),
                        new Table.Column("DEPLOYMENTS", "deployments"),
                        new Table.Column("INSTANCES", "instances"),
                        new Table.Column("IN FLIGHT", "inFlight")));
        return Main.OK;
    }
}
