/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Tomcat of its archive with a base folder of its own, started by its script. */
record TomcatServer(Distribution distribution, ServerProcess process, int httpPort, Path base) implements Server {

    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Pattern CONNECTOR =
            Pattern.compile("Starting ProtocolHandler \\[\"http-nio-127\\.0\\.0\\.1-auto-\\d+-(\\d+)\"]");
    private static final Pattern STARTED = Pattern.compile("Server startup in \\[");

    /** Makes a base folder as Tomcat's RUNNING.txt describes it, on ports that are free. */
    static Path base(Distribution distribution, String name) {
        Path base = Build.work(name);
        try {
            Build.copyTree(distribution.home().resolve("conf"), base.resolve("conf"));
            for (String folder : List.of("lib", "logs", "temp", "webapps", "work")) {
                Files.createDirectories(base.resolve(folder));
            }
            Path serverXml = base.resolve("conf/server.xml");
            String original = Files.readString(serverXml);
            String edited = original.replace("port=\"8005\"", "port=\"-1\"")
                    .replaceFirst(
                            "<Connector port=\"8080\"",
                            "<Connector port=\"0\" address=\"127.0.0.1\" allowedTrailerHeaders=\"X-Checksum\"")
                    .replace(
                            "prefix=\"localhost_access_log\"",
                            "prefix=\"access\" buffered=\"false\" fileDateFormat=\"\"")
                    .replace("suffix=\".txt\"", "suffix=\".log\"");
            Files.writeString(serverXml, edited);
            return base;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Says in {@code server.xml} that requests run on virtual threads. */
    static void useVirtualThreads(Path base) {
        Path serverXml = base.resolve("conf/server.xml");
        try {
            Files.writeString(
                    serverXml,
                    Files.readString(serverXml)
                            .replace("<Connector port=\"0\"", "<Connector useVirtualThreads=\"true\" port=\"0\""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes an application of the archive part of a base: {@code docs}, {@code examples}. */
    static void addShipped(Distribution distribution, Path base, String application) {
        Build.copyTree(
                distribution.home().resolve("webapps").resolve(application), base.resolve("webapps/" + application));
    }

    /** Does what is asked to the base folder, then starts it. */
    static TomcatServer start(Distribution distribution, String name, String jvmOptions, Consumer<Path> prepare) {
        return start(Build.java(), distribution, name, jvmOptions, prepare);
    }

    /** The same on a Java of the test's choice. */
    static TomcatServer start(
            Path java, Distribution distribution, String name, String jvmOptions, Consumer<Path> prepare) {
        Path base = base(distribution, name);
        prepare.accept(base);
        ServerProcess process = ServerProcess.start(
                name,
                List.of(distribution.home().resolve("bin/catalina.sh").toString(), "run"),
                base,
                Map.of(
                        "JAVA_HOME", java.getParent().getParent().toString(),
                        "CATALINA_HOME", distribution.home().toString(),
                        "CATALINA_BASE", base.toString(),
                        "CATALINA_OPTS", jvmOptions),
                base.resolve("logs/console.log"));
        try {
            int port =
                    Integer.parseInt(process.awaitLine(CONNECTOR, START_LIMIT).group(1));
            process.awaitLine(STARTED, START_LIMIT);
            return new TomcatServer(distribution, process, port, base);
        } catch (IllegalStateException e) {
            process.close();
            throw e;
        }
    }

    @Override
    public Path accessLog() {
        try (Stream<Path> logs = Files.list(base.resolve("logs"))) {
            return logs.filter(path -> path.getFileName().toString().startsWith("access"))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
