/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands share that ask a running router. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
abstract class AdminCommand implements Callable<Integer> {

    @Option(
            names = "--admin",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:9090",
            description = "Admin port of the router (default: ${DEFAULT-VALUE}).")
    URI admin = URI.create("http://127.0.0.1:9090");

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            defaultValue = "${env:FLUID_ROUTER_ADMIN_TOKEN_FILE}",
            description = "Holds the router's admin token (default: what FLUID_ROUTER_ADMIN_TOKEN_FILE names).")
    @Nullable
    Path tokenFile;

    @Option(names = "--json", description = "Print JSON, as the router sends it.")
    boolean json;

    @Spec
    @Nullable
    CommandSpec spec;

    final AdminClient router() throws IOException {
        return new AdminClient("router", admin, token());
    }

    final @Nullable String token() throws IOException {
        if (tokenFile == null || tokenFile.toString().isEmpty()) {
            return System.getenv("FLUID_ROUTER_ADMIN_TOKEN");
        }
        if (!Files.isReadable(tokenFile)) {
            throw new CommandFailure("the token file " + tokenFile + " cannot be read");
        }
        return Files.readString(tokenFile).strip();
    }

    final PrintWriter out() {
        if (spec == null) {
            throw new IllegalStateException("a command runs by its command line only");
        }
        return spec.commandLine().getOut();
    }

    /** Prints JSON when asked to, and a table otherwise. */
    final void print(JsonNode answer, List<Table.Column> columns) {
        if (json) {
            out().println(answer.toPrettyString());
        } else {
            out().print(Table.of(columns, answer));
        }
        out().flush();
    }
}
