/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A resolver in a process of its own, started by the {@code fluid} command of the delivery; records in memory, no DNS. */
record ResolverProcess(ServerProcess process, int port) implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Pattern STARTED = Pattern.compile("resolver: dns off, http \\d+");

    static ResolverProcess start(String name, int port) {
        Path folder = Build.work(name);
        Path file = folder.resolve("resolver.properties");
        Build.write(file, "fluid.resolver.dns.port=off\nfluid.resolver.http.port=" + port + "\n");
        ServerProcess process = ServerProcess.start(
                name,
                List.of(
                        "bash",
                        Delivery.home().resolve("bin/fluid").toString(),
                        "resolver",
                        "--config",
                        file.toString()),
                folder,
                Map.of("JAVA_HOME", Build.java().getParent().getParent().toString(), "JAVA_OPTS", "-Xmx96m"),
                folder.resolve("console.log"));
        try {
            process.awaitLine(STARTED, START_LIMIT);
            return new ResolverProcess(process, port);
        } catch (IllegalStateException e) {
            process.close();
            throw e;
        }
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.close();
    }
}
