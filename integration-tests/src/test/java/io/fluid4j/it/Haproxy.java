/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A real HAProxy before routers, which it asks {@code /readyz} of and nothing else. */
record Haproxy(ServerProcess process, int port) implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/haproxy");
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    static boolean installed() {
        return Files.isExecutable(PROGRAM);
    }

    static Haproxy before(String name, List<RouterServer> routers) {
        int port = Build.freePort();
        StringBuilder servers = new StringBuilder();
        for (RouterServer router : routers) {
            servers.append("  server r%d 127.0.0.1:%d check port %d inter 200ms fall 2 rise 1\n"
                    .formatted(router.httpPort(), router.httpPort(), router.adminPort()));
        }
        Path folder = Build.work(name);
        Path file = folder.resolve("haproxy.cfg");
        Build.write(file, """
                global
                  maxconn 4000
                  nbthread 1
                defaults
                  mode http
                  timeout connect 10s
                  timeout check 5s
                  timeout client 90s
                  timeout server 90s
                frontend clients
                  bind 127.0.0.1:%d
                  stats enable
                  stats uri /haproxy
                  default_backend routers
                backend routers
                  balance roundrobin
                  option httpchk GET /readyz
                %s""".formatted(port, servers));
        ServerProcess process = ServerProcess.start(
                name,
                List.of(PROGRAM.toString(), "-db", "-f", file.toString()),
                folder,
                Map.of(),
                folder.resolve("console.log"));
        Haproxy proxy = new Haproxy(process, port);
        boolean started = false;
        try {
            await().atMost(START_LIMIT)
                    .failFast("HAProxy has ended", () -> !process.alive())
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> {
                        RawClient.connect(port).close();
                        return true;
                    });
            started = true;
            return proxy;
        } finally {
            if (!started) {
                process.close();
            }
        }
    }

    /** Whether it sends requests to a router. */
    boolean uses(RouterServer router) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET /haproxy;csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return client.readResponse("GET")
                    .text()
                    .lines()
                    .anyMatch(line -> line.startsWith("routers,r" + router.httpPort() + ",") && line.contains(",UP,"));
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
