/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fluid config --explain}. */
@Command(
        name = "config",
        description = "Reads the configuration as a role would, and says what is in force and where it came from.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ConfigCommand implements Callable<Integer> {

    @Option(names = "--explain", description = "Every key, its value and its origin.")
    boolean explain;

    @Option(
            names = "--role",
            defaultValue = "router",
            description = "instance, router or resolver (default: ${DEFAULT-VALUE}).")
    Role role = Role.ROUTER;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Mixin
    final ConfigOption option = new ConfigOption();

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("a command runs by its command line only");
        }
        if (!explain) {
            throw new ParameterException(spec.commandLine(), "say what to do: --explain");
        }
        Config config = option.builder(role).lenient().build();
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? json(config) : table(config));
        out.flush();
        for (String problem : config.problems()) {
            spec.commandLine()
                    .getErr()
                    .println("fluid config: " + (role == Role.INSTANCE ? "an " : "a ") + role.word()
                            + " would not start: " + problem);
        }
        return config.problems().isEmpty() ? Main.OK : Main.FAILED;
    }

    private static String json(Config config) {
        ArrayNode array = AdminClient.JSON.createArrayNode();
        for (Config.Entry entry : config.entries()) {
            ObjectNode object = array.addObject();
            object.put("key", entry.name());
            object.put("value", entry.value());
            object.put("origin", entry.origin().toString());
            object.put("type", entry.key().type().name());
            object.put("range", entry.key().type().range());
            object.put("reloadable", entry.key().reloadable());
        }
        return array.toPrettyString() + "\n";
    }

    private static String table(Config config) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.of("KEY", "VALUE", "ORIGIN"));
        for (Config.Entry entry : config.entries()) {
            String value = entry.value().isEmpty() ? "-" : entry.value().replace("`", "");
            lines.add(List.of(entry.name(), value, entry.origin().toString()));
        }
        return Table.format(lines, List.of(false, false, false));
    }
}
