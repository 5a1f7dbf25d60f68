/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command as a user meets it, against a router whose answers are those of the documented admin API. */
class CommandTest {

    private static final String INSTANCES = """
            [{"id":"i-1","function":"shop","deployment":"v42","region":"r","zone":"a","container":"tomcat/11.0.24",
              "state":"active","reasons":[],"inFlight":3,"headroom":0.75,"nacks":0,"connectedAt":"2026-01-01T00:00:00Z"},
             {"id":"instance-2","function":"shop","deployment":"v43","region":"r","zone":"b","container":"jetty/12.1.12",
              "state":"paused","reasons":["memory","heap"],"inFlight":12,"headroom":0,"nacks":7,
              "connectedAt":"2026-01-01T00:00:00Z"}]
            """;

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> tokens = new CopyOnWriteArrayList<>();
    private HttpServer router;

    @BeforeEach
    void startRouter() throws IOException {
        router = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        router.createContext("/", this::answer);
        router.start();
    }

    @AfterEach
    void stopRouter() {
        router.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        String answer = answers.get(exchange.getRequestURI().getPath());
        byte[] body = (answer == null ? "nothing here" : answer).getBytes(UTF_8);
        exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private String admin() {
        return "--admin=http://127.0.0.1:" + router.getAddress().getPort();
    }

    @Test
    void instancesAreATable() {
        answers.put("/api/instances", INSTANCES);

        assertThat(run("instances", admin())).isZero();

        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("INSTANCE    FUNCTION  DEPLOYMENT  ZONE  CONTAINER       STATE   REASONS");
        assertThat(lines.get(1)).startsWith("i-1         shop      v42         a     tomcat/11.0.24  active  -      ");
        assertThat(lines.get(2))
                .startsWith("instance-2  shop      v43         b     jetty/12.1.12   paused  memory,heap");
        assertThat(lines.get(2)).containsPattern(" 12 +0 +7 +[0-9]+d");
        assertThat(err.toString()).isEmpty();
        assertThat(requests).containsExactly("GET /api/instances");
    }

    @Test
    void jsonIsWhatTheRouterSent() throws IOException {
        answers.put("/api/instances", INSTANCES);

        assertThat(run("instances", "--json", admin())).isZero();

        JsonNode printed = AdminClient.JSON.readTree(out.toString());
        assertThat(printed).isEqualTo(AdminClient.JSON.readTree(INSTANCES));
    }

    @Test
    void functionsAreATable() {
        answers.put(
                "/api/functions",
                "[{\"name\":\"shop\",\"deployments\":[\"v42\",\"v43\"],\"instances\":2,\"inFlight\":15}]");

        assertThat(run("functions", admin())).isZero();

        assertThat(out.toString()).isEqualTo("""
                        FUNCTION  DEPLOYMENTS  INSTANCES  IN FLIGHT
                        shop      v42,v43              2         15
                        """);
    }

    @Test
    void topLooksAsOftenAsItIsTold() {
        answers.put("/api/instances", INSTANCES);

        assertThat(run("top", "--json", "--count=2", "--interval=100", admin())).isZero();

        assertThat(out.toString().lines()).hasSize(2);
        assertThat(requests).hasSize(2);
    }

    @Test
    void aDrainReportsItsResult() {
        answers.put("/api/instances/i-1/drain", "{\"id\":\"i-1\",\"drained\":true,\"finished\":3,\"cut\":0}");

        assertThat(run("drain", "i-1", "--timeout=5", admin())).isZero();

        assertThat(requests).containsExactly("POST /api/instances/i-1/drain?timeout=5s");
        assertThat(out.toString()).containsPattern("finished +3").containsPattern("cut +0");
    }

    @Test
    void anUndrainIsAsked() {
        answers.put("/api/instances/i-1/undrain", "{\"id\":\"i-1\",\"state\":\"active\"}");

        assertThat(run("undrain", "i-1", "--json", admin())).isZero();

        assertThat(requests).containsExactly("POST /api/instances/i-1/undrain");
    }

    @Test
    void aStoryIsATree() {
        answers.put(
                "/api/requests/abc",
                "{\"route\":\"shop\",\"nacks\":[{\"instance\":\"i-1\",\"reason\":\"memory\"}],\"candidates\":[]}");

        assertThat(run("explain", "abc", admin())).isZero();

        assertThat(out.toString()).isEqualTo("""
                        route       shop
                        nacks
                          - instance  i-1
                            reason    memory
                        candidates  -
                        """);
    }

    @Test
    void usageShowsRowsAndModels() {
        answers.put("/api/usage", """
                {"rows":[{"function":"shop","deployment":"v42","route":"shop","requests":10,"activeCpuSeconds":0.5,
                "memoryGbSeconds":2.0,"wallSeconds":20.25}],"processCpuSeconds":1.5,
                "overhead":{"gcCpuSeconds":0.25,"jitCpuSeconds":0.125,"tunnelCpuSeconds":0.5,"otherCpuSeconds":0.125},
                "models":[{"model":"vercel-fluid","region":"fra1","currency":"USD","cpu":0.0002456,"memory":0.0002033,
                "requests":0,"total":0.0004489,"savedPercent":0.0,"asOf":"2026-04"},{"model":"lambda-x86",
                "region":"us-east-1","currency":"USD","cpu":0,"memory":66.6668,"requests":0.2,"total":66.8668,
                "savedPercent":95.6,"asOf":"2026-02"}]}
                """);

        assertThat(run(
                        "usage",
                        "--by=route",
                        "--from=2026-01-01T00:00:00Z",
                        "--region=fra1,eu-1",
                        "--server-hour=0.09",
                        admin()))
                .isZero();

        assertThat(requests)
                .containsExactly(
                        "GET /api/usage?from=2026-01-01T00%3A00%3A00Z&by=route&region=fra1%2Ceu-1&serverHour=0.09");
        assertThat(out.toString()).isEqualTo("""
                        FUNCTION  DEPLOYMENT  ROUTE  REQUESTS  CPU S  MEMORY GB S  WALL S
                        shop      v42         shop         10  0.500            2  20.250

                        CPU of all processes: 1.500 s; of that garbage collection 0.250 s, compiling 0.125 s, tunnels 0.500 s, other 0.125 s

                        What it would have cost at list prices:
                        MODEL         REGION           CPU     MEMORY   REQUESTS      TOTAL        SAVED  AS OF
                        vercel-fluid  fra1       0.0002456  0.0002033       0.00  0.0004489  USD   0.0 %  2026-04
                        lambda-x86    us-east-1       0.00      66.67  0.2000000      66.87  USD  95.6 %  2026-02
                        """);
    }

    @Test
    void logsAreFollowedToTheEndOfTheStream() {
        answers.put(
                "/api/logs",
                "event: line\ndata: {\"time\":\"t1\",\"level\":\"info\",\"request\":\"r1\",\"logger\":\"l\",\"message\":\"m1\"}\n\n"
                        + ": keep alive\n\ndata: {\"message\":\"m2\"}\n\n");

        assertThat(run("logs", "-f", "--request=r1", admin())).isZero();

        assertThat(requests).containsExactly("GET /api/logs?request=r1&follow=true");
        assertThat(out.toString().lines()).hasSize(2);
        assertThat(out.toString()).contains("t1 info    r1 l m1").contains("m2");
    }

    @Test
    void aFunctionIsResolved() {
        answers.put(
                "/v1/functions/shop",
                "{\"name\":\"shop\",\"stale\":true,\"routers\":[{\"router\":\"r1\",\"http\":\"h:80\",\"tier\":0}]}");

        assertThat(run("resolve", "shop", admin().replace("--admin", "--resolver")))
                .isZero();

        assertThat(out.toString()).contains("may be out of date").containsPattern("r1 +h:80 +-");
    }

    @Test
    void theTokenComesFromAFile() throws IOException {
        answers.put("/api/functions", "[]");
        Path token = Files.writeString(folder.resolve("token"), "t0ken\n");

        assertThat(run("functions", "--token-file=" + token, admin())).isZero();

        assertThat(tokens).containsExactly("Bearer t0ken");
    }

    @ParameterizedTest
    @ValueSource(strings = {"usage", "logs", "functions", "instances"})
    void whatTheRouterDoesNotHaveIsAFailure(String command) {
        assertThat(run(command, admin())).isEqualTo(1);

        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .contains("fluid " + command + ": the router at")
                .contains("does not know /api/" + command);
    }

    @Test
    void anUnreachableRouterIsAFailure() throws IOException {
        // A port that is taken and that nobody listens at.
        try (Socket taken = new Socket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = taken.getLocalPort();

            assertThat(run("instances", "--admin=http://127.0.0.1:" + port)).isEqualTo(1);

            assertThat(err.toString()).contains("no router can be reached at http://127.0.0.1:" + port);
        }
    }

    @Test
    void anAnswerThatIsNoJsonIsAFailure() {
        answers.put("/api/instances", "<html>");

        assertThat(run("instances", admin())).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "drain", "config", "instances --nonsense", "usage --by=colour"})
    void wrongUsageIsTwo(String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" ", -1))).isEqualTo(2);

        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).isNotBlank();
    }

    @Test
    void aConfigurationIsExplained() throws IOException {
        Path file = Files.writeString(
                folder.resolve("f.properties"), "fluid.zone=z7\nfluid.tunnel.secret=do not show this\n");

        assertThat(run("config", "--explain", "--config", file.toString())).isZero();

        assertThat(out.toString())
                .containsPattern("fluid\\.zone +z7 +file " + file + ":1")
                .containsPattern("fluid\\.router\\.http\\.port +8080 +default")
                .doesNotContain("do not show this");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void whatWouldStopAStartIsSaid() throws IOException {
        Path file = Files.writeString(folder.resolve("f.properties"), "fluid.zone=z7\nfluid.zon=8\n");

        assertThat(run("config", "--explain", "--json", "--role=instance", "--config", file.toString()))
                .isEqualTo(1);

        assertThat(AdminClient.JSON.readTree(out.toString()).findValuesAsText("key"))
                .contains("fluid.function");
        assertThat(err.toString())
                .contains("an instance would not start: fluid.zon ")
                .contains("nearest known key: fluid.zone");
    }

    @Test
    void aRouterThatCannotStartSaysEverythingAndFails() throws IOException {
        Path file = Files.writeString(folder.resolve("f.properties"), "fluid.router.max-wait=5\n");

        assertThat(run("router", "--config", file.toString())).isEqualTo(1);

        assertThat(err.toString()).contains("fluid.router.max-wait = \"5\"").contains("fluid.tunnel.secret-file");
    }

    @Test
    void theVersionIsTheBuilds() {
        assertThat(run("--version")).isZero();

        assertThat(out.toString()).matches("Fluid4J \\d+\\.\\d+\\.\\d+\\S* on Java .*\\R");
    }

    @Test
    void helpGoesToStandardOutput() {
        assertThat(run("help", "router")).isZero();
        assertThat(run("drain", "--help")).isZero();

        assertThat(out.toString()).contains("fluid router").contains("fluid drain");
    }
}
