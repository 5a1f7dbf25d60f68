/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The module {@code fluid} on real distributions: how it starts, refuses to start, and stops. */
final class FluidModuleIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    static Stream<String> versions() {
        return Stream.of(JettyProcess.LINE0, JettyProcess.LINE1);
    }

    private TestRouter router;
    private JettyProcess jetty;

    @BeforeEach
    void startRouter() {
        router = new TestRouter();
    }

    @AfterEach
    void stopAll() {
        if (jetty != null) {
            jetty.close();
        }
        router.close();
    }

    @ParameterizedTest
    @MethodSource("versions")
    void badConfigurationStopsTheStartAndNamesKeyAndValue(String version) throws Exception {
        jetty = JettyProcess.prepare(version, "bad-" + version, List.of())
                .configure(
                        "fluid.function = checks",
                        "fluid.router.urls = " + router.url(),
                        "fluid.tunnel.secret = " + TestRouter.SECRET,
                        "fluid.max-concurrency = plenty",
                        "fluid.funktion = x");
        jetty.start();
        assertThat(jetty.awaitExit()).isNotZero();
        assertThat(jetty.log())
                .contains("fluid.max-concurrency")
                .contains("plenty")
                .contains("fluid.funktion")
                .doesNotContain(TestRouter.SECRET);
        assertThat(router.noTunnel()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("versions")
    void startIniWinsOverTheFileAndTermFinishesWhatRuns(String version) throws Exception {
        jetty = JettyProcess.prepare(version, "stop-" + version, List.of("ee10"))
                .configure(
                        "fluid.function = from-the-file",
                        "fluid.router.urls = " + router.url(),
                        "fluid.tunnel.secret = " + TestRouter.SECRET);
        jetty.start("fluid.function=from-the-command");
        assertThat(jetty.awaitTunnel(router).peerHello().function()).isEqualTo("from-the-command");
        assertThat(router.session().peerHello().container()).isEqualTo("jetty/" + version);

        String id = UUID.randomUUID().toString();
        Call call = router.send(Req.get("/ee10/answer/flushes?seconds=10&id=" + id));
        call.awaitReceived(7);
        // More than it needs: opened ahead, as nothing new is taken once the server stops.
        for (int i = 0; i < 4; i++) {
            router.get("/ee10/events?open=" + id);
        }
        call.awaitReceived(35);
        jetty.terminate();
        router.awaitDrain(PATIENCE);
        Call late = router.trySend(Req.get("/ee10/events?open=" + id));
        if (late != null) {
            assertThat(late.outcome()).startsWith("nack").contains("DRAINING");
        }
        assertThat(jetty.alive()).isTrue();
        // The servlet waits for a gate nobody opens; it gives up by itself after 10 s.
        call.cancel();
        assertThat(jetty.awaitExit()).isIn(0, 143);
        assertThat(jetty.log()).contains("Drained in");
    }

    @ParameterizedTest
    @MethodSource("versions")
    void requestsRunOnVirtualThreadsWhenThePoolUsesThem(String version) throws Exception {
        Assumptions.assumeTrue(feature() >= 21, "virtual threads need Java 21; run with -Dfluid.test.java");
        jetty = JettyProcess.prepare(version, "virtual-" + version, List.of("ee10"), "threadpool-virtual")
                .configure(
                        "fluid.function = checks",
                        "fluid.router.urls = " + router.url(),
                        "fluid.tunnel.secret = " + TestRouter.SECRET);
        jetty.start();
        jetty.awaitTunnel(router);
        assertThat(router.get("/ee10/facts").text().lines()).contains("virtual=true", "fluid.active=true");
    }

    private static int feature() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(System.getProperty("fluid.test.java"), "-version")
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        process.waitFor(60, TimeUnit.SECONDS);
        String version = text.split("\"")[1];
        return Integer.parseInt(version.split("[.-]")[0]);
    }
}
