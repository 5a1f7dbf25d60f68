/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What is kept in files of the processes that a router has started, so that the next one finds them when this one was
 * killed. A process id alone may belong to somebody else by then: the time of its start is kept with it.
 */
final class ProcessRecord {

    private static final Logger LOG = System.getLogger(Provisioning.class.getName());
    private static final String FILE = "process";

    private ProcessRecord() {}

    /** Writes down which process works in a folder. */
    static void write(Path folder, ProcessHandle process) throws IOException {
        long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
        Files.writeString(folder.resolve(FILE), process.pid() + " " + start + "\n");
    }

    /** Ends what still runs in the folders there, and removes them. */
    static void cleanUp(Path folder, Duration patience) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        List<Path> left = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            all.forEach(left::add);
        }
        List<ProcessHandle> orphans = new ArrayList<>();
        for (Path one : left) {
            find(one).ifPresent(orphans::add);
        }
        for (ProcessHandle orphan : orphans) {
            LOG.log(Level.WARNING, "process {0} was left by a router that was killed: it is ended", orphan.pid());
            orphan.destroy();
        }
        awaitEnd(orphans, patience);
        for (Path one : left) {
            deleteTree(one);
        }
    }

    /** Waits until they have ended; those that take too long are killed. */
    static void awaitEnd(List<ProcessHandle> processes, Duration patience) {
        CompletableFuture<Void> all = CompletableFuture.allOf(
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new));
        try {
            all.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            processes.forEach(ProcessHandle::destroyForcibly);
            all.join();
        } catch (InterruptedException e) {
            processes.forEach(ProcessHandle::destroyForcibly);
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<ProcessHandle> find(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (Files.isRegularFile(file)) {
            String[] words = Files.readString(file).strip().split(" ", 3);
            if (words.length == 2 && words[0].matches("[0-9]{1,18}") && words[1].matches("[0-9]{1,18}")) {
                long start = Long.parseLong(words[1]);
                return ProcessHandle.of(Long.parseLong(words[0])).filter(process -> process.info()
                        .startInstant()
                        .map(Instant::toEpochMilli)
                        .filter(millis -> millis == start)
                        .isPresent());
            }
        }
        // The router was killed between the start and the writing: the folder is in the command.
        String inCommand = "=" + folder.resolve("base");
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(inCommand))
                .findFirst();
    }

    /** Removes a folder and all in it, as far as that is allowed. */
    static void deleteTree(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                    // Not there, or its server has just removed it.
                    if (failure instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw failure;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} could not be removed: {1}", folder, e);
        }
    }
}
