/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.instance.Exchange;
import io.fluid4j.instance.ExchangeScope;
import io.fluid4j.instance.InstanceRuntime;
import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.tunnel.InboundStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instances, routers and a resolver as in earnest, in one process: the instances dial where the resolver places them. */
@Timeout(300)
class PlacedInstancesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TOKEN = "a-token-of-some-length";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, Router> routers = new LinkedHashMap<>();
    private final ExecutorService pool = Executors.newCachedThreadPool();
    private ResolverServer resolver;

    @BeforeEach
    void open() throws Exception {
        resolver = resolver(0);
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        pool.shutdownNow();
    }

    private ResolverServer resolver(int port) throws Exception {
        ResolverServer started = ResolverServer.create(Config.builder()
                        .role(Role.RESOLVER)
                        .noDefaultFiles()
                        .environment(Map.of())
                        .explicit(Map.of(
                                "fluid.resolver.dns.port",
                                "off",
                                "fluid.resolver.http.port",
                                String.valueOf(port),
                                "fluid.resolver.token",
                                TOKEN))
                        .build())
                .start();
        opened.add(started);
        return started;
    }

    private void router(String id, String region, String zone) throws Exception {
        Router router = Router.create(RequestPathTest.config(
                        "fluid.router.id",
                        id,
                        "fluid.region",
                        region,
                        "fluid.zone",
                        zone,
                        "fluid.router.peer-secret",
                        "a secret between routers",
                        "fluid.router.max-wait",
                        "8s",
                        "fluid.route.shop.function",
                        "shop",
                        "fluid.route.shop.path",
                        "/",
                        "fluid.resolver.urls",
                        "http://127.0.0.1:" + resolver.httpPort(),
                        "fluid.resolver.token",
                        TOKEN))
                .start();
        opened.add(router);
        router.context().maxDialNanos(PATIENCE.toNanos());
        routers.put(id, router);
        await().atMost(PATIENCE).until(() -> resolver.resolver().routers().stream()
                .anyMatch(route -> route.registration().router().router().equals(id)));
    }

    private InstanceRuntime instance(String region, String zone) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "fluid.function",
                "shop",
                "fluid.region",
                region,
                "fluid.zone",
                zone,
                "fluid.tunnel.secret",
                ScriptedInstance.SECRET,
                "fluid.resolver.urls",
                "http://127.0.0.1:" + resolver.httpPort(),
                "fluid.resolver.token",
                TOKEN));
        // What the machine is busy with is not what is tested.
        for (String signal : List.of("scheduler-lag", "queue-delay", "cpu-throttled", "gc-time", "memory")) {
            settings.put("fluid.admission." + signal, "off");
        }
        InstanceRuntime instance = InstanceRuntime.builder()
                .config(Config.builder()
                        .role(Role.INSTANCE)
                        .explicit(settings)
                        .environment(Map.of())
                        .systemProperties(new Properties())
                        .noDefaultFiles()
                        .build())
                .loader(getClass().getClassLoader())
                .container("test/1")
                .containerExecutor(pool)
                .exchanges((stream, head, scope) -> new Hello(stream, scope))
                .build();
        opened.add(instance);
        instance.start();
        return instance;
    }

    /** Answers at once. */
    private record Hello(InboundStream stream, ExchangeScope scope) implements Exchange {
        @Override
        public void run() {
            scope.responseStarted(200);
            ByteBuffer octets = ByteBuffer.wrap("hello".getBytes(ISO_8859_1));
            stream.send(new HeadWriter().response(200, octets.remaining()), octets, true, null, Callback.NOOP);
            scope.completed(null);
        }

        @Override
        public void onContentAvailable() {}

        @Override
        public void onCancel(ErrorCode code, @Nullable Throwable cause) {}
    }

    /** How many instances each router has; those that have none are left out. */
    private Map<String, Integer> held() {
        Map<String, Integer> held = new TreeMap<>();
        routers.forEach((id, router) -> {
            if (router.instances() > 0) {
                held.put(id, router.instances());
            }
        });
        return held;
    }

    private void untilHeld(String what, Map<String, Integer> expected) {
        await(what).atMost(PATIENCE).untilAsserted(() -> assertThat(held()).isEqualTo(new TreeMap<>(expected)));
    }

    @Test
    void instancesOfAFunctionMeetAtTwoRoutersOfTheirRegionInDifferentZones() throws Exception {
        router("far", "there", "z0");
        for (int i = 0; i < 4; i++) {
            router("r" + i, "here", "z" + i % 2);
        }
        for (int i = 0; i < 4; i++) {
            instance("here", "z" + i % 2);
        }
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(held()).hasSize(2).doesNotContainKey("far");
            assertThat(held().values()).allMatch(count -> count == 4);
        });
        List<String> zones = resolver.resolver().lookup("shop").routes().stream()
                .map(route -> route.registration().router().zone())
                .toList();
        assertThat(zones).doesNotHaveDuplicates();
        // Whoever asks another router is served all the same.
        for (Router router : routers.values()) {
            try (RawClient client = new RawClient(router.httpPort())) {
                await().atMost(PATIENCE).until(() -> router.resolver().lookup("shop") != null);
                assertThat(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                                .answer()
                                .text())
                        .isEqualTo("hello");
            }
        }
    }

    @Test
    void whileTheResolverIsAwayAndWhenItComesBackEmptyNobodyMoves() throws Exception {
        for (int i = 0; i < 4; i++) {
            router("r" + i, "here", "z" + i);
        }
        List<InstanceRuntime> instances = List.of(instance("here", "z0"), instance("here", "z1"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(held()).hasSize(2).allSatisfy((id, count) -> assertThat(count)
                        .isEqualTo(2)));
        Map<String, Integer> before = held();
        int port = resolver.httpPort();
        long epoch = resolver.resolver().revision().epoch();
        resolver.close();

        resolver = resolver(port);
        assertThat(resolver.resolver().revision().epoch()).isNotEqualTo(epoch);
        // Routers register one after another as they find that they are forgotten; then all agree on two again.
        await().atMost(PATIENCE).until(() -> resolver.resolver().routers().size() == 4);
        await().atMost(PATIENCE)
                .until(() -> resolver.resolver().lookup("shop") != null
                        && resolver.resolver().lookup("shop").routes().size() == 2);
        assertThat(held()).isEqualTo(before);
        for (InstanceRuntime instance : instances) {
            assertThat(instance.tunnels()).isEqualTo(2);
        }
        // Whoever starts now is told the same.
        instance("here", "z3");
        before.replaceAll((id, count) -> count + 1);
        untilHeld("the newcomer meets the others", before);
    }
}
