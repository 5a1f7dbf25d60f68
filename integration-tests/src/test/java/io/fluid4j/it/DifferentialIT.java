/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.it.RawClient.Head;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Applications of others, and our sample, asked by the server's own port and through the router: the answers agree. */
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Distribution.class,
        names = {"TOMCAT_10_1", "TOMCAT_11"})
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
@Timeout(240)
class DifferentialIT {

    private static final Set<String> NOT_COMPARED =
            Set.of("date", "connection", "keep-alive", "transfer-encoding", "content-length", "fluid-request-id");

    private static final Map<Distribution, Pair> PAIRS = new TreeMap<>();

    @Parameter
    Distribution distribution;

    /** A Tomcat with its own applications, and the router in front of it. */
    private record Pair(RouterServer router, TomcatServer tomcat) {
        static Pair start(Distribution distribution) {
            String name = "differential-" + Fleet.function(distribution);
            RouterServer router = RouterServer.start(name + "-router", "-Xmx128m", "");
            try {
                TomcatServer tomcat = TomcatServer.start(distribution, name, "-Xmx256m", base -> {
                    TomcatServer.addShipped(distribution, base, "docs");
                    TomcatServer.addShipped(distribution, base, "examples");
                    Delivery.copySample(base.resolve("webapps/streaming.war"));
                    Delivery.installInTomcat(base, router.instanceProperties("shipped"));
                });
                router.awaitInstance("/docs/");
                return new Pair(router, tomcat);
            } catch (RuntimeException e) {
                router.close();
                throw e;
            }
        }
    }

    @AfterAll
    static void stop() {
        PAIRS.values().forEach(pair -> {
            pair.tomcat().close();
            pair.router().close();
        });
        PAIRS.clear();
    }

    private Pair pair() {
        return PAIRS.computeIfAbsent(distribution, Pair::start);
    }

