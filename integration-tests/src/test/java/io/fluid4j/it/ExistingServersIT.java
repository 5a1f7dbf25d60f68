/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Servers that were there before: Jettys that serve an application of their own become routers by
 * {@code --add-modules=fluid-router}; applications are undeployed and deployed again while their servers run.
 *
 * <p>Two instances of one function, on Tomcat 11 and Jetty 12.1, dial both routers. Each has the applications
 * {@code keep}, {@code gone-tomcat11} and {@code gone-jetty12.1}.
 */
@Timeout(200)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ExistingServersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HEAP = "-Xmx192m";
    private static final Environment[] INSTANCES = {Environment.TOMCAT_11, Environment.JETTY_12_1_EE11};

    private static final Map<Distribution, JettyServer> ROUTERS = new LinkedHashMap<>();
    private static final Map<Environment, Server> SERVERS = new LinkedHashMap<>();
    private static final Map<Distribution, Integer> FRONTS = new LinkedHashMap<>();
    private static final Map<Distribution, Integer> OWN_PORTS = new LinkedHashMap<>();

    @BeforeAll
    static void start() {
        List<String> urls = new ArrayList<>();
        startRouter(Environment.JETTY_12_0_EE10, urls);
        startRouter(Environment.JETTY_12_1_EE11, urls);
        String properties = "fluid.function=shop\nfluid.router.urls=" + String.join(",", urls)
                + "\nfluid.tunnel.secret=" + Delivery.SECRET + "\n";
        for (Environment environment : INSTANCES) {
            SERVERS.put(
                    environment,
                    Fleet.start(
                            environment.distribution(),
                            "existing-" + environment.id(),
                            HEAP,
                            properties,
                            base -> {
                                Fleet.deploy(environment, base, "keep", BatteryWar.Api.NONE);
                                for (Environment each : INSTANCES) {
                                    Fleet.deploy(environment, base, gone(each), BatteryWar.Api.NONE);
                                }
                                lookOften(environment, base);
                            },
                            List.of(environment)));
        }
        await().atMost(PATIENCE).until(() -> {
            for (int front : FRONTS.values()) {
                for (Environment environment : INSTANCES) {
                    if (!answering(front, "/keep/info").contains(environment)) {
                        return false;
                    }
                }
            }
            return true;
        });
    }

    /** A Jetty with an application of its own and a port of its own, then the module. */
    private static void startRouter(Environment environment, List<String> urls) {
        String name = "existing-router-" + environment.id();
        JettyServer server = JettyServer.start(
                environment.distribution(),
                name,
                List.of(HEAP),
                List.of("http", environment.servlets() + "-deploy", "fluid-router"),
                base -> {
                    Fleet.deploy(environment, base, "own", BatteryWar.Api.OWN);
                    Delivery.installInJetty(
                            base,
                            "fluid.router.http.bind=127.0.0.1\nfluid.router.http.port=0\nfluid.router.tunnel.port=0\n"
                                    + "fluid.router.admin.port=0\nfluid.router.shutdown-delay=0\n"
                                    // Both instances are to be seen at work, the younger one too.
                                    + "fluid.router.selector=round-robin\nfluid.router.slow-start=0\n"
                                    + "fluid.tunnel.secret=" + Delivery.SECRET
                                    + "\nfluid.data-dir=" + base.resolve("data") + "\n");
                });
        ROUTERS.put(environment.distribution(), server);
        Matcher ports = server.process().awaitLine(RouterServer.STARTED, PATIENCE);
        FRONTS.put(environment.distribution(), Integer.parseInt(ports.group(1)));
        // The router's connectors are started in the same log, before the server's own.
        String others = ports.group(1) + "|" + ports.group(4);
        Matcher own = server.process()
                .awaitLine(
                        Pattern.compile(
                                "Started \\S*ServerConnector@.*\\{127\\.0\\.0\\.1:(?!(?:" + others + ")})(\\d+)}"),
                        PATIENCE);
        OWN_PORTS.put(environment.distribution(), Integer.parseInt(own.group(1)));
        urls.add("tcp://127.0.0.1:" + ports.group(3));
    }

    /** Whether an application has come or gone is what both servers look at every second. */
    private static void lookOften(Environment environment, Path base) {
        if (!environment.tomcat()) {
            Build.write(base.resolve("start.d/look.ini"), "jetty.deploy.scanInterval=1\n");
            return;
        }
        Path serverXml = base.resolve("conf/server.xml");
        try {
            Files.writeString(
                    serverXml,
                    Files.readString(serverXml).replace("<Engine ", "<Engine backgroundProcessorDelay=\"1\" "));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(Server::close);
        ROUTERS.values().forEach(JettyServer::close);
    }

    private static String gone(Environment environment) {
        return "gone-" + environment.id();
    }

    private static Response get(int port, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            return client.readResponse("GET");
        }
    }

    /** Which instances answer six requests with 200. */
    private static List<Environment> answering(int front, String target) throws IOException {
        List<Environment> answering = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Response response = get(front, target);
            if (response.status() == 200) {
                String server = response.value("server");
                answering.add(server.startsWith("Apache Tomcat") ? INSTANCES[0] : INSTANCES[1]);
            }
        }
        return answering;
    }

    @Order(1)
    @ParameterizedTest
    @EnumSource(
            value = Distribution.class,
            names = {"JETTY_12_0", "JETTY_12_1"})
    void moduleTurnsAnExistingJettyIntoARouter(Distribution distribution) throws IOException {
        int front = FRONTS.get(distribution);
        assertThat(answering(front, "/keep/info")).contains(INSTANCES).hasSize(6);
        Response response = get(front, "/keep/info/x?q=1");
        assertThat(response.value("pathInfo")).isEqualTo("/x");
        assertThat(response.value("remoteAddr")).isEqualTo("127.0.0.1");
        assertThat(response.first("fluid-request-id")).isNotNull();

        int own = OWN_PORTS.get(distribution);
        assertThat(get(own, "/own/response/plain").text()).isEqualTo("plain");
        assertThat(get(own, "/keep/info").status()).isEqualTo(404);
        assertThat(get(front, "/own/response/plain").status()).isEqualTo(404);
    }

    @Order(2)
    @Test
    void requestsForAnUndeployedApplicationGoWhereItStillIs() throws IOException {
        for (Environment environment : INSTANCES) {
            for (int front : FRONTS.values()) {
                assertThat(answering(front, "/" + gone(environment) + "/info")).contains(INSTANCES);
            }
            Path base = undeploy(environment, gone(environment));
            int front = FRONTS.values().iterator().next();
            await().atMost(PATIENCE).until(() -> {
                List<Environment> answering = answering(front, "/" + gone(environment) + "/info");
                return answering.size() == 6 && !answering.contains(environment);
            });
            assertThat(answering(front, "/keep/info")).contains(INSTANCES).hasSize(6);

            Fleet.deploy(environment, base, gone(environment), BatteryWar.Api.NONE);
            await().atMost(PATIENCE).until(() -> answering(front, "/" + gone(environment) + "/info")
                    .contains(environment));
        }
    }

    @Order(3)
    @Test
    void applicationThatIsNowhereIsNotFoundAndOthersGoOn() throws IOException {
        String target = "/" + gone(INSTANCES[0]) + "/info";
        for (Environment environment : INSTANCES) {
            undeploy(environment, gone(INSTANCES[0]));
        }
        for (int front : FRONTS.values()) {
            // The router's own answer: every instance has said that it is not deployed there.
            await().atMost(PATIENCE).until(() -> {
                Response response = get(front, target);
                return response.status() == 404 && response.text().contains("no route");
            });
            assertThat(answering(front, "/keep/info")).contains(INSTANCES).hasSize(6);
        }
    }

    private static Path undeploy(Environment environment, String context) throws IOException {
        Server server = SERVERS.get(environment);
        Path base = server instanceof TomcatServer tomcat ? tomcat.base() : ((JettyServer) server).base();
        Files.delete(base.resolve("webapps/" + context + ".war"));
        Files.deleteIfExists(base.resolve("webapps/" + context + ".properties"));
        return base;
    }
}
