/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Instances whose application does work of a known kind and records each piece of it, by id and instance, in one file
 * that outlives them all. Used by one test thread.
 */
final class Workers implements AutoCloseable {

    /** What an instance on a busy machine refuses is another test's matter. */
    static final String UNDAUNTED =
            "fluid.admission.scheduler-lag=off\nfluid.admission.cpu-throttled=off\nfluid.admission.gc-time=off\n"
                    + "fluid.admission.queue-delay=off\n";

    private static final long START_SECONDS = 150;

    private final String prefix;
    private final Path ledger;
    private final Map<String, Server> servers = new LinkedHashMap<>();
    private final Map<String, Integer> boots = new HashMap<>();

    /** @param prefix of the names of their folders */
    Workers(String prefix) {
        this.prefix = prefix;
        this.ledger = Build.work(prefix + "-ledger").resolve("ledger");
    }

    /** What starting an instance needs. */
    record Plan(String name, Environment environment, String properties, List<String> jvmOptions) {
        static Plan of(String name, Environment environment, String properties, String... jvmOptions) {
            return new Plan(name, environment, properties, List.of(jvmOptions));
        }
    }

    /** Starts them side by side; returns when all have started. */
    void start(Plan... plans) throws Exception {
        Map<String, CompletableFuture<Server>> starts = new LinkedHashMap<>();
        for (Plan plan : plans) {
            int boot = boots.merge(plan.name, 1, Integer::sum);
            starts.put(plan.name, CompletableFuture.supplyAsync(() -> boot(plan, boot)));
        }
        for (Map.Entry<String, CompletableFuture<Server>> start : starts.entrySet()) {
            servers.put(start.getKey(), start.getValue().get(START_SECONDS, TimeUnit.SECONDS));
        }
    }

    private Server boot(Plan plan, int boot) {
        List<String> options = new ArrayList<>(List.of(
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dwork.ledger=" + ledger,
                "-Dwork.name=" + plan.name));
        options.addAll(plan.jvmOptions);
        String name = prefix + "-" + plan.name + "-" + boot;
        Distribution distribution = plan.environment.distribution();
        if (distribution.tomcat()) {
            return TomcatServer.start(distribution, name, String.join(" ", options), base -> {
                Fleet.deploy(plan.environment, base, "app", BatteryWar.Api.NONE);
                Delivery.installInTomcat(base, plan.properties);
            });
        }
        return JettyServer.start(
                distribution,
                name,
                options,
                List.of("http", plan.environment.servlets() + "-deploy", "fluid"),
                base -> {
                    Fleet.deploy(plan.environment, base, "app", BatteryWar.Api.NONE);
                    Delivery.installInJetty(base, plan.properties);
                });
    }

    Server server(String name) {
        return servers.get(name);
    }

    /** By the server's own port, so that it does not depend on what is tested. */
    void own(String name, String target) throws IOException {
        try (RawClient client = RawClient.connect(server(name).httpPort())) {
            client.send("GET /app/work" + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            int status = client.readResponse("GET").status();
            if (status != 200) {
                throw new IOException(target + " answered " + status);
            }
        }
    }

    /** Who began the work of each id, in order; more than one name: more than once. */
    Map<String, List<String>> ledger() {
        Map<String, List<String>> begun = new HashMap<>();
        try {
            for (String line : Files.exists(ledger) ? Files.readAllLines(ledger) : List.<String>of()) {
                String[] words = line.split(" ");
                begun.computeIfAbsent(words[0], id -> new ArrayList<>()).add(words[1]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return begun;
    }

    @Override
    public void close() {
        servers.values().parallelStream().forEach(Server::close);
    }
}
