/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client's trace goes on through a router and a server, with OpenTelemetry's jars beside Fluid4J and without. */
@Timeout(200)
class TracesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SENT = "00-" + TRACE + "-b7ad6b7169203331-01";

    /** As an operator switches it on; spans are written to the log as soon as they end. */
    private static final List<String> OPTIONS = List.of(
            "-Dotel.java.global-autoconfigure.enabled=true",
            "-Dotel.traces.exporter=logging",
            "-Dotel.metrics.exporter=none",
            "-Dotel.logs.exporter=none",
            "-Dotel.bsp.schedule.delay=100");

    @ParameterizedTest
    @EnumSource(
            value = Environment.class,
            names = {"TOMCAT_11", "JETTY_12_1_EE11"})
    void spansOfRouterAndInstanceLieBetweenTheClientAndTheApplication(Environment environment) throws IOException {
        String name = "traces-" + environment.id();
        Path jars = Build.target().resolve("opentelemetry");
        Path delivery = Build.work(name + "-delivery");
        Build.copyTree(Delivery.home(), delivery);
        Build.copyTree(jars, delivery.resolve("plugins"));
        try (RouterServer router =
                        RouterServer.start(delivery, name + "-router", "-Xmx128m " + String.join(" ", OPTIONS), "");
                Server server = server(environment, name, jars, router.instanceProperties("traced"))) {
            String path = "/" + environment.id() + "/info/a";
            router.awaitInstance(path);
            Response response = ask(router.httpPort(), path);
            assertThat(response.status()).isEqualTo(200);
            String seen = response.value("header.traceparent");
            String ofInstance = spanId(seen);

            String routers = explained(router, response);
            assertThat(routers).isNotEqualTo(SENT);
            String ofRouter = spanId(routers);
            assertThat(ofRouter).isNotEqualTo(ofInstance);
            router.process().awaitLine(logged(ofRouter), PATIENCE);
            server.process().awaitLine(logged(ofInstance), PATIENCE);
        }
    }

    @Test
    void withoutOpenTelemetryTheClientsWordReachesTheApplication() throws IOException {
        Environment environment = Environment.TOMCAT_11;
        try (RouterServer router = RouterServer.start("traces-without-router", "-Xmx128m", "");
                Server server = Fleet.startAlone(
                        environment, "traces-without", "-Xmx256m", router.instanceProperties("plain"))) {
            String path = "/" + environment.id() + "/info/a";
            router.awaitInstance(path);
            Response response = ask(router.httpPort(), path);
            assertThat(response.value("header.traceparent")).isEqualTo(SENT);
            assertThat(explained(router, response)).isEqualTo(SENT);
            assertThat(server.process().alive()).isTrue();
        }
    }

    private static Server server(Environment environment, String name, Path jars, String properties) {
        if (environment.tomcat()) {
            return TomcatServer.start(
                    environment.distribution(), name, "-Xmx256m " + String.join(" ", OPTIONS), base -> {
                        Fleet.deploy(environment, base, environment.id(), BatteryWar.Api.NONE);
                        Build.copyTree(jars, base.resolve("lib"));
                        Delivery.installInTomcat(base, properties);
                    });
        }
        List<String> modules = List.of("http", "requestlog", "fluid", environment.servlets() + "-deploy");
        return JettyServer.start(environment.distribution(), name, OPTIONS, modules, base -> {
            Fleet.deploy(environment, base, environment.id(), BatteryWar.Api.NONE);
            Delivery.installInJetty(base, properties);
            Build.copyTree(jars, base.resolve("lib/fluid"));
        });
    }

    private static Response ask(int port, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\ntraceparent: " + SENT + "\r\n\r\n");
            return client.readResponse("GET");
        }
    }

    private static String explained(RouterServer router, Response response) throws IOException {
        String story = router.admin("/api/requests/" + response.first("fluid-request-id"));
        Matcher found = Pattern.compile("\"traceparent\"\\s*:\\s*\"([^\"]*)\"").matcher(story);
        assertThat(found.find()).as(story).isTrue();
        return found.group(1);
    }

    private static String spanId(String traceParent) {
        assertThat(traceParent).matches("00-" + TRACE + "-[0-9a-f]{16}-01");
        return traceParent.substring(36, 52);
    }

    /** As OpenTelemetry's logging exporter writes a server's span. */
    private static Pattern logged(String spanId) {
        return Pattern.compile("'GET' : " + TRACE + " " + spanId + " SERVER");
    }
}
