/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code Fluid.current()} works whether the application brings no copy of our API, the same one, or an older one; and
 * an application that brings one runs on its server's own port as outside of Fluid4J.
 */
@Timeout(200)
class ApiCopiesIT {

    @ParameterizedTest
    @EnumSource(
            value = Environment.class,
            names = {"TOMCAT_10_1", "TOMCAT_11", "JETTY_12_0_EE10", "JETTY_12_1_EE8", "JETTY_12_1_EE11"})
    void contextOfTheRequestIsFoundWhateverCopyTheApplicationBrings(Environment environment) throws IOException {
        String name = "api-" + environment.id();
        try (RouterServer router = RouterServer.start(name + "-router", "-Xmx128m", "");
                Server server = Fleet.start(
                        environment.distribution(),
                        name,
                        "-Xmx256m",
                        router.instanceProperties("copies"),
                        base -> {
                            for (BatteryWar.Api api : BatteryWar.Api.values()) {
                                Fleet.deploy(environment, base, context(api), api);
                            }
                        },
                        List.of(environment))) {
            for (BatteryWar.Api api : BatteryWar.Api.values()) {
                String path = "/" + context(api);
                router.awaitInstance(path + "/response/plain");
                String key = "k" + UUID.randomUUID();
                Response response = get(router.httpPort(), path + "/fluid?key=" + key);
                String as = environment.id() + " " + api;
                assertThat(response.status()).as(as).isEqualTo(200);
                assertThat(response.value("active")).as(as).isEqualTo("true");
                assertThat(response.value("function")).as(as).isEqualTo("copies");
                assertThat(response.value("requestId")).as(as).isEqualTo(response.first("fluid-request-id"));
                // In Jetty our API is a protected class of the server: the application's copy is not used there.
                if (environment.tomcat()) {
                    assertThat(response.value("own")).as(as).isEqualTo(api == BatteryWar.Api.NONE ? "false" : "true");
                }
                assertThat(get(router.httpPort(), path + "/rendezvous/await?key=" + key)
                                .text())
                        .as(as)
                        .isEqualTo("done");
                assertThat(get(server.httpPort(), path + "/fluid").value("active"))
                        .as(as)
                        .isEqualTo("false");
            }
        }
    }

    @Test
    void applicationWithItsOwnCopyRunsOnAServerWithoutFluid4J() throws IOException {
        try (Server server = TomcatServer.start(
                Distribution.TOMCAT_11,
                "api-without",
                "-Xmx128m",
                base -> Fleet.deploy(Environment.TOMCAT_11, base, "own", BatteryWar.Api.OWN))) {
            Response response = get(server.httpPort(), "/own/fluid");
            assertThat(response.value("active")).isEqualTo("false");
            assertThat(response.value("function")).isEmpty();
        }
    }

    private static String context(BatteryWar.Api api) {
        return api.name().toLowerCase(Locale.ROOT);
    }

    private static Response get(int port, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            return client.readResponse("GET");
        }
    }
}
