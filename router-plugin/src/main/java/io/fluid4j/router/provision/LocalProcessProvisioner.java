/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.ProvisionKeys;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.ProvisionContext;
import io.fluid4j.spi.provision.ScaleOrder;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Servers on this machine, each a JVM in a copy of one base folder. Their output goes to a file of that copy; the copy
 * goes with the server. A server is ended by SIGTERM, and killed when that takes too long. What a killed router leaves
 * is ended when the next one opens the pool: it knows the processes by files, and one router at a time has the folder.
 */
final class LocalProcessProvisioner implements InstanceProvisioner {

    private static final Logger LOG = System.getLogger(Provisioning.class.getName());
    /** Copying and starting is work for the disk: more at a time is not faster. */
    private static final int LAUNCHERS = 4;
    /** How long servers of before have to end. */
    private static final Duration ORPHAN_PATIENCE = Duration.ofSeconds(5);
    /** How long servers have to end with the router; what they had under way has been cut by then. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
    /** How much longer than a drain may take a server has to end. */
    private static final Duration STOP_GRACE = Duration.ofSeconds(10);

    private static final int LAST_LINES = 15;

    /** A server that was asked for. Guarded by the lock. */
    private static final class Server {
        final CompletableFuture<Void> start = new CompletableFuture<>();
        final CompletableFuture<Void> gone = new CompletableFuture<>();

        @Nullable
        Process process;

        boolean stopping;
    }

    private final ProvisionContext context;
    private final ServerTemplate template;
    private final @Nullable ClassArchive archive;
    private final Path instances;
    private final FileChannel lockFile;
    private final Duration patience;
    private final ExecutorService launchers;
    private final Object lock = new Object();
    private final Map<String, Server> servers = new HashMap<>();
    private boolean closed;

    private LocalProcessProvisioner(
            ProvisionContext context,
            ServerTemplate template,
            @Nullable ClassArchive archive,
            Path instances,
            FileChannel lockFile) {
        this.context = context;
        this.template = template;
        this.archive = archive;
        this.instances = instances;
        this.lockFile = lockFile;
        this.patience = context.config().get(CommonKeys.DRAIN_TIMEOUT).plus(STOP_GRACE);
        this.launchers = Executors.newFixedThreadPool(LAUNCHERS, task -> {
            Thread thread = new Thread(task, "fluid-provision-" + context.name());
            thread.setDaemon(true);
            return thread;
        });
    }

    static LocalProcessProvisioner open(ProvisionContext context) throws IOException {
        ServerTemplate template = ServerTemplate.of(context);
        boolean shared = context.config().get(ProvisionKeys.ARCHIVE.named(context.name()));
        Files.createDirectories(context.folder());
        FileChannel lockFile = lock(context);
        try {
            Path instances = context.folder().resolve("instances");
            ProcessRecord.cleanUp(instances, ORPHAN_PATIENCE);
            Files.createDirectories(instances);
            ClassArchive archive =
                    shared && ClassArchive.possible(template) ? ClassArchive.of(template, context) : null;
            return new LocalProcessProvisioner(context, template, archive, instances, lockFile);
        } catch (IOException | RuntimeException e) {
            lockFile.close();
            throw e;
        }
    }

    private static FileChannel lock(ProvisionContext context) throws IOException {
        Path file = context.folder().resolve("lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Another router of this very process: the same answer.
            LOG.log(Level.DEBUG, "locked in this process", e);
        }
        channel.close();
        throw new IllegalArgumentException(
                "fluid.data-dir: another router that runs uses " + context.folder() + " (expected: one of its own)");
    }

    @Override
    public CompletionStage<Void> start(ScaleOrder order) {
        Server server;
        synchronized (lock) {
            Server taken = servers.get(order.instanceId());
            if (taken != null) {
                return taken.start.minimalCompletionStage();
            }
            if (closed) {
                return CompletableFuture.failedFuture(new IOException("the pool is closed"));
            }
            if (!order.instanceId().matches("[A-Za-z0-9_-]{8,64}")) {
                // It becomes the name of a folder and a word of a command.
                return CompletableFuture.failedFuture(new IOException("not an id: 8 to 64 letters, digits, dashes"));
            }
            server = new Server();
            servers.put(order.instanceId(), server);
        }
        submit(() -> launch(order.instanceId(), server));
        ClassArchive shared = archive;
        if (shared != null && shared.wanted()) {
            submit(() -> makeArchive(shared));
        }
        return server.start.minimalCompletionStage();
    }

    private void submit(Runnable task) {
        try {
            launchers.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the pool was closed meanwhile", e);
        }
    }

