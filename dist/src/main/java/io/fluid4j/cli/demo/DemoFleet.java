/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** The processes of the demo and their folders. Closing it ends them all and removes what they wrote. */
final class DemoFleet implements AutoCloseable {

    private static final String FUNCTION = "streaming";
    private static final String LOG_FORMAT =
            "-Djava.util.logging.SimpleFormatter.format=%1$tF %1$tT.%1$tL %4$-7s %3$s %5$s%6$s%n";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final DemoLayout layout;
    private final Path work;
    private final String java =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private final List<DemoProcess> processes = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Path secret;
    private final int resolverPort;
    private final int routerPort;
    private final int tunnelPort;
    private final int adminPort;
    private final int tomcatPort;
    private final int jettyPort;

    DemoFleet(DemoLayout layout) throws IOException {
        this.layout = layout;
        this.work = Files.createTempDirectory("fluid-demo-");
        this.secret = work.resolve("secret");
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        Files.writeString(secret, HexFormat.of().formatHex(random), UTF_8);
        secret.toFile().setReadable(false, false);
        secret.toFile().setReadable(true, true);
        this.resolverPort = Ports.free(9054);
        this.routerPort = Ports.free(8080);
        this.tunnelPort = Ports.free(7443);
        this.adminPort = Ports.free(9090);
        this.tomcatPort = Ports.free(8081);
        this.jettyPort = Ports.free(8082);
    }

    URI front() {
        return URI.create("http://127.0.0.1:" + routerPort + "/");
    }

    URI admin() {
        return URI.create("http://127.0.0.1:" + adminPort + "/");
    }

    URI resolver() {
        return URI.create("http://127.0.0.1:" + resolverPort + "/");
    }

    URI tomcat() {
        return URI.create("http://127.0.0.1:" + tomcatPort + "/");
    }

    URI jetty() {
        return URI.create("http://127.0.0.1:" + jettyPort + "/");
    }

    List<DemoProcess> processes() {
        return List.copyOf(processes);
    }

    /** Starts everything; does not wait until it is up. */
    void start() throws IOException, InterruptedException {
        startResolver();
        startRouter();
        startTomcat();
        startJetty();
    }

    private void startResolver() throws IOException {
        Path folder = Files.createDirectories(work.resolve("resolver"));
        Files.writeString(folder.resolve("fluid.properties"), """
                fluid.resolver.dns.port=0
                fluid.resolver.http.port=%d
                """.formatted(resolverPort), UTF_8);
        startRole("resolver", folder, "-Xmx128m");
    }

    private void startRouter() throws IOException {
        Path folder = Files.createDirectories(work.resolve("router"));
        Files.writeString(
                folder.resolve("fluid.properties"),
                """
                fluid.router.http.bind=127.0.0.1
                # Both servers are to be seen at work; the default fills the active one first.
                fluid.router.selector=round-robin
                fluid.router.http.port=%d
                fluid.router.tunnel.port=%d
                fluid.router.admin.port=%d
                fluid.router.shutdown-delay=0
                fluid.tunnel.secret-file=%s
                fluid.data-dir=%s
                fluid.resolver.urls=http://127.0.0.1:%d
                """.formatted(routerPort, tunnelPort, adminPort, secret, folder.resolve("data"), resolverPort),
                UTF_8);
        startRole("router", folder, "-Xmx256m");
    }

    private void startRole(String role, Path folder, String heap) throws IOException {
        processes.add(DemoProcess.start(
                role,
                folder,
                work.resolve(role + ".log"),
                Map.of(),
                List.of(
                        java,
                        heap,
                        LOG_FORMAT,
                        "-cp",
                        layout.libraries() + "/*",
                        "io.fluid4j.cli.Main",
                        role,
                        "--config",
                        folder.resolve("fluid.properties").toString())));
    }

