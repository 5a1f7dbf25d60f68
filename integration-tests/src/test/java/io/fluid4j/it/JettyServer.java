/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** A Jetty of its home archive with a base folder of its own, started by {@code start.jar}. */
record JettyServer(Distribution distribution, ServerProcess process, int httpPort, Path base) implements Server {

    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Pattern CONNECTOR =
            Pattern.compile("Started (?:oejs\\.)?ServerConnector@.*\\{127\\.0\\.0\\.1:(\\d+)}");
    private static final Pattern STARTED = Pattern.compile("Started (?:oejs\\.)?Server@");

    /**
     * Makes a base folder, does what is asked to it, adds the modules as a user does, and starts it.
     *
     * @param modules what the base needs, the connector included
     */
    static JettyServer start(
            Distribution distribution,
            String name,
            List<String> jvmOptions,
            List<String> modules,
            Consumer<Path> prepare) {
        return start(Build.java(), distribution, name, jvmOptions, modules, prepare);
    }

    /** The same on a Java of the test's choice. */
    static JettyServer start(
            Path java,
            Distribution distribution,
            String name,
            List<String> jvmOptions,
            List<String> modules,
            Consumer<Path> prepare) {
        Path base = Build.work(name);
        prepare.accept(base);
        addModules(java, distribution, base, modules);
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.addAll(jvmOptions);
        command.add("-jar");
        command.add(distribution.home().resolve("start.jar").toString());
        command.add("jetty.http.host=127.0.0.1");
        command.add("jetty.http.port=0");
        command.add("jetty.requestlog.filePath=" + base.resolve("logs/access.log"));
        ServerProcess process = ServerProcess.start(name, command, base, Map.of(), base.resolve("logs/console.log"));
        try {
            int port =
                    Integer.parseInt(process.awaitLine(CONNECTOR, START_LIMIT).group(1));
            process.awaitLine(STARTED, START_LIMIT);
            return new JettyServer(distribution, process, port, base);
        } catch (IllegalStateException e) {
            process.close();
            throw e;
        }
    }

    private static void addModules(Path java, Distribution distribution, Path base, List<String> modules) {
        ServerProcess.run(
                "start.jar --add-modules",
                List.of(
                        java.toString(),
                        "-jar",
                        distribution.home().resolve("start.jar").toString(),
                        "--add-modules=" + String.join(",", modules)),
                base,
                Map.of(),
                base.resolve("logs/add-modules.log"));
    }

    @Override
    public Path accessLog() {
        return base.resolve("logs/access.log");
    }
}