    private void launch(String id, Server server) {
        ClassArchive shared = archive;
        List<String> options = shared == null ? List.of() : shared.options();
        try {
            synchronized (lock) {
                if (server.stopping) {
                    throw new IOException("stopped before its start");
                }
            }
            Process process = launch(
                    id,
                    server,
                    base -> template.command(base, context, template.routerFor(context), id, options, shared != null));
            LOG.log(
                    Level.INFO,
                    "pool {0}: instance {1} is process {2}{3}",
                    context.name(),
                    id,
                    process.pid(),
                    options.isEmpty() ? "" : ", with shared classes");
            var unused = process.onExit().thenAccept(ended -> ended(id, server, ended.exitValue()));
        } catch (IOException | RuntimeException e) {
            forget(id, server);
            server.start.completeExceptionally(e);
            server.gone.complete(null);
            ProcessRecord.deleteTree(instances.resolve(id));
        }
    }

    /** A copy of the template, and the server in it. */
    private Process launch(String id, Server server, ClassArchive.Command command) throws IOException {
        Path folder = Files.createDirectories(instances.resolve(id));
        Path base = folder.resolve("base");
        template.copyTo(base);
        ProcessBuilder builder = new ProcessBuilder(command.in(base))
                .directory(base.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("console.log").toFile());
        // What configures the router must not reach the instance.
        builder.environment().keySet().removeIf(key -> key.startsWith("FLUID_"));
        Process process = builder.start();
        ProcessRecord.write(folder, process.toHandle());
        process.getOutputStream().close();
        synchronized (lock) {
            server.process = process;
            if (closed || server.stopping) {
                end(server);
            }
        }
        return process;
    }

    private void ended(String id, Server server, int code) {
        boolean expected;
        synchronized (lock) {
            expected = server.stopping;
        }
        Path folder = instances.resolve(id);
        if (!expected) {
            LOG.log(
                    Level.WARNING,
                    "pool {0}: process of instance {1} has ended by itself with {2}; its last lines:\n{3}",
                    context.name(),
                    id,
                    code,
                    lastLines(folder.resolve("console.log")));
        }
        forget(id, server);
        ProcessRecord.deleteTree(folder);
        server.start.completeExceptionally(new IOException("its process has ended with " + code));
        server.gone.complete(null);
    }

    private static String lastLines(Path file) {
        try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            List<String> all = new ArrayList<>(lines.toList());
            return String.join("\n", all.subList(Math.max(0, all.size() - LAST_LINES), all.size()));
        } catch (IOException | RuntimeException e) {
            return "(" + e + ")";
        }
    }

    private void forget(String id, Server server) {
        synchronized (lock) {
            servers.remove(id, server);
        }
    }

    private void makeArchive(ClassArchive shared) {
        String id = "archive";
        Server server = new Server();
        synchronized (lock) {
            if (closed) {
                return;
            }
            servers.put(id, server);
        }
        try {
            shared.make(command -> launch(id, server, command));
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.WARNING,
                    "pool {0}: there is no archive of shared classes, starts are slower: {1}\n{2}",
                    context.name(),
                    e.getMessage(),
                    lastLines(instances.resolve(id).resolve("console.log")));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            forget(id, server);
            server.gone.complete(null);
            ProcessRecord.deleteTree(instances.resolve(id));
        }
    }

    @Override
    public CompletionStage<Void> stop(ScaleOrder order) {
        Server server;
        synchronized (lock) {
            server = servers.get(order.instanceId());
            if (server == null) {
                return CompletableFuture.completedStage(null);
            }
            end(server);
        }
        // Completes with the server's end, not before: what it needs is free then.
        CompletableFuture<Void> inTime = server.gone.copy();
        var unused = inTime.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, late) -> {
                    if (late != null) {
                        synchronized (lock) {
                            if (server.process != null) {
                                server.process.destroyForcibly();
                            }
                        }
                    }
                });
        return server.gone.minimalCompletionStage();
    }

    /** Under the lock. */
    private static void end(Server server) {
        server.stopping = true;
        if (server.process != null) {
            server.process.destroy();
        }
    }

    @Override
    public boolean owns(String instanceId) {
        synchronized (lock) {
            return servers.containsKey(instanceId);
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        launchers.shutdown();
        ProcessRecord.awaitEnd(endAll(), CLOSE_PATIENCE);
        try {
            if (!launchers.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                launchers.shutdownNow();
            }
            // What was about to start when all were told to end.
            ProcessRecord.awaitEnd(endAll(), CLOSE_PATIENCE);
            lockFile.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the lock of the pool could not be given back", e);
        }
        ProcessRecord.deleteTree(instances);
    }

    private List<ProcessHandle> endAll() {
        List<ProcessHandle> running = new ArrayList<>();
        synchronized (lock) {
            for (Server server : servers.values()) {
                end(server);
                if (server.process != null) {
                    running.add(server.process.toHandle());
                }
            }
        }
        return running;
    }
}
