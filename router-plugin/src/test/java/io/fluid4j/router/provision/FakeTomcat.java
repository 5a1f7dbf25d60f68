/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;

/**
 * A server that is started like a Tomcat and does nothing but dial and say its id; and what it dials. A process of its
 * own as the real one is. A file {@code conf/fail} makes it end at once.
 */
final class FakeTomcat implements AutoCloseable {

    private static final String BOOTSTRAP = """
        package org.apache.catalina.startup;

        import java.net.Socket;
        import java.net.URI;
        import java.nio.file.Files;
        import java.nio.file.Path;

        public final class Bootstrap {
            public static void main(String[] arguments) throws Exception {
                Path base = Path.of(System.getProperty("catalina.base"));
                if (Files.exists(base.resolve("conf/fail"))) {
                    System.out.println("this one cannot start");
                    System.exit(3);
                }
                URI router = URI.create(System.getProperty("fluid.router.urls"));
                Socket socket = new Socket(router.getHost(), router.getPort());
                socket.getOutputStream().write((System.getProperty("fluid.instance.id") + "\\n").getBytes());
                synchronized (base) {
                    while (true) {
                        base.wait();
                    }
                }
            }
        }
        """;

    private final Path home;
    private final Path template;
    private final ServerSocket dialled;
    private final Set<String> running = new TreeSet<>();

    FakeTomcat(Path folder) throws IOException {
        home = Files.createDirectories(folder.resolve("home"));
        template = Files.createDirectories(folder.resolve("template"));
        Files.createDirectories(template.resolve("conf"));
        Files.createDirectories(template.resolve("logs"));
        Files.writeString(template.resolve("logs/old.log"), "of the template");
        Files.writeString(
                template.resolve("conf/server.xml"),
                "<Server port='8005'><Service name='s'><Connector port='8080'/></Service></Server>");
        Files.createDirectories(home.resolve("bin"));
        compile(folder.resolve("classes"), home.resolve("bin/bootstrap.jar"));
        try (OutputStream out = Files.newOutputStream(home.resolve("bin/tomcat-juli.jar"));
                JarOutputStream jar = new JarOutputStream(out)) {
            jar.putNextEntry(new JarEntry("empty"));
        }
        dialled = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread acceptor = new Thread(this::accept, "fake router");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    private static void compile(Path classes, Path jarFile) throws IOException {
        Path source = classes.resolve("org/apache/catalina/startup/Bootstrap.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, BOOTSTRAP);
        int code = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "--release", "17", "-d", classes.toString(), source.toString());
        if (code != 0) {
            throw new IOException("the fake does not compile");
        }
        try (OutputStream out = Files.newOutputStream(jarFile);
                JarOutputStream jar = new JarOutputStream(out)) {
            jar.putNextEntry(new JarEntry("org/apache/catalina/startup/Bootstrap.class"));
            jar.write(Files.readAllBytes(classes.resolve("org/apache/catalina/startup/Bootstrap.class")));
        }
    }

    private void accept() {
        try {
            while (!dialled.isClosed()) {
                Socket socket = dialled.accept();
                Thread reader = new Thread(() -> follow(socket), "fake tunnel");
                reader.setDaemon(true);
                reader.start();
            }
        } catch (IOException e) {
            if (!dialled.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** An instance runs as long as its connection is open. */
    private void follow(Socket socket) {
        String id = null;
        try (socket;
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                id = line;
                synchronized (running) {
                    running.add(id);
                    running.notifyAll();
                }
            }
        } catch (IOException e) {
            // A process that is killed resets its connection: the same as its end.
        }
        synchronized (running) {
            running.remove(id == null ? "" : id);
            running.notifyAll();
        }
    }

    URI url() {
        return URI.create("tcp://127.0.0.1:" + dialled.getLocalPort());
    }

    Path template() {
        return template;
    }

    Path home() {
        return home;
    }

    Map<String, String> keys(String... more) {
        Map<String, String> keys = new HashMap<>(Map.of(
                "provider",
                "local-process",
                "template",
                template.toString(),
                "home",
                home.toString(),
                "archive",
                "false"));
        for (int i = 0; i < more.length; i += 2) {
            keys.put(more[i], more[i + 1]);
        }
        return keys;
    }

    List<String> running() {
        synchronized (running) {
            return List.copyOf(running);
        }
    }

    @Override
    public void close() throws IOException {
        dialled.close();
    }
}
