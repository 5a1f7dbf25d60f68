/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.battery.Pattern;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Much at once through one tunnel to one instance. The heaps are small, so that what grows with the load ends the
 * process: that of the router is {@value #ROUTER_HEAP}, that of the instance {@value #INSTANCE_HEAP}.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Environment.class,
        names = {"JETTY_12_1_EE10"})
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class LoadIT {

    static final String ROUTER_HEAP = "-Xmx64m";
    static final String INSTANCE_HEAP = "-Xmx128m";

    private static final int MANY = 2_000;
    private static final long GIGABYTE = 1L << 30;

    private static Environment running;
    private static RouterServer router;
    private static Server server;

    @Parameter
    Environment environment;

    private static void start(Environment environment) {
        if (environment == running) {
            return;
        }
        stop();
        router =
                RouterServer.start("load-router-" + environment.id(), ROUTER_HEAP + " -XX:+ExitOnOutOfMemoryError", "");
        // What these tests are about is not what an instance refuses under load.
        server = Fleet.startAlone(
                environment,
                "load-" + environment.id(),
                INSTANCE_HEAP,
                router.instanceProperties("load") + "fluid.max-concurrency=10000\nfluid.admission.scheduler-lag=off\n"
                        + "fluid.admission.queue-delay=30s\nfluid.admission.heap=off\nfluid.admission.memory=off\n"
                        + "fluid.admission.gc-time=off\nfluid.admission.direct-memory=off\n"
                        + "fluid.admission.timeouts=off\n");
        router.awaitInstance(environment.contextPath() + "/response/plain");
        running = environment;
    }

    @BeforeAll
    static void nothingRuns() {
        running = null;
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
            server = null;
        }
        if (router != null) {
            router.close();
            router = null;
        }
        running = null;
    }

    private static String freshKey() {
        return "k" + UUID.randomUUID().toString().replace("-", "");
    }

    private RawClient send(String method, String target, String... fields) throws IOException {
        RawClient client = RawClient.connect(router.httpPort());
        client.send(head(method, target, fields));
        return client;
    }

    private String head(String method, String target, String... fields) {
        return method + " " + environment.contextPath() + target + " HTTP/1.1\r\nHost: localhost\r\n"
                + Arrays.stream(fields).map(field -> field + "\r\n").reduce("", String::concat) + "\r\n";
    }

    /** By the server's own port, so that it does not depend on what is tested. */
    private String own(String target) throws IOException {
        try (RawClient client = RawClient.connect(server.httpPort())) {
            client.send(head("GET", target));
            return client.readResponse("GET").text();
        }
    }

    @Test
    @Order(1)
    void twoThousandRequestsInFlight() throws IOException {
        start(environment);
        String key = freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(send("GET", "/async/hold?key=" + key));
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> router.inFlight() >= MANY);
            own("/rendezvous/leave?key=" + key);
            for (RawClient client : clients) {
                Response response = client.readResponse("GET");
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.text()).isEqualTo("released");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> router.inFlight() == 0);
        } finally {
            closeAll(clients);
        }
    }

    @Test
    @Order(2)
    void twoThousandEventStreamsOpen() throws IOException {
        start(environment);
        String key = freshKey();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                clients.add(send("GET", "/async/events?key=" + key));
            }
            for (RawClient client : clients) {
                assertThat(client.readHead("GET").status()).isEqualTo(200);
                assertThat(client.readUntil("\n\n")).isEqualTo("data: first\n\n");
            }
            assertThat(router.inFlight()).isEqualTo(MANY);
            own("/rendezvous/leave?key=" + key);
            for (RawClient client : clients) {
                assertThat(client.readUntil("\n\n")).isEqualTo("data: last\n\n");
                assertThat(client.readBody()).isEmpty();
            }
        } finally {
            closeAll(clients);
        }
    }

    @Test
    @Order(3)
    void oneGibibyteDown() throws IOException {
        start(environment);
        try (RawClient client = send("GET", "/download?bytes=" + GIGABYTE)) {
            assertThat(client.readHead("GET").status()).isEqualTo(200);
            long at = 0;
            for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
                if (some[0] != Pattern.at(at)) {
                    throw new AssertionError("wrong octet at " + at);
                }
                at += some.length;
            }
            assertThat(at).isEqualTo(GIGABYTE);
        }
        assertThat(router.process().alive()).isTrue();
    }

    @Test
    @Order(4)
    void oneGibibyteUp() throws IOException {
        start(environment);
        try (RawClient client = send("POST", "/upload", "Content-Length: " + GIGABYTE)) {
            byte[] buffer = new byte[256 * 1024];
            for (long at = 0; at < GIGABYTE; at += buffer.length) {
                Pattern.fill(buffer, buffer.length, at);
                client.send(buffer);
            }
            assertThat(client.readResponse("POST").text()).isEqualTo("read " + GIGABYTE);
        }
        assertThat(router.process().alive()).isTrue();
    }

    private static void closeAll(List<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
    }
}
