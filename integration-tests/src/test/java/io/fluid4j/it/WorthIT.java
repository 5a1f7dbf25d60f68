/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a shared instance is worth for requests that wait, and what a server that stops still does for those it answered. */
@Timeout(150)
class WorthIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int AT_ONCE = 20;
    private static final int PENDING = 100;

    /** The sample: 2 s of which 50 ms are work, 20 at once, on a server of 2 GiB. */
    @Test
    void requestsThatWaitCostATenthOfWhatOneInstanceEachWouldCost() throws Exception {
        Environment environment = Environment.TOMCAT_11;
        try (RouterServer router = RouterServer.start("worth-router", "-Xmx64m", "");
                Server server = Fleet.start(
                        environment.distribution(),
                        "worth",
                        "-Xmx2g",
                        router.instanceProperties("worth"),
                        base -> Fleet.deploySample(environment, base, "sample"),
                        List.of(environment))) {
            router.awaitInstance("/sample/io?millis=1");
            // Usage is written off the request's path, a moment later.
            JsonNode before = await().atMost(LIMIT)
                    .until(
                            () -> usage(router).path("rows").path(0),
                            row -> row.path("requests").asInt() > 0);
            ask(router, "/sample/io?millis=1950&cpuMillis=50");
            int had = before.path("requests").asInt();
            double busyGbSeconds = 2 * 1.95; // 2 GiB, while all of them waited
            JsonNode after = await().atMost(LIMIT)
                    .until(
                            () -> usage(router),
                            usage -> usage.path("rows").path(0).path("requests").asInt() == had + AT_ONCE
                                    && usage.path("rows")
                                                    .path(0)
                                                    .path("memoryGbSeconds")
                                                    .asDouble()
                                            > before.path("memoryGbSeconds").asDouble() + busyGbSeconds * 0.99);
            Files.writeString(Build.target().resolve("worth.txt"), table(router), StandardCharsets.UTF_8);
            assertThat(after.path("rows").path(0).path("wallSeconds").asDouble())
                    .isGreaterThan(AT_ONCE * 1.95);
            List<JsonNode> others = new ArrayList<>();
            for (JsonNode model : after.path("models")) {
                if (model.path("model").asText().startsWith("lambda")) {
                    others.add(model);
                }
            }
            assertThat(others).isNotEmpty();
            assertThat(others)
                    .allSatisfy(model -> assertThat(model.path("savedPercent").asDouble())
                            .as("%s", after)
                            .isGreaterThanOrEqualTo(90));
            assertThat(server.process().alive()).isTrue();
        }
    }

    private static JsonNode usage(RouterServer router) throws IOException {
        return JSON.readTree(router.admin("/api/usage?by=function"));
    }

    /** As an operator sees it. */
    private static String table(RouterServer router) {
        Path folder = Build.work("worth-cli");
        List<String> said = ServerProcess.run(
                "fluid usage",
                List.of(
                        "bash",
                        Delivery.home().resolve("bin/fluid").toString(),
                        "usage",
                        "--by",
                        "function",
                        "--admin",
                        "http://127.0.0.1:" + router.adminPort()),
                folder,
                Map.of("JAVA_HOME", Build.java().getParent().getParent().toString()),
                folder.resolve("console.log"));
        return String.join("\n", said) + "\n";
    }

    private static void ask(RouterServer router, String target) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                answers.add(clients.submit(() -> {
                    try (RawClient client = RawClient.connect(router.httpPort()).patience(LIMIT)) {
                        client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
                        return client.readResponse("GET").status();
                    }
                }));
            }
            for (Future<Integer> answer : answers) {
                assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo(200);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    /** They cannot end before the server has been told to stop: they wait for a file. */
    @ParameterizedTest
    @EnumSource(
            value = Environment.class,
            names = {"TOMCAT_11", "JETTY_12_1_EE11"})
    void aServerThatIsToldToStopFinishesAHundredTasksBehindResponses(Environment environment) throws Exception {
        Path folder = Build.work("pending-" + environment.id());
        try (Pair pair = Pair.start("pending", environment, "-Xmx64m", "", "-Xmx256m")) {
            for (int i = 0; i < PENDING; i++) {
                try (RawClient client =
                        pair.send("GET", "/meter/pending?millis=0&key=task" + i + "&folder=" + folder)) {
                    Response response = client.readResponse("GET");
                    assertThat(response.text()).isEqualTo("before");
                }
            }
            assertThat(done(folder)).isZero();
            pair.server().process().terminate();
            await().atMost(LIMIT).until(() -> InstanceView.of(pair.router()).stream()
                    .noneMatch(instance -> instance.state().equals("active")));
            assertThat(pair.server().process().alive()).as("waits for them").isTrue();
            assertThat(done(folder)).isZero();
            Files.createFile(folder.resolve("go"));
            pair.server().process().awaitExit(LIMIT);
            assertThat(done(folder)).isEqualTo(PENDING);
        }
    }

    private static long done(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("task"))
                    .count();
        }
    }
}
