/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code fluid instances}. */
@Command(name = "instances", description = "Shows the instances that a router holds tunnels to.")
final class InstancesCommand extends AdminCommand {

    static final List<Table.Column> COLUMNS = List.of(
            new Table.Column("INSTANCE", "id"),
            new Table.Column("FUNCTION", "function"),
            new Table.Column("DEPLOYMENT", "deployment"),
            new Table.Column("ZONE", "zone"),
            new Table.Column("CONTAINER", "container"),
            new Table.Column("STATE", "state"),
            new Table.Column("REASONS", "reasons"),
            new Table.Column("IN FLIGHT", "inFlight"),
            new Table.Column("HEADROOM", "headroom"),
            new Table.Column("NACKS", "nacks"),
            new Table.Column("CONNECTED", "connectedAt"));

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode instances = router().get("/api/instances", Map.of());
        print(json ? instances : forPeople(instances), COLUMNS);
        return Main.OK;
    }

    static JsonNode forPeople(JsonNode instances) {
        for (JsonNode instance : instances) {
            if (instance instanceof ObjectNode fields
                    && instance.path("connectedAt").isTextual()) {
                String connected = instance.path("connectedAt").asText();
                fields.put(
                        "connectedAt", Table.since(connected, Clock.systemUTC().instant()));
            }
        }
        return instances;
    }
}