    private static String request(String method, String target, String body, String... fields) {
        StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: apps.example.com\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        if (body != null) {
            request.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return request.append("\r\n").append(body == null ? "" : body).toString();
    }

    private static Response ask(int port, String method, String request) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send(request);
            return client.readResponse(method);
        }
    }

    private void assertSame(String method, String target, String body, String... fields) throws IOException {
        String request = request(method, target, body, fields);
        Response own = ask(pair().tomcat().httpPort(), method, request);
        Response tunnelled = ask(pair().router().httpPort(), method, request);
        String as = method + " " + target;
        assertThat(tunnelled.status()).as(as).isEqualTo(own.status());
        assertThat(fields(tunnelled.head())).as(as).isEqualTo(fields(own.head()));
        assertThat(withoutIds(tunnelled)).as(as).isEqualTo(withoutIds(own));
        assertThat(tunnelled.trailers()).as(as).isEqualTo(own.trailers());
    }

    private static Map<String, List<String>> fields(Head head) {
        Map<String, List<String>> fields = new TreeMap<>(head.fields());
        fields.keySet().removeAll(NOT_COMPARED);
        fields.replaceAll((name, values) ->
                values.stream().map(DifferentialIT::withoutIds).toList());
        return fields;
    }

    private static String withoutIds(Response response) {
        return withoutIds(new String(response.body(), StandardCharsets.ISO_8859_1));
    }

    /** Sessions and moments are new each time. */
    private static String withoutIds(String text) {
        return text.replaceAll("[0-9A-F]{32}", "SESSION")
                .replaceAll("\\w{3} \\w{3} \\d{2} \\d{2}:\\d{2}:\\d{2} \\w+ \\d{4}", "MOMENT");
    }

    @Test
    void everyPageOfTheDocumentation() throws IOException {
        for (String page : files("docs", ".html", ".css", ".png", ".txt", ".svg")) {
            assertSame("GET", "/docs/" + page, null);
        }
        assertSame("GET", "/docs", null);
        assertSame("GET", "/docs/", null);
        assertSame("HEAD", "/docs/index.html", null);
        assertSame("GET", "/docs/index.html", null, "Range: bytes=100-199");
        assertSame("GET", "/docs/index.html", null, "Accept-Encoding: gzip");
        assertSame("GET", "/docs/none.html", null);
    }

    @Test
    void everyStaticPageOfTheExamples() throws IOException {
        for (String page : files("examples", ".html", ".gif", ".txt", ".jsp.html")) {
            if (!page.startsWith("WEB-INF")) {
                assertSame("GET", "/examples/" + page, null);
            }
        }
        assertSame("GET", "/examples/WEB-INF/web.xml", null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/examples/servlets/servlet/HelloWorldExample",
                "/examples/servlets/servlet/RequestInfoExample",
                "/examples/servlets/servlet/RequestInfoExample/more/of%20it?a=b",
                "/examples/servlets/servlet/RequestHeaderExample",
                "/examples/servlets/servlet/RequestParamExample?firstname=a&lastname=b",
                "/examples/servlets/servlet/CookieExample?cookiename=c&cookievalue=d",
                "/examples/jsp/jsp2/el/basic-arithmetic.jsp",
                "/examples/jsp/jsp2/el/functions.jsp?foo=JSP+2.0",
                "/examples/jsp/jsp2/simpletag/hello.jsp",
                "/examples/jsp/jsp2/tagfiles/panel.jsp",
                "/examples/jsp/include/include.jsp",
                "/examples/jsp/forward/forward.jsp",
                "/examples/jsp/error/errorpge.jsp",
                "/examples/jsp/security/protected/index.jsp",
                "/examples/async/async0",
                "/examples/async/async1",
                "/examples/async/async2",
                "/examples/async/async3",
                "/examples/nothing",
            })
    void servletsJspsAndAsynchronousExamples(String target) throws IOException {
        assertSame("GET", target, null, "User-Agent: differential", "Accept: text/html");
    }

    @Test
    void postedExamples() throws IOException {
        String form = "firstname=f&lastname=%C3%BC";
        assertSame(
                "POST",
                "/examples/servlets/servlet/RequestParamExample",
                form,
                "Content-Type: application/x-www-form-urlencoded");
        assertSame(
                "POST",
                "/examples/servlets/nonblocking/bytecounter",
                "x".repeat(50_000),
                "Content-Type: application/octet-stream");
    }

    @Test
    void webSocketExampleIsRefusedPlainly() throws IOException {
        String request = request(
                "GET",
                "/examples/websocket/echoProgrammatic",
                null,
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
        Response refused = ask(pair().router().httpPort(), "GET", request);
        assertThat(refused.status()).isGreaterThanOrEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/streaming/",
                "/streaming/app.css",
                "/streaming/app.js",
                "/streaming/answer?q=hello&tokens=12&interval=5",
                "/streaming/slow?rows=5&interval=5",
            })
    void endpointsOfTheSample(String target) throws IOException {
        assertSame("GET", target, null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/streaming/cpu?millis=5", "/streaming/io?millis=5", "/streaming/status"})
    void measuringEndpointsOfTheSampleDifferInTheirFiguresOnly(String target) throws IOException {
        String request = request("GET", target, null);
        Response own = ask(pair().tomcat().httpPort(), "GET", request);
        Response tunnelled = ask(pair().router().httpPort(), "GET", request);
        assertThat(tunnelled.status()).isEqualTo(own.status());
        assertThat(fields(tunnelled.head())).isEqualTo(fields(own.head()));
        assertThat(names(tunnelled.text())).containsAll(names(own.text()));
    }

    private static List<String> names(String json) {
        List<String> names = new ArrayList<>();
        var matcher = java.util.regex.Pattern.compile("\"(\\w+)\"\\s*:").matcher(json);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    @Test
    void piecesOfTheSamplesAnswerComeOneByOneByBothWays() throws IOException {
        String request = request("GET", "/streaming/answer?q=hello&tokens=10&interval=40", null);
        for (int port : new int[] {pair().tomcat().httpPort(), pair().router().httpPort()}) {
            try (RawClient client = RawClient.connect(port)) {
                client.send(request);
                client.readHead("GET");
                long first = 0;
                long last = 0;
                int pieces = 0;
                for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
                    last = System.nanoTime();
                    first = first == 0 ? last : first;
                    pieces++;
                }
                assertThat(pieces).isGreaterThanOrEqualTo(10);
                assertThat(last - first).isGreaterThan(9 * 30_000_000L);
            }
        }
    }

    private List<String> files(String application, String... endings) throws IOException {
        Path root = distribution.home().resolve("webapps").resolve(application);
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .filter(name -> Stream.of(endings).anyMatch(name::endsWith))
                    .filter(name -> !name.contains(" "))
                    .sorted()
                    .toList();
        }
    }
}
