/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a process of its own. What it says goes to a file and is kept, so that a test can wait for a line.
 * Ended by its handle, never by name. Thread-safe.
 */
final class ServerProcess implements AutoCloseable {

    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    private final String name;
    private final Process process;
    private final Path log;
    private final Object lock = new Object();
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;
    private boolean ended;

    private ServerProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
        this.reader = new Thread(this::readOutput, "output of " + name);
    }

    static ServerProcess start(
            String name, List<String> command, Path directory, Map<String, String> environment, Path log) {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        // What is set around the tests must not reach the servers.
        builder.environment().keySet().removeIf(key -> key.startsWith("FLUID_") || key.equals("JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(log.getParent());
            ServerProcess started = new ServerProcess(name, builder.start(), log);
            started.reader.setDaemon(true);
            started.reader.start();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command to its end; fails when it does not end with 0. Returns what it said. */
    static List<String> run(
            String name, List<String> command, Path directory, Map<String, String> environment, Path log) {
        try (ServerProcess run = start(name, command, directory, environment, log)) {
            int code = run.awaitExit(Duration.ofSeconds(120));
            if (code != 0) {
                throw new IllegalStateException(name + " ended with " + code + ":\n" + run.tail());
            }
            return run.lines();
        }
    }

    private void readOutput() {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8);
                Writer out = Files.newBufferedWriter(log)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.write(line);
                out.write('\n');
                out.flush();
                synchronized (lock) {
                    lines.add(line);
                    lock.notifyAll();
                }
            }
        } catch (IOException e) {
            synchronized (lock) {
                lines.add("(output ended: " + e + ")");
            }
        }
        synchronized (lock) {
            ended = true;
            lock.notifyAll();
        }
    }

    /** Waits for a line of the output, said before or to come. */
    Matcher awaitLine(Pattern pattern, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            for (int next = 0; ; next++) {
                while (next >= lines.size()) {
                    long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (ended || leftMillis <= 0) {
                        throw new IllegalStateException(
                                name + " did not say " + pattern + (ended ? " before it ended" : "") + ":\n" + tail());
                    }
                    try {
                        lock.wait(leftMillis);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new IllegalStateException(e);
                    }
                }
                Matcher matcher = pattern.matcher(lines.get(next));
                if (matcher.find()) {
                    return matcher;
                }
            }
        }
    }

    int awaitExit(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(name + " still runs after " + limit + ":\n" + tail());
            }
            reader.join(limit.toMillis());
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    boolean alive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** Asks the process to end, as {@code kill} does. What it says then is still heard, unlike with the process's own. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** Ends the process at once, as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly();
    }

    List<String> lines() {
        synchronized (lock) {
            return List.copyOf(lines);
        }
    }

    boolean said(Predicate<String> line) {
        return lines().stream().anyMatch(line);
    }

    String tail() {
        List<String> all = lines();
        return String.join("\n", all.subList(Math.max(0, all.size() - 60), all.size()));
    }

    Path log() {
        return log;
    }

    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
            children.forEach(ProcessHandle::destroyForcibly);
            reader.join(STOP_LIMIT.toMillis());
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
