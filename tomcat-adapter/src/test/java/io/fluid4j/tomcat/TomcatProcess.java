/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A Tomcat of a real distribution in a process of its own, as a user starts it. */
final class TomcatProcess implements AutoCloseable {
    private static final long STOP_SECONDS = 60;

    private final Process process;
    private final Path base;
    private final Path output;

    private TomcatProcess(Process process, Path base, Path output) {
        this.process = process;
        this.base = base;
        this.output = output;
    }

    /** The unpacked distribution: {@code tomcat10} or {@code tomcat11}. */
    static Path home(String line) {
        return Path.of(System.getProperty("fluid.test.servers"), System.getProperty("fluid.test." + line));
    }

    /** A base of that distribution below the build folder, with the one jar in its lib. */
    static Path base(String line, String name) throws IOException {
        Path base = Path.of(System.getProperty("fluid.test.servers"), "bases", line + "-" + name);
        Layout.catalinaBase(home(line), base);
        Files.copy(
                Path.of(System.getProperty("fluid.test.jar")),
                base.resolve("lib/fluid4j-tomcat.jar"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        return base;
    }

    static TomcatProcess start(String line, Path base, Map<String, String> environment) throws IOException {
        Path output = base.resolve("logs/output.txt");
        List<String> command = new ArrayList<>(
                List.of("bash", home(line).resolve("bin/catalina.sh").toString(), "run"));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("FLUID_") || name.startsWith("CATALINA_"));
        builder.environment().put("JAVA_HOME", System.getProperty("fluid.test.java.home"));
        builder.environment().put("CATALINA_BASE", base.toString());
        builder.environment().put("CATALINA_OPTS", "-Xmx512m");
        builder.environment().putAll(environment);
        return new TomcatProcess(builder.start(), base, output);
    }

    Path base() {
        return base;
    }

    String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    void awaitOutput(String text) {
        Awaitility.await(text).atMost(90, TimeUnit.SECONDS).until(() -> output().contains(text));
    }

    /** SIGTERM, as an orchestrator sends it. */
    void terminate() {
        process.destroy();
    }

    int awaitExit() throws InterruptedException {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + STOP_SECONDS + " s:\n" + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
