/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The servers of a test run: each distribution once, started when first asked for. Thread-safe. */
final class Fleet implements AutoCloseable {

    private static final String HEAP = "-Xmx256m";

    private final Map<Distribution, Server> servers = new EnumMap<>(Distribution.class);

    synchronized Server server(Distribution distribution) {
        return servers.computeIfAbsent(distribution, Fleet::start);
    }

    int port(Environment environment, Way way) {
        return server(environment.distribution()).httpPort();
    }

    private static Server start(Distribution distribution) {
        String name = distribution.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        if (distribution.tomcat()) {
            return TomcatServer.start(distribution, name, HEAP, base -> deploy(distribution, base));
        }
        List<String> modules = new ArrayList<>(List.of("http", "requestlog"));
        environments(distribution).forEach(environment -> modules.add(environment.servlets() + "-deploy"));
        return JettyServer.start(distribution, name, List.of(HEAP), modules, base -> deploy(distribution, base));
    }

    private static List<Environment> environments(Distribution distribution) {
        return Arrays.stream(Environment.values())
                .filter(environment -> environment.distribution() == distribution)
                .toList();
    }

    private static void deploy(Distribution distribution, Path base) {
        for (Environment environment : environments(distribution)) {
            Path webapps = base.resolve("webapps");
            Path war = webapps.resolve(environment.id() + ".war");
            if (environment.javax()) {
                BatteryWar.javax(war, distribution.javaxServletApi(), base.resolve("work"));
            } else {
                BatteryWar.jakarta(war);
            }
            if (environment.servlets() != null) {
                Build.write(
                        webapps.resolve(environment.id() + ".properties"),
                        "environment=" + environment.servlets() + "\n");
            }
        }
    }

    @Override
    public synchronized void close() {
        servers.values().forEach(Server::close);
    }
}
