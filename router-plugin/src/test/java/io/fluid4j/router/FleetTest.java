/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a router registers, and what it sees of the others. */
@Timeout(120)
class FleetTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    @Test
    void aRouterAloneKnowsWhatItHolds() throws Exception {
        try (Router router =
                Router.create(RequestPathTest.config("fluid.router.id", "r1")).start()) {
            ScriptedInstance instance = new ScriptedInstance(
                            router.tunnelPort(), "shop", "v42", call -> call.answer(200, "hello"))
                    .connected();
            Resolver resolver = router.resolver();
            await().atMost(PATIENCE).until(() -> resolver.lookup("shop") != null);
            Registration shop = resolver.lookup("shop").routes().get(0).registration();
            assertThat(shop.router().router()).isEqualTo("r1");
            assertThat(shop.router().http()).endsWith(":" + router.httpPort());
            assertThat(shop.router().tunnel()).isEqualTo("tcp://127.0.0.1:" + router.tunnelPort());
            assertThat(shop.deployments()).singleElement().satisfies(holding -> {
                assertThat(holding.deployment()).isEqualTo("v42");
                assertThat(holding.tunnels()).isEqualTo(1);
            });
            await().atMost(PATIENCE)
                    .until(() -> resolver.lookup("shop")
                                    .routes()
                                    .get(0)
                                    .registration()
                                    .capacity()
                            > 0);
            instance.close();
            await().atMost(PATIENCE).until(() -> resolver.lookup("shop") == null);
        }
    }

    @Test
    void routersSeeEachOtherThroughAResolver() throws Exception {
        try (ResolverServer server = ResolverServer.create(Config.builder()
                        .role(Role.RESOLVER)
                        .noDefaultFiles()
                        .environment(Map.of())
                        .explicit(Map.of(
                                "fluid.resolver.dns.port", "off",
                                "fluid.resolver.http.port", "0",
                                "fluid.resolver.token", "a-token-of-some-length"))
                        .build())
                .start()) {
            String url = "http://127.0.0.1:" + server.httpPort();
            Router one = router("one", "a", url);
            Router two = router("two", "b", url);
            // They know each other before they hold anything.
            for (Router router : List.of(one, two)) {
                await().atMost(PATIENCE)
                        .until(() -> router.resolver().routers().size() == 2
                                && router.resolver().routers().get(0).tier() == 0);
            }
            for (Router router : List.of(one, two)) {
                opened.add(new ScriptedInstance(router.tunnelPort(), "shop", call -> {}).connected());
            }
            for (Router router : List.of(one, two)) {
                await().atMost(PATIENCE).until(() -> {
                    Resolution shop = router.resolver().lookup("shop");
                    return shop != null
                            && shop.routes().size() == 2
                            && shop.routes().get(0).tier() == 0
                            && shop.routes().get(1).tier() == 1
                            && shop.routes()
                                    .get(0)
                                    .registration()
                                    .router()
                                    .router()
                                    .equals(router.id());
                });
            }
            // One that stops withdraws at once, long before its time to live has passed.
            one.close();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                Resolution shop = two.resolver().lookup("shop");
                return shop != null && shop.routes().size() == 1;
            });
            assertThat(server.resolver().lookup("shop").routes()).hasSize(1);
        }
    }

    private Router router(String id, String zone, String resolver) throws Exception {
        Router router = Router.create(RequestPathTest.config(
                        "fluid.router.id", id,
                        "fluid.zone", zone,
                        "fluid.resolver.urls", resolver,
                        "fluid.resolver.token", "a-token-of-some-length"))
                .start();
        opened.add(router);
        return router;
    }
}
