/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.UUID;

/** One router and one server with the battery's application, each a process of its own, and one tunnel between them. */
record Pair(Environment environment, RouterServer router, Server server) implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(90);

    /** A machine that is busy must not look like a peer that is gone, nor is what an instance on it refuses the point. */
    private static final String PATIENT_PINGS = "fluid.tunnel.ping-interval=20s\n";

    private static final String NEVER_REFUSES =
            "fluid.max-concurrency=10000\nfluid.admission.scheduler-lag=off\nfluid.admission.queue-delay=off\n"
                    + "fluid.admission.heap=off\nfluid.admission.memory=off\nfluid.admission.gc-time=off\n"
                    + "fluid.admission.direct-memory=off\nfluid.admission.cpu-throttled=off\n"
                    + "fluid.admission.timeouts=off\nfluid.admission.errors=off\n";

    /** @param routerProperties more lines of the router's configuration */
    static Pair start(
            String name, Environment environment, String routerOptions, String routerProperties, String heap) {
        RouterServer router = RouterServer.start(
                name + "-router-" + environment.id(), routerOptions, routerProperties + PATIENT_PINGS);
        Server server = null;
        try {
            server = Fleet.startAlone(
                    environment,
                    name + "-" + environment.id(),
                    heap,
                    router.instanceProperties(name) + PATIENT_PINGS + NEVER_REFUSES);
            router.awaitInstance(environment.contextPath() + "/response/plain");
            return new Pair(environment, router, server);
        } catch (RuntimeException e) {
            if (server != null) {
                server.close();
            }
            router.close();
            throw e;
        }
    }

    static String freshKey() {
        return "k" + UUID.randomUUID().toString().replace("-", "");
    }

    RawClient client() throws IOException {
        return RawClient.connect(router.httpPort()).patience(PATIENCE);
    }

    RawClient send(String method, String target, String... fields) throws IOException {
        RawClient client = client();
        client.send(head(method, target, fields));
        return client;
    }

    String head(String method, String target, String... fields) {
        return method + " " + environment.contextPath() + target + " HTTP/1.1\r\nHost: localhost\r\n"
                + Arrays.stream(fields).map(field -> field + "\r\n").reduce("", String::concat) + "\r\n";
    }

    /** By the server's own port, so that it does not depend on what is tested. */
    String own(String target) throws IOException {
        try (RawClient client = RawClient.connect(server.httpPort()).patience(PATIENCE)) {
            client.send(head("GET", target));
            return client.readResponse("GET").text();
        }
    }

    /** The value of a metric of the router, the sum over its labels. */
    long metric(String name) throws IOException {
        return metric(name, "");
    }

    /** The sum over those that have this label. */
    long metric(String name, String label) throws IOException {
        return router.admin("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .filter(line -> line.contains(label))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    void awaitNothingInFlight() {
        await().atMost(PATIENCE).until(() -> router.inFlight() == 0);
    }

    void assertBothAlive() {
        assertThat(router.process().alive()).as("router").isTrue();
        assertThat(server.process().alive()).as("instance").isTrue();
    }

    static void closeAll(Collection<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
    }

    @Override
    public void close() {
        server.close();
        router.close();
    }
}
