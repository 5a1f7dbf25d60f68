/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.tunnel.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real distribution in a JVM of its own, with our overlay in its base and no HTTP connector. */
final class JettyProcess implements AutoCloseable {

    /** The oldest distribution that is supported. */
    static final String OLDEST = System.getProperty("jetty.oldest");

    /** The distributions of the two lines that the build unpacked. */
    static final String LINE0 = System.getProperty("jetty.line0");

    static final String LINE1 = System.getProperty("jetty.line1");

    private static final long START_SECONDS = 120;
    private static final String PATIENT = """
        fluid.admission.queue-delay = off
        fluid.admission.timeouts = off
        fluid.admission.cpu-throttled = off
        fluid.admission.gc-time = off
        fluid.admission.memory = off
        fluid.admission.scheduler-lag = off
        """;

    private final Path home;
    private final Path base;
    private final Path log;
    private Process process;

    private JettyProcess(Path home, Path base) {
        this.home = home;
        this.base = base;
        this.log = base.resolve("jetty.log");
    }

    /** Makes a base with our module and those of the environments, and their test applications. */
    static JettyProcess prepare(String version, String name, List<String> environments, String... modules)
            throws IOException, InterruptedException {
        Path home = Path.of(System.getProperty("jetty.homes"), "jetty-home-" + version);
        Path base = Path.of(System.getProperty("jetty.work"), name);
        delete(base);
        Path overlay = Path.of(System.getProperty("jetty.overlay"));
        copy(overlay, base);
        Files.createDirectories(base.resolve("webapps"));
        JettyProcess jetty = new JettyProcess(home, base);
        List<String> all = new ArrayList<>(List.of("fluid"));
        environments.forEach(environment -> all.add(environment + "-deploy"));
        all.addAll(Arrays.asList(modules));
        jetty.run("--approve-all-licenses", "--add-modules=" + String.join(",", all));
        Path api;
        try (Stream<Path> jars = Files.list(base.resolve("lib/fluid"))) {
            api = jars.filter(jar -> jar.getFileName().toString().startsWith("fluid4j-api"))
                    .findFirst()
                    .orElseThrow();
        }
        for (String environment : environments) {
            TestWebapp.deploy(home, environment, base, api);
        }
        return jetty;
    }

    Path base() {
        return base;
    }

    /** Settings besides those by which a busy machine is no reason to refuse a request. */
    JettyProcess configure(String... lines) throws IOException {
        Files.writeString(base.resolve("etc/fluid.properties"), String.join("\n", lines) + "\n" + PATIENT);
        return this;
    }

    /** Starts the server; the tunnel tells when it is there. */
    JettyProcess start(String... arguments) throws IOException {
        List<String> command = command(arguments);
        process = new ProcessBuilder(command)
                .directory(base.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return this;
    }

    /** Waits until the server has dialled the router. */
    Session awaitTunnel(TestRouter router) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (System.nanoTime() < deadline && process.isAlive()) {
            Session session = router.nextTunnel(Duration.ofMillis(200));
            if (session != null) {
                return session;
            }
        }
        throw new AssertionError(
                "no tunnel came; the server " + (process.isAlive() ? "runs" : "has ended") + ":\n" + log());
    }

    /** Asks for an orderly end (SIGTERM). */
    void terminate() {
        process.destroy();
    }

    int awaitExit() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the server did not end:\n" + log());
        }
        return process.exitValue();
    }

    boolean alive() {
        return process.isAlive();
    }

    String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void run(String... arguments) throws IOException, InterruptedException {
        start(arguments);
        int exit = awaitExit();
        if (exit != 0) {
            throw new AssertionError("exit " + exit + ":\n" + log());
        }
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("fluid.test.java"),
                "-Xmx512m",
                "-jar",
                home.resolve("start.jar").toString(),
                "jetty.base=" + base));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            process.destroy();
            try {
                if (!process.waitFor(60, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.collect(Collectors.toList())) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
                    Files.delete(file);
                }
            }
        }
    }
}
