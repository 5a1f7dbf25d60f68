/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fluid resolve}. */
@Command(name = "resolve", description = "Shows which routers hold tunnels to a function.")
final class ResolveCommand extends AdminCommand {

    @Parameters(paramLabel = "FUNCTION", description = "The function.")
    String function = "";

    @Option(
            names = "--resolver",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:9054",
            description = "HTTP port of the resolver (default: ${DEFAULT-VALUE}).")
    URI resolver = URI.create("http://127.0.0.1:9054");

    @Override
    public Integer call() throws IOException, InterruptedException {
        AdminClient client = new AdminClient("resolver", resolver, token());
        JsonNode answer = client.get("/v1/functions/" + AdminClient.encode(function), Map.of());
        if (json) {
            out().println(answer.toPrettyString());
            out().flush();
            return Main.OK;
        }
        if (answer.path("stale").asBoolean()) {
            out().println("The resolver cannot reach its store: this may be out of date.");
        }
        print(
                answer.path("routers"),
                List.of(
                        new Table.Column("ROUTER", "router"),
                        new Table.Column("HTTP", "http"),
                        new Table.Column("TUNNEL", "tunnel"),
                        new Table.Column("REGION", "region"),
                        new Table.Column("ZONE", "zone"),
                        new Table.Column("TIER", "tier"),
                        new Table.Column("TUNNELS", "tunnels"),
                        new Table.Column("CAPACITY", "capacity")));
        return Main.OK;
    }
}
