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
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The servers of a test run: each distribution once, an instance of the function of its own name, and one router for
 * them all. Everything is started when first asked for. Thread-safe.
 */
final class Fleet implements AutoCloseable {

    private static final String HEAP = "-Xmx256m";

    private final String suffix;
    private final Path java;
    private final boolean virtualThreads;
    private final Map<Distribution, Server> servers = new EnumMap<>(Distribution.class);
    private @Nullable Certificates certificates;
    private @Nullable RouterServer router;
    private @Nullable RuntimeException failure;

    /** As the tests' own Java is; applications run on the servers' pools. */
    Fleet() {
        this("", Build.java(), false);
    }

    private Fleet(String suffix, Path java, boolean virtualThreads) {
        this.suffix = suffix;
        this.java = java;
        this.virtualThreads = virtualThreads;
    }

    /** Each server as its maker lets applications run on virtual threads. */
    static Fleet onVirtualThreads(Path java) {
        return new Fleet("-virtual", java, true);
    }

    synchronized Certificates certificates() {
        if (certificates == null) {
            certificates = Certificates.make();
        }
        return certificates;
    }

    synchronized RouterServer router() {
        if (router == null) {
            router = trying(() -> RouterServer.start(
                    "router" + suffix, HEAP, routes() + certificates().routerProperties()));
        }
        return router;
    }

    /** What could not be started once is not tried again by each test. */
    private <T> T trying(Supplier<T> start) {
        if (failure != null) {
            throw new IllegalStateException("a server did not start before", failure);
        }
        try {
            return start.get();
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    synchronized Server server(Distribution distribution) {
        Server server = servers.get(distribution);
        if (server == null) {
            server = trying(() -> start(distribution));
            servers.put(distribution, server);
            trying(() -> {
                environments(distribution)
                        .forEach(environment -> router().awaitInstance(environment.contextPath() + "/response/plain"));
                return "";
            });
        }
        return server;
    }

    int port(Environment environment, Way way) {
        Server server = server(environment.distribution());
        return way == Way.DIRECT ? server.httpPort() : router().httpPort();
    }

    static String function(Distribution distribution) {
        return distribution.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A route for each environment: the path of its application. */
    private static String routes() {
        StringBuilder routes = new StringBuilder();
        for (Environment environment : Environment.values()) {
            String route =
                    "fluid.route." + environment.name().toLowerCase(Locale.ROOT).replace('_', '-');
            routes.append(route + ".function=" + function(environment.distribution()) + "\n");
            routes.append(route + ".path=" + environment.contextPath() + "\n");
            if (environment.hasSample()) {
                routes.append(route + "-sample.function=" + function(environment.distribution()) + "\n");
                routes.append(route + "-sample.path=" + environment.samplePath() + "\n");
            }
        }
        return routes.toString();
    }

    private Server start(Distribution distribution) {
        String function = function(distribution);
        String name = function + suffix;
        List<Environment> environments = environments(distribution);
        String instance = router().instanceProperties(function);
        Consumer<Path> deploy = base -> environments.forEach(environment -> {
            deploy(environment, base, BatteryWar.Api.NONE);
            if (environment.hasSample() && !virtualThreads) {
                deploySample(environment, base, environment.samplePath().substring(1));
            }
        });
        if (!virtualThreads) {
            return start(distribution, name, HEAP, instance, deploy, environments);
        }
        if (distribution.tomcat()) {
            return TomcatServer.start(java, distribution, name, HEAP, base -> {
                deploy.accept(base);
                Delivery.installInTomcat(base, instance);
                TomcatServer.useVirtualThreads(base);
            });
        }
        List<String> modules = modules(environments);
        modules.add("threadpool-virtual");
        return JettyServer.start(java, distribution, name, List.of(HEAP), modules, base -> {
            deploy.accept(base);
            Delivery.installInJetty(base, instance);
        });
    }

    /** A server with one environment only, apart from those of the fleet. */
    static Server startAlone(Environment environment, String name, String heap, String instanceProperties) {
        return start(
                environment.distribution(),
                name,
                heap,
                instanceProperties,
                base -> deploy(environment, base, BatteryWar.Api.NONE),
                List.of(environment));
    }

    static Server start(
            Distribution distribution,
            String name,
            String heap,
            String instanceProperties,
            Consumer<Path> deploy,
            List<Environment> environments) {
        if (distribution.tomcat()) {
            return TomcatServer.start(distribution, name, heap, base -> {
                deploy.accept(base);
                Delivery.installInTomcat(base, instanceProperties);
            });
        }
        return JettyServer.start(distribution, name, List.of(heap), modules(environments), base -> {
            deploy.accept(base);
            Delivery.installInJetty(base, instanceProperties);
        });
    }

    private static List<String> modules(List<Environment> environments) {
        List<String> modules = new ArrayList<>(List.of("http", "requestlog", "fluid"));
        environments.forEach(environment -> modules.add(environment.servlets() + "-deploy"));
        return modules;
    }

    private static List<Environment> environments(Distribution distribution) {
        return Arrays.stream(Environment.values())
                .filter(environment -> environment.distribution() == distribution)
                .toList();
    }

    private static void deploy(Environment environment, Path base, BatteryWar.Api api) {
        deploy(environment, base, environment.id(), api);
    }

    /** Puts the battery's application into a base folder, under the context path of that name. */
    static void deploy(Environment environment, Path base, String context, BatteryWar.Api api) {
        Path webapps = base.resolve("webapps");
        Path war = webapps.resolve(context + ".war");
        if (environment.javax()) {
            BatteryWar.javax(war, environment.distribution().javaxServletApi(), base.resolve("work"), api);
        } else {
            BatteryWar.jakarta(war, api);
        }
        if (environment.servlets() != null) {
            Build.write(webapps.resolve(context + ".properties"), "environment=" + environment.servlets() + "\n");
        }
    }

    /** Puts the sample application into a base folder, under the context path of that name. */
    static void deploySample(Environment environment, Path base, String context) {
        Path webapps = base.resolve("webapps");
        if (environment.servlets() != null) {
            Build.write(webapps.resolve(context + ".properties"), "environment=" + environment.servlets() + "\n");
        }
        Delivery.copySample(webapps.resolve(context + ".war"));
    }

    @Override
    public synchronized void close() {
        servers.values().forEach(Server::close);
        if (router != null) {
            router.close();
        }
    }
}
