/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A router in a process of its own, started by the {@code fluid} command of the delivery.
 *
 * @param httpsPort 0 when it has none
 * @param tunnelPort what instances dial
 */
record RouterServer(ServerProcess process, int httpPort, int httpsPort, int tunnelPort, int adminPort)
        implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    /** What a router says once it is up: its ports, in this order. */
    static final Pattern STARTED =
            Pattern.compile("router \\S+: http (\\d+), https (\\d+|off), tunnels (\\d+), admin (\\d+)");

    /** @param properties more lines of its configuration: routes, limits */
    static RouterServer start(String name, String jvmOptions, String properties) {
        return start(Delivery.home(), name, jvmOptions, properties);
    }

    /** The same from another copy of the delivery: one with plugins. */
    static RouterServer start(Path delivery, String name, String jvmOptions, String properties) {
        Path folder = Build.work(name);
        Path file = folder.resolve("router.properties");
        String secret = properties.contains("fluid.tunnel.credentials-file")
                ? ""
                : "fluid.tunnel.secret=" + Delivery.SECRET + "\n";
        Build.write(
                file,
                unless(properties, "fluid.router.http.port=0") + unless(properties, "fluid.router.tunnel.port=0")
                        + unless(properties, "fluid.router.admin.port=0")
                        + unless(properties, "fluid.router.shutdown-delay=0")
                        + "fluid.router.http.bind=127.0.0.1\nfluid.data-dir=" + folder.resolve("data") + "\n" + secret
                        + properties);
        ServerProcess process = ServerProcess.start(
                name,
                List.of("bash", delivery.resolve("bin/fluid").toString(), "router", "--config", file.toString()),
                folder,
                Map.of("JAVA_HOME", Build.java().getParent().getParent().toString(), "JAVA_OPTS", jvmOptions),
                folder.resolve("console.log"));
        try {
            Matcher ports = process.awaitLine(STARTED, START_LIMIT);
            return new RouterServer(process, port(ports, 1), port(ports, 2), port(ports, 3), port(ports, 4));
        } catch (IllegalStateException e) {
            process.close();
            throw e;
        }
    }

    /** The line, when the properties do not set that key. */
    private static String unless(String properties, String line) {
        return properties.contains(line.substring(0, line.indexOf('=') + 1)) ? "" : line + "\n";
    }

    private static int port(Matcher ports, int group) {
        return ports.group(group).equals("off") ? 0 : Integer.parseInt(ports.group(group));
    }

    /** Lines for an instance that dials this router. */
    String instanceProperties(String function) {
        return "fluid.function=" + function + "\nfluid.router.urls=tcp://127.0.0.1:" + tunnelPort
                + "\nfluid.tunnel.secret=" + Delivery.SECRET + "\n";
    }

    /** Waits until an instance has dialled and serves that path. */
    void awaitInstance(String path) {
        await().atMost(START_LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .failFast("the router has ended", () -> !process.alive())
                .until(() -> status(path) == 200);
    }

    private int status(String path) throws IOException {
        try (RawClient client = RawClient.connect(httpPort)) {
            client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return client.readResponse("GET").status();
        }
    }

    /** What the admin API answers. */
    String admin(String path) throws IOException {
        try (RawClient client = RawClient.connect(adminPort)) {
            client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            RawClient.Response response = client.readResponse("GET");
            if (response.status() != 200) {
                throw new IOException(path + " answered " + response.status() + " " + response.text());
            }
            return response.text();
        }
    }

    /** Requests in flight, the sum over all instances. */
    int inFlight() throws IOException {
        Matcher counts = Pattern.compile("\"inFlight\"\\s*:\\s*(\\d+)").matcher(admin("/api/instances"));
        int sum = 0;
        while (counts.find()) {
            sum += Integer.parseInt(counts.group(1));
        }
        return sum;
    }

    @Override
    public void close() {
        process.close();
    }
}
