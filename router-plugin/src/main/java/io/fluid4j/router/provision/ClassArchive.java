/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.provision.ProvisionContext;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The classes of a server in a file that its instances map instead of loading and verifying them: a class-data archive,
 * from Java 25 on the AOT cache. It is made by a server that starts like an instance, dials a socket of ours instead of
 * a router, and is told to end: it has loaded what a start needs then, and nothing of a user's. The file's name has a
 * digest of what it was made from; the JVM itself checks it again, and goes on without when something differs.
 *
 * <p>{@link #options} is for any thread, {@link #make} for one at a time.
 */
final class ClassArchive {

    private static final Logger LOG = System.getLogger(Provisioning.class.getName());
    private static final int FIRST_WITH_ARCHIVE = 17;
    private static final int FIRST_WITH_AOT_CACHE = 25;
    /** It must not find routers in another way: it would be sent requests. */
    private static final String NO_RESOLVER = "-Dfluid.resolver.urls=http://127.0.0.1:1";

    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration END_LIMIT = Duration.ofMinutes(2);

    private final ServerTemplate template;
    private final ProvisionContext context;
    private final Path file;
    private final boolean aot;
    private final AtomicBoolean begun = new AtomicBoolean();

    private ClassArchive(ServerTemplate template, ProvisionContext context, Path file, boolean aot) {
        this.template = template;
        this.context = context;
        this.file = file;
        this.aot = aot;
    }

    /** Whether the classes of that server on that Java can be shared. */
    static boolean possible(ServerTemplate template) throws IOException {
        return template.kind() == ServerTemplate.Kind.TOMCAT && template.javaFeature() >= FIRST_WITH_ARCHIVE;
    }

    static ClassArchive of(ServerTemplate template, ProvisionContext context) throws IOException {
        boolean aot = template.javaFeature() >= FIRST_WITH_AOT_CACHE;
        String name = "classes-" + digest(template) + (aot ? ".aot" : ".jsa");
        return new ClassArchive(template, context, context.folder().resolve(name), aot);
    }

    private static String digest(ServerTemplate template) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(Files.readAllBytes(template.javaHome().resolve("release")));
            digest.update(template.javaOptions().toString().getBytes(StandardCharsets.UTF_8));
            for (Path jar : template.serverJars()) {
                String facts = jar + " " + Files.size(jar) + " " + Files.getLastModifiedTime(jar) + "\n";
                digest.update(facts.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /** What tells the JVM of an instance to use it; empty while there is none. */
    List<String> options() {
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        // Neither option stops a JVM that cannot use the file; -Xshare beside AOTCache would.
        return List.of((aot ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + file);
    }

    /** True once, when there is none and nobody has begun to make it. */
    boolean wanted() {
        return !Files.isRegularFile(file) && begun.compareAndSet(false, true);
    }

    /**
     * Makes it. Takes some seconds.
     *
     * @param launcher starts the server that it is made from
     */
    void make(Launcher launcher) throws IOException, InterruptedException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        String recording = (aot ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + fresh;
        Files.deleteIfExists(fresh);
        long began = System.nanoTime();
        try (ServerSocket dialled = new ServerSocket()) {
            dialled.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            dialled.setSoTimeout((int) START_LIMIT.toMillis());
            String url = "tcp://127.0.0.1:" + dialled.getLocalPort();
            Process server = launcher.launch(base ->
                    template.command(base, context, url, "training-of-archive", List.of(recording, NO_RESOLVER), true));
            var unused = server.onExit().thenRun(() -> close(dialled));
            Socket dial = null;
            try {
                dial = accept(dialled);
                server.destroy();
                if (!server.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new IOException("it did not end");
                }
            } finally {
                if (dial != null) {
                    dial.close();
                }
                server.descendants().forEach(ProcessHandle::destroyForcibly);
                server.destroyForcibly();
            }
        }
        if (!Files.isRegularFile(fresh)) {
            throw new IOException("the JVM has written none");
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        LOG.log(
                Level.INFO,
                "pool {0}: the archive of shared classes is there after {1} ms: {2}, {3} KiB",
                context.name(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began),
                file,
                Files.size(file) / 1024);
    }

    /** Nobody will dial any more. */
    private static void close(ServerSocket dialled) {
        try {
            dialled.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a socket could not be closed", e);
        }
    }

    private static Socket accept(ServerSocket dialled) throws IOException {
        try {
            return dialled.accept();
        } catch (SocketTimeoutException e) {
            throw new IOException("the server did not start within " + START_LIMIT, e);
        } catch (SocketException e) {
            throw new IOException("the server has ended before it was up", e);
        }
    }

    /** Starts a server in a copy of the template. */
    @FunctionalInterface
    interface Launcher {
        /** Starts the command for the base folder that it makes. */
        Process launch(Command command) throws IOException;
    }

    /** The command for a base folder. */
    @FunctionalInterface
    interface Command {
        /** What is started there. */
        List<String> in(Path base) throws IOException;
    }
}
