/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.FrameType;
import io.fluid4j.testkit.WirePeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the plugin gets into a real server, says no to a bad configuration, and leaves. */
final class StartAndStopIT {

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void aConnectorElementIsConfigurationEnough(String line) throws Exception {
        try (RouterPeer router = new RouterPeer()) {
            Path base = base(line, "connector");
            editServer(
                    base, "</Service>", """
                    <Executor name="shared" namePrefix="shared-" maxThreads="20" minSpareThreads="2"/>
                    <Connector protocol="io.fluid4j.tomcat.FluidProtocol" executor="shared" function="%s"
                               routerUrls="%s" fluid.tunnel.secret="%s" %s/>
                    </Service>""".formatted(RouterPeer.FUNCTION, router.url(), RouterPeer.SECRET, patient()));
            try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of());
                    WirePeer peer = router.accept()) {
                assertThat(get(peer, 1, "/sync/thread")).startsWith("shared-");
                tomcat.awaitOutput("Server startup in");
                assertThat(tomcat.output().split("Fluid4J dials its routers", -1))
                        .hasSize(2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void aListenerServesAServerWithoutApplications(String line) throws Exception {
        try (RouterPeer router = new RouterPeer()) {
            Path base = base(line, "listener");
            deleteRecursively(base.resolve("webapps/ROOT"));
            editServer(
                    base,
                    "<GlobalNamingResources>",
                    "<Listener className=\"io.fluid4j.tomcat.FluidListener\"/>" + "<GlobalNamingResources>");
            ZeroEditContract.writeProperties(base, router);
            try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of());
                    WirePeer peer = router.accept()) {
                peer.get(1, "/");
                assertThat(Answer.head(peer.await(FrameType.RESPONSE_STARTED, 1))
                                .status())
                        .isEqualTo(404);
                assertThat(tomcat.output()).contains("Fluid4J dials its routers");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void theEnvironmentIsConfigurationEnough(String line) throws Exception {
        try (RouterPeer router = new RouterPeer()) {
            Path base = base(line, "environment");
            Map<String, String> environment = new HashMap<>(Map.of(
                    "FLUID_FUNCTION", RouterPeer.FUNCTION,
                    "FLUID_ROUTER_URLS", router.url(),
                    "FLUID_TUNNEL_SECRET", RouterPeer.SECRET));
            RouterPeer.PATIENT.forEach((key, value) -> environment.put(
                    key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value));
            try (TomcatProcess tomcat = TomcatProcess.start(line, base, environment);
                    WirePeer peer = router.accept()) {
                assertThat(get(peer, 1, "/sync/hello")).isEqualTo("hello");
                assertThat(tomcat.output()).doesNotContain(RouterPeer.SECRET);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void aJarWithoutConfigurationChangesNothing(String line) throws Exception {
        Path base = base(line, "unconfigured");
        try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of())) {
            tomcat.awaitOutput("Server startup in");
            assertThat(tomcat.output()).contains("Fluid4J is not configured");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void aBadValueStopsTheStart(String line) throws Exception {
        Path base = base(line, "bad-value");
        Files.writeString(base.resolve("conf/fluid.properties"), """
                fluid.function = NOT A NAME
                fluid.router.urls = tcp://127.0.0.1:1
                fluid.tunnel.secret = 0123456789abcdef
                fluid.max-concurency = 5
                """, UTF_8);
        try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of())) {
            tomcat.awaitExit();
            assertThat(tomcat.output())
                    .contains("fluid.function", "NOT A NAME", "fluid.max-concurency", "fluid.max-concurrency")
                    .doesNotContain("Server startup in");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void aBadAttributeStopsTheStartToo(String line) throws Exception {
        Path base = base(line, "bad-attribute");
        editServer(
                base,
                "</Service>",
                "<Connector protocol=\"io.fluid4j.tomcat.FluidProtocol\" function=\"probe\" routerUrl=\"tcp://a:1\"/>"
                        + "</Service>");
        try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of())) {
            tomcat.awaitExit();
            assertThat(tomcat.output())
                    .contains("fluid.routerUrl", "fluid.router.urls")
                    .doesNotContain("Server startup in", "NullPointerException");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tomcat10", "tomcat11"})
    void sigtermDrainsBeforeTheApplicationsStop(String line) throws Exception {
        try (RouterPeer router = new RouterPeer()) {
            Path base = base(line, "sigterm");
            ZeroEditContract.writeProperties(base, router);
            try (TomcatProcess tomcat = TomcatProcess.start(line, base, Map.of());
                    WirePeer peer = router.accept()) {
                peer.request(1, TomcatContract.head("POST", "/sync/pingpong", -1), false);
                peer.await(FrameType.RESPONSE_STARTED, 1);
                tomcat.terminate();
                peer.await(FrameType.DRAIN);
                // What runs goes on; what comes now is refused.
                peer.get(2, "/sync/hello");
                peer.await(FrameType.NACK, 2);
                peer.body(FrameType.REQUEST_BODY, 1, new byte[] {'x'});
                assertThat(peer.await(FrameType.RESPONSE_BODY, 1).payload()).containsExactly('x');
                peer.encode(buffer -> io.fluid4j.frame.FrameWriter.requestEnd(buffer, 1, null));
                peer.await(FrameType.RESPONSE_END, 1);
                peer.awaitEnd();
                assertThat(tomcat.awaitExit()).isIn(0, 143);
                assertThat(tomcat.output()).contains("Fluid4J drained").doesNotContain("SEVERE");
            }
        }
    }

    /** {@link RouterPeer#PATIENT} as attributes. */
    private static String patient() {
        return RouterPeer.PATIENT.entrySet().stream()
                .map(entry -> entry.getKey() + "=\"" + entry.getValue() + "\"")
                .collect(Collectors.joining(" "));
    }

    private static Path base(String line, String name) throws IOException {
        Path base = TomcatProcess.base(line, name);
        Files.deleteIfExists(base.resolve("conf/fluid.properties"));
        return base;
    }

    private static void editServer(Path base, String what, String by) throws IOException {
        Path file = base.resolve("conf/server.xml");
        String before = Files.readString(file, UTF_8);
        assertThat(before).contains(what);
        Files.writeString(file, before.replace(what, by), UTF_8);
    }

    private static String get(WirePeer peer, int stream, String path) throws IOException {
        peer.get(stream, path);
        peer.await(FrameType.RESPONSE_STARTED, stream);
        return new String(peer.awaitBody(stream), UTF_8);
    }

    private static void deleteRecursively(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
