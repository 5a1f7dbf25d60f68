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
import picocli.CommandLine.Parameters;

/** {@code fluid undrain}. */
@Command(name = "undrain", description = "Gives an instance requests again.")
final class UndrainCommand extends AdminCommand {

    @Parameters(paramLabel = "ID", description = "The instance.")
    String id = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode answer = router().post(
                        "/api/instances/" + AdminClient.encode(id) + "/undrain", Map.of(), Duration.ofSeconds(10));
        out().print(json ? answer.toPrettyString() + "\n" : Tree.of(answer));
        out().flush();
        return Main.OK;
    }
}
