/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code fluid explain}. */
@Command(name = "explain", description = "Tells the story of one request.")
final class ExplainCommand extends AdminCommand {

    @Parameters(paramLabel = "REQUEST-ID", description = "What the response's Fluid-Request-Id header says.")
    String id = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode story = router().get("/api/requests/" + AdminClient.encode(id), Map.of());
        out().print(json ? story.toPrettyString() + "\n" : Tree.of(story));
        out().flush();
        return Main.OK;
    }
}