    private void startTomcat() throws IOException {
        Path base = Files.createDirectories(work.resolve("tomcat"));
        for (String folder : List.of("lib", "logs", "temp", "webapps", "work")) {
            Files.createDirectories(base.resolve(folder));
        }
        copyTree(layout.tomcatHome().resolve("conf"), base.resolve("conf"));
        Path serverXml = base.resolve("conf/server.xml");
        // Its own connector stays, on loopback, so that both ways can be looked at.
        Files.writeString(
                serverXml,
                Files.readString(serverXml, UTF_8)
                        .replace("port=\"8005\"", "port=\"-1\"")
                        .replace(
                                "<Connector port=\"8080\"",
                                "<Connector address=\"127.0.0.1\" port=\"" + tomcatPort + "\""),
                UTF_8);
        Files.copy(
                layout.tomcatJar(),
                base.resolve("lib").resolve(layout.tomcatJar().getFileName()));
        Files.copy(layout.application(), base.resolve("webapps/ROOT.war"));
        Files.writeString(base.resolve("conf/fluid.properties"), instance("a"), UTF_8);
        processes.add(DemoProcess.start(
                "tomcat",
                base,
                work.resolve("tomcat.log"),
                Map.of(
                        "JAVA_HOME", System.getProperty("java.home"),
                        "CATALINA_HOME", layout.tomcatHome().toString(),
                        "CATALINA_BASE", base.toString(),
                        "CATALINA_OPTS", "-Xmx256m"),
                List.of(layout.tomcatHome().resolve("bin/catalina.sh").toString(), "run")));
    }

    private void startJetty() throws IOException, InterruptedException {
        Path base = Files.createDirectories(work.resolve("jetty"));
        copyTree(layout.jettyOverlay(), base);
        Files.createDirectories(base.resolve("webapps"));
        Files.createDirectories(base.resolve("etc"));
        Files.copy(layout.application(), base.resolve("webapps/ROOT.war"));
        Files.writeString(base.resolve("etc/fluid.properties"), instance("b"), UTF_8);
        String start = layout.jettyHome().resolve("start.jar").toString();
        DemoProcess modules = DemoProcess.start(
                "jetty --add-modules",
                base,
                work.resolve("jetty-modules.log"),
                Map.of(),
                List.of(java, "-jar", start, "--add-modules=http,ee10-deploy,fluid"));
        if (modules.awaitExit(START_LIMIT) != 0) {
            throw new IllegalStateException("Jetty did not take the module:\n" + modules.tail());
        }
        processes.add(DemoProcess.start(
                "jetty",
                base,
                work.resolve("jetty.log"),
                Map.of(),
                List.of(java, "-Xmx256m", "-jar", start, "jetty.http.host=127.0.0.1", "jetty.http.port=" + jettyPort)));
    }

    private String instance(String zone) {
        return """
                fluid.function=%s
                fluid.zone=%s
                fluid.resolver.urls=http://127.0.0.1:%d
                fluid.tunnel.secret-file=%s
                fluid.drain-timeout=10s
                """.formatted(FUNCTION, zone, resolverPort, secret);
    }

    /** Names the first process that has ended although nobody asked it to, with the end of its log. */
    void requireAlive() {
        for (DemoProcess process : processes()) {
            if (!process.alive() && !closed.get()) {
                throw new IllegalStateException("the " + process.name() + " process has ended:\n" + process.tail());
            }
        }
    }

    /** The ends of all logs, for an error message. */
    String logs() {
        StringBuilder logs = new StringBuilder();
        for (DemoProcess process : processes()) {
            logs.append("\n--- ").append(process.name()).append('\n').append(process.tail());
        }
        return logs.toString();
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // Instances first: their drain still has a router to tell, and that one a resolver.
        List<DemoProcess> running = new ArrayList<>(processes());
        Collections.reverse(running);
        running.stream().limit(Math.max(0, running.size() - 2)).forEach(DemoProcess::terminate);
        running.forEach(DemoProcess::close);
        try (Stream<Path> files = Files.walk(work)) {
            for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.err.println("fluid demo: " + work + " could not be removed: " + e);
        }
    }
}
