/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fluid drain}. */
@Command(name = "drain", description = "Lets an instance finish what it runs and gives it nothing new.")
final class DrainCommand extends AdminCommand {

    @Parameters(paramLabel = "ID", description = "The instance.")
    String id = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "After that, what still runs is cut (default: ${DEFAULT-VALUE}).")
    int timeoutSeconds = 30;

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode answer = router().post(
                        "/api/instances/" + AdminClient.encode(id) + "/drain",
                        Map.of("timeout", timeoutSeconds + "s"),
                        Duration.ofSeconds(timeoutSeconds + 10L));
        out().print(json ? answer.toPrettyString() + "\n" : Tree.of(answer));
        out().flush();
        return Main.OK;
    }
}
