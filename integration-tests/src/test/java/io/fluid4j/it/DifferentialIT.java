/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static java.util.concurrent.CompletableFuture.supplyAsync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import io.fluid4j.it.RawClient.Head;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Date, hop-by-hop fields, and the one that the router adds to every answer. */
    private static final Set<String> NOT_COMPARED =
            Set.of("date", "connection", "keep-alive", "transfer-encoding", "fluid-request-id");

    /** What a page says anew each time it is asked, by whichever way. */
    private static final Map<Pattern, String> CHANGING = changing();

    private static final int PIECES = 8;
    private static final int INTERVAL_MILLIS = 500;

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

    private static Response ask(int port, String method, String request) {
        try (RawClient client = RawClient.connect(port)) {
            client.send(request);
            return client.readResponse(method);
        } catch (IOException e) {
            throw new UncheckedIOException(request.lines().findFirst().orElse(""), e);
        }
    }

    /** Asks both ways at the same time: some examples take seconds. */
    private void assertSame(String method, String target, String body, String... fields) {
        String request = request(method, target, body, fields);
        int ownPort = pair().tomcat().httpPort();
        CompletableFuture<Response> asked = supplyAsync(() -> ask(ownPort, method, request));
        Response tunnelled = ask(pair().router().httpPort(), method, request);
        Response own = asked.join();
        String as = method + " " + target;
        boolean changed = !Arrays.equals(own.body(), tunnelled.body());
        assertThat(tunnelled.status()).as(as).isEqualTo(own.status());
        assertThat(fields(tunnelled.head(), changed)).as(as).isEqualTo(fields(own.head(), changed));
        assertThat(lasting(tunnelled)).as(as).isEqualTo(lasting(own));
        assertThat(tunnelled.trailers()).as(as).isEqualTo(own.trailers());
    }

    /** A body that says something else has another length; the client has seen that it was the length announced. */
    private static Map<String, List<String>> fields(Head head, boolean bodyChanged) {
        Map<String, List<String>> fields = new TreeMap<>(head.fields());
        fields.keySet().removeAll(NOT_COMPARED);
        fields.replaceAll(
                (name, values) -> values.stream().map(DifferentialIT::lasting).toList());
        if (bodyChanged) {
            fields.replace("content-length", List.of("announced"));
        }
        return fields;
    }

    private static String lasting(Response response) {
        return lasting(new String(response.body(), StandardCharsets.ISO_8859_1));
    }

    private static String lasting(String text) {
        String lasting = text;
        for (Map.Entry<Pattern, String> each : CHANGING.entrySet()) {
            lasting = each.getKey().matcher(lasting).replaceAll(each.getValue());
        }
        return lasting;
    }

    private static Map<Pattern, String> changing() {
        Map<Pattern, String> changing = new LinkedHashMap<>();
        // Session ids: cookies, links, SessionExample.
        changing.put(Pattern.compile("[0-9A-F]{32}"), "SESSION");
        // When it was made: SessionExample; date.jsp; the asynchronous examples; include.jsp.
        changing.put(Pattern.compile("\\w{3} \\w{3} \\d{2} \\d{2}:\\d{2}:\\d{2} \\w+ \\d{4}"), "MOMENT");
        changing.put(Pattern.compile("(\\d{4}-\\d{2}-\\d{2} )?\\d{1,2}:\\d{2}:\\d{2}( [+-]\\d{4})?"), "MOMENT");
        changing.put(Pattern.compile("\\b\\d{13}\\b"), "MOMENT");
        // RequestHeaderExample: the router says that it was there, as a proxy must (RFC 9110, section 7.6.3).
        changing.put(
                Pattern.compile("<tr><td bgcolor=\"#CCCCCC\">\\s+[vV]ia\\s+</td><td>\\s+1.1 fluid4j\\s+</td></tr>\\s+"),
                "");
        // The sample's own measurements.
        changing.put(Pattern.compile("\"(millis|rounds)\":\\d+"), "\"$1\":N");
        changing.put(Pattern.compile("after \\d+ ms"), "after N ms");
        return changing;
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

    @Test
    void everyJspOfTheExamples() throws IOException {
        assertAll(files("examples", ".jsp").stream()
                .filter(page -> !page.startsWith("WEB-INF"))
                // Draws the order of its rows anew each time.
                .filter(page -> !page.endsWith("/shuffle.jsp"))
                .map(page -> () -> assertSame("GET", "/examples/" + page, null, "User-Agent: differential")));
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
                "/examples/servlets/servlet/SessionExample?dataname=a&datavalue=b",
                "/examples/servlets/nonblocking/numberwriter",
                "/examples/servlets/trailers/response",
                "/examples/servletToJsp",
                "/examples/CompressionTest",
                "/examples/jsp/jsp2/el/functions.jsp?foo=JSP+2.0",
                "/examples/jsp/jsp2/misc/../el/%66unctions.jsp;a=b?foo=1",
                "/examples/async/async0",
                "/examples/async/async1",
                "/examples/async/async2",
                "/examples/async/async3",
                "/examples/nothing",
            })
    void servletsOfTheExamples(String target) {
        assertSame("GET", target, null, "User-Agent: differential", "Accept: text/html", "TE: trailers");
    }

    @Test
    void methodsAndConditionsOfStaticPages() {
        String etag = ask(pair().tomcat().httpPort(), "GET", request("GET", "/docs/index.html", null))
                .first("etag");
        assertSame("GET", "/docs/index.html", null, "If-None-Match: " + etag);
        assertSame("GET", "/docs/index.html", null, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT");
        assertSame("GET", "/docs/index.html", null, "Range: bytes=0-9,20-29");
        assertSame("GET", "/docs/index.html", null, "Range: bytes=100000000-");
        assertSame("OPTIONS", "/docs/index.html", null);
        assertSame("PUT", "/docs/index.html", "x");
        assertSame("DELETE", "/docs/index.html", null);
        assertSame("POST", "/docs/index.html", "a=b", "Content-Type: application/x-www-form-urlencoded");
        assertSame("HEAD", "/examples/servlets/servlet/HelloWorldExample", null);
    }

    @Test
    void postedExamples() {
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
    void webSocketExampleIsRefusedPlainly() {
        String request = request(
                "GET",
                "/examples/websocket/echoProgrammatic",
                null,
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
        Response refused = ask(pair().router().httpPort(), "GET", request);
        assertThat(refused.status()).isEqualTo(501);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/streaming/",
                "/streaming/app.css",
                "/streaming/app.js",
                "/streaming/answer?q=hello&tokens=12&interval=5",
                "/streaming/slow?rows=5&interval=5",
                "/streaming/upload?id=none",
                "/streaming/cpu?millis=5",
                "/streaming/io?millis=5",
            })
    void endpointsOfTheSample(String target) {
        assertSame("GET", target, null);
    }

    @Test
    void uploadToTheSample() {
        assertSame("POST", "/streaming/upload?id=both", "y".repeat(100_000), "Content-Type: text/plain");
        assertSame("POST", "/streaming/upload?id=empty", "");
    }

    @Test
    void statusOfTheSampleDiffersInWhatTheTunnelIsThereForOnly() {
        String request = request("GET", "/streaming/status", null);
        Response own = ask(pair().tomcat().httpPort(), "GET", request);
        Response tunnelled = ask(pair().router().httpPort(), "GET", request);
        assertThat(tunnelled.status()).isEqualTo(own.status());
        assertThat(fields(tunnelled.head(), true)).isEqualTo(fields(own.head(), true));
        for (String name : List.of("server", "pid", "java", "protocol", "scheme", "host", "remote")) {
            assertThat(member(tunnelled, name)).as(name).isEqualTo(member(own, name));
        }
        assertThat(member(tunnelled, "function")).isEqualTo("\"shipped\"");
    }

    private static String member(Response json, String name) {
        Matcher member = Pattern.compile("\"" + name + "\":(\"[^\"]*\"|\\d+)").matcher(json.text());
        assertThat(member.find()).as(name + " in " + json.text()).isTrue();
        return member.group(1);
    }

    /**
     * Both ways at the same time, so that a pause of the machine meets both. The median bears some late pieces, and still
     * fails when pieces are held back until the next one comes.
     */
    @ParameterizedTest
    @CsvSource({"/streaming/answer?q=hello&tokens=8&interval=500,data:", "/streaming/slow?rows=8&interval=500,<li>"})
    void eachPieceComesAtItsTime(String target, String mark) throws Exception {
        String request = request("GET", target, null);
        assertSame("GET", target.replace("500", "1"), null);
        var own = supplyAsync(() -> arrivals(pair().tomcat().httpPort(), request, mark));
        var tunnelled = supplyAsync(() -> arrivals(pair().router().httpPort(), request, mark));
        List<Long> ownNanos = own.get(60, TimeUnit.SECONDS);
        List<Long> tunnelledNanos = tunnelled.get(60, TimeUnit.SECONDS);
        assertThat(tunnelledNanos).hasSameSizeAs(ownNanos).hasSizeGreaterThanOrEqualTo(PIECES);
        List<Long> apart = new ArrayList<>();
        for (int i = 0; i < ownNanos.size(); i++) {
            apart.add(Math.abs(tunnelledNanos.get(i) - ownNanos.get(i)));
        }
        Collections.sort(apart);
        long median = TimeUnit.NANOSECONDS.toMicros(apart.get(apart.size() / 2));
        Figures.add("pieces of " + target + " on " + distribution, "direct and tunnelled " + median + " µs apart");
        assertThat(median).isLessThan(INTERVAL_MILLIS * 1000L / 2);
    }

    /** When each mark of the body was seen, in nanoseconds since the request. */
    private static List<Long> arrivals(int port, String request, String mark) {
        List<Long> nanos = new ArrayList<>();
        try (RawClient client = RawClient.connect(port)) {
            long start = System.nanoTime();
            client.send(request);
            client.readHead("GET");
            StringBuilder body = new StringBuilder();
            int seen = 0;
            for (byte[] some = client.readSome(); some.length > 0; some = client.readSome()) {
                body.append(new String(some, StandardCharsets.ISO_8859_1));
                for (int at = body.indexOf(mark, seen); at >= 0; at = body.indexOf(mark, seen)) {
                    nanos.add(System.nanoTime() - start);
                    seen = at + mark.length();
                }
            }
            return nanos;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
