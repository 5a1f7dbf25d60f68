/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL on loopback, from the programs that the distribution's package installs. */
final class PostgresServer implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path home;
    private final Path data;
    private final int port;
    private @Nullable Process process;

    PostgresServer() throws IOException {
        // Not JUnit's folder: that one is closed to the user that the server has to run as.
        home = Files.createTempDirectory("fluid-postgres");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        data = home.resolve("data");
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process made =
                command("initdb", "-D", data.toString(), "-U", "fluid", "-A", "trust", "-E", "UTF8", "--no-sync");
        if (!ends(made) || made.exitValue() != 0) {
            throw new IOException("initdb failed: " + Files.readString(home.resolve("log")));
        }
        start();
    }

    String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    void start() throws IOException {
        process = command(
                "postgres",
                "-D",
                data.toString(),
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(port),
                "-k",
                home.toString(),
                "-c",
                "fsync=off");
        Awaitility.await().atMost(PATIENCE).until(this::answers);
    }

    /** Ends it at once, with whatever is under way. */
    void stop() throws IOException {
        Process running = process;
        process = null;
        if (running != null) {
            Process signal = new ProcessBuilder("kill", "-INT", Long.toString(running.pid())).start();
            if (!ends(signal) || !ends(running)) {
                running.destroyForcibly();
            }
        }
    }

    @Override
    public void close() throws IOException {
        stop();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static boolean ends(Process process) {
        try {
            return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean answers() {
        try (Connection connection = DriverManager.getConnection(url(), "fluid", null)) {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    private Process command(String program, String... arguments) throws IOException {
        List<String> line = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // The server refuses to run as root.
            line.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
        }
        line.add(binaries().resolve(program).toString());
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()))
                .start();
    }

    private static Path binaries() throws IOException {
        Path versions = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(versions)) {
            try (Stream<Path> found = Files.list(versions)) {
                for (Path version : found.sorted(Comparator.reverseOrder()).toList()) {
                    if (Files.isExecutable(version.resolve("bin/postgres"))) {
                        return version.resolve("bin");
                    }
                }
            }
        }
        throw new IOException("no PostgreSQL server under " + versions + ": install the package postgresql");
    }
}
