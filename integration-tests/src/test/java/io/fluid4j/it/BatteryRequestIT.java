/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an application sees of a request. */
class BatteryRequestIT extends Battery {

    /** Loopback, but neither the router's address nor the instance's. */
    private static final String FAR_CLIENT = "127.0.0.2";

    @Test
    void blockingServletAnswers() throws IOException {
        Response response = get("/response/plain");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo("plain");
        assertThat(response.first("content-type")).startsWith("text/plain");
    }

    @Test
    void filterRuns() throws IOException {
        assertThat(get("/response/plain").first("x-filter")).isEqualTo("seen");
    }

    @Test
    void remoteAddressIsTheClients() throws IOException {
        try (RawClient client = RawClient.connectFrom(FAR_CLIENT, port())) {
            client.send(head("GET", "/info"));
            Response response = client.readResponse("GET");
            assertThat(response.value("remoteAddr")).isEqualTo(FAR_CLIENT);
            assertThat(response.value("remotePort")).isEqualTo(Integer.toString(client.localPort()));
        }
    }

    @Test
    void schemeHostAndPortAreWhatTheClientAsked() throws IOException {
        Response response = get("/info/x");
        assertThat(response.value("scheme")).isEqualTo("http");
        assertThat(response.value("secure")).isEqualTo("false");
        assertThat(response.value("serverName")).isEqualTo("localhost");
        assertThat(response.value("serverPort")).isEqualTo(Integer.toString(port()));
        assertThat(response.value("requestURL")).isEqualTo("http://" + authority() + path("/info/x"));
        assertThat(response.value("protocol")).isEqualTo("HTTP/1.1");
    }

    @Test
    void hostNamesOtherThanTheServersAreKept() throws IOException {
        try (RawClient client = connect()) {
            client.send("GET " + path("/info") + " HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
            Response response = client.readResponse("GET");
            assertThat(response.value("serverName")).isEqualTo("shop.example.com");
            assertThat(response.value("serverPort")).isEqualTo("80");
            assertThat(response.value("requestURL")).isEqualTo("http://shop.example.com" + path("/info"));
        }
    }

    @Test
    void clientCannotForgeWhereItComesFrom() throws IOException {
        Response response = get(
                "/info",
                "X-Forwarded-For: 203.0.113.9",
                "X-Forwarded-Proto: https",
                "Forwarded: for=203.0.113.9;proto=https");
        assertThat(response.value("remoteAddr")).isEqualTo("127.0.0.1");
        assertThat(response.value("scheme")).isEqualTo("http");
    }

    @Test
    void contextPathServletPathAndPathInfo() throws IOException {
        Response response = get("/info/a/b?x=1&y=2&x=3");
        assertThat(response.value("contextPath")).isEqualTo(environment().contextPath());
        assertThat(response.value("servletPath")).isEqualTo("/info");
        assertThat(response.value("pathInfo")).isEqualTo("/a/b");
        assertThat(response.value("queryString")).isEqualTo("x=1&y=2&x=3");
        assertThat(lines(response)).contains("parameter.x=1", "parameter.x=3", "parameter.y=2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/info/a%20b",
                "/info/a+b",
                "/info/%C3%BC",
                "/info/%25",
                "/info/%2525",
                "/info/a;x=1/b",
                "/info/a;x=1;y=2",
                "/info;jsessionid=abc/a",
                "/info/a%3Bx",
                "/info/a%2Fb",
                "/info/..%2finfo",
                "/info/./c",
                "/info/b/../c",
                "/info/a//b",
                "/info/a%5Cb",
                "/info/a%3Fb",
                "/info/a%252Fb",
                "/info/%252e%252e/c",
                "/info/%2525252F",
                "/info/%E2%82%AC/%F0%9F%98%80",
                "/info/%FF",
                "/info/%C3%28",
                "/info/%C0%AE%C0%AE/c",
                "/info/a%0Ab",
                "/info/a%09b",
                "/info/a%7Eb",
                "/info/%41",
                "/info//a///b",
                "/info/a;jsessionid=abc;x=1?q=1",
                "/info/a?q=%2F%25&r=a+b",
                "/info/a?q=a;b",
                "/info/a?",
                "/info/a?q=%C3%BC",
            })
    void pathsAreDecodedByTheContainersRules(String target) throws IOException {
        Response own = direct("GET", target);
        Response response = get(target);
        assertThat(response.status()).as(target).isEqualTo(own.status());
        if (own.status() == 200) {
            for (String name : new String[] {"requestURI", "servletPath", "pathInfo", "queryString", "parameter.q"}) {
                assertThat(response.value(name)).as(target + " " + name).isEqualTo(own.value(name));
            }
        }
    }

    /** A router has to know where a path leads before a container has decoded it, so it refuses what hides dots. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/info/%2e%2e/info/c",
                "/info/b/..;/c",
                "/info/b/%2e%2e;x/c",
                "/info/b/.%2e/c",
                "/info/b/%2e/c",
                "/info/b/.;x=1/c",
                "/info/a%00b",
                "/info/a%zzb",
                "/info/a%4"
            })
    void pathsWithHiddenDotsAreRefusedOrDecodedByTheContainersRules(String target) throws IOException {
        Response own = direct("GET", target);
        Response response = get(target);
        assertThat(response.status()).as(target).isIn(400, own.status());
        if (response.status() == 200) {
            assertThat(response.value("requestURI")).isEqualTo(own.value("requestURI"));
            assertThat(response.value("pathInfo")).isEqualTo(own.value("pathInfo"));
        }
    }

    @Test
    void pathThatLeavesTheApplicationIsNotServed() throws IOException {
        assertThat(get("/../../../../etc/passwd").status()).isGreaterThanOrEqualTo(400);
        assertThat(get("/WEB-INF/web.xml").status()).isEqualTo(404);
        assertThat(get("/static/..%2fWEB-INF/web.xml").status()).isGreaterThanOrEqualTo(400);
        assertThat(get("/static/%2e%2e/WEB-INF/web.xml").status()).isGreaterThanOrEqualTo(400);
        assertThat(get("/static/..;/WEB-INF/web.xml").status()).isGreaterThanOrEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"})
    void methodsArriveAsTheyAre(String method) throws IOException {
        Response response = request(method, "/info", "Content-Length: 0");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.value("method")).isEqualTo(method);
    }

    @Test
    void headersArriveInOrderWithAllValues() throws IOException {
        Response response = get(
                "/info",
                "X-Same: one",
                "X-Other: o",
                "X-Same: two",
                "Accept: text/plain;q=0.5, */*",
                "Cookie: a=1; b=2",
                "User-Agent: battery/1",
                "X-Blank:",
                "Accept-Language: de-CH",
                "TE: trailers");
        assertThat(lines(response))
                .containsSubsequence("header.x-same=one", "header.x-same=two")
                .contains(
                        "header.x-other=o",
                        "header.accept=text/plain;q=0.5, */*",
                        "cookie.a=1",
                        "cookie.b=2",
                        "header.user-agent=battery/1",
                        "header.x-blank=",
                        "locale=de_CH");
    }

    @Test
    void hopByHopHeadersOfTheClientStayWithIt() throws IOException {
        assumeThat(tunnelled())
                .as("a server sees what its own client says to it")
                .isTrue();
        Response response = get("/info", "Connection: X-Hop", "X-Hop: private", "Keep-Alive: timeout=5");
        assertThat(response.value("header.x-hop")).isNull();
        assertThat(response.value("header.keep-alive")).isNull();
        assertThat(response.value("header.connection")).isNull();
    }

    @Test
    void largeHeadersArrive() throws IOException {
        String value = "v".repeat(6000);
        assertThat(get("/info", "X-Large: " + value).value("header.x-large")).isEqualTo(value);
    }

    @Test
    void octetsAbove127InHeadersArrive() throws IOException {
        Response own = direct("GET", "/info", "X-Octets: Gr\u00fc\u00dfe");
        Response response = get("/info", "X-Octets: Gr\u00fc\u00dfe");
        assertThat(response.value("header.x-octets")).isEqualTo(own.value("header.x-octets"));
    }

    @Test
    void formParameters() throws IOException {
        Response response = post(
                "/form?q=query",
                "application/x-www-form-urlencoded",
                "a=1&b=two+words&c=%C3%BC&a=2".getBytes(StandardCharsets.US_ASCII));
        assertThat(lines(response)).containsExactly("a=1,2", "b=two words", "c=ü", "q=query");
    }

    @Test
    void multipart() throws IOException {
        String body = "--edge\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n"
                + "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n" + "x".repeat(100_000) + "\r\n--edge--\r\n";
        Response response =
                post("/form", "multipart/form-data; boundary=edge", body.getBytes(StandardCharsets.US_ASCII));
        assertThat(lines(response))
                .contains("text|null|null|5", "file|a.bin|application/octet-stream|100000", "text=hello");
    }

    @Test
    void bodyWithLength() throws IOException {
        Response response = post("/echo", "text/plain", "some octets".getBytes(StandardCharsets.US_ASCII));
        assertThat(response.text()).isEqualTo("some octets");
        assertThat(response.first("x-length")).isEqualTo("11");
    }

    @Test
    void bodyInChunks() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", "/echo", "Transfer-Encoding: chunked"));
            client.send("5;extension=x\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
            Response response = client.readResponse("POST");
            assertThat(response.text()).isEqualTo("hello world");
            assertThat(response.first("x-length")).isEqualTo("-1");
        }
    }

    @Test
    void emptyBody() throws IOException {
        assertThat(post("/echo", "text/plain", new byte[0]).body()).isEmpty();
    }

    @Test
    void requestTrailers() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", "/trailers", "Transfer-Encoding: chunked", "Trailer: X-Checksum", "TE: trailers"));
            client.send("3\r\nabc\r\n0\r\nX-Checksum: 42\r\n\r\n");
            // The specification has the names in lower case, but Tomcat 11 keeps them as they came.
            assertThat(client.readResponse("POST")
                            .text()
                            .toLowerCase(Locale.ROOT)
                            .lines())
                    .contains("ready=true", "x-checksum=42");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/trailers", "/trailers?flush=no"})
    void responseTrailers(String target) throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", target, "TE: trailers", "Content-Length: 3") + "abc");
            Response response = client.readResponse("POST");
            assertThat(response.first("trailer")).isEqualTo("X-Sum, X-End");
            assertThat(response.trailers().get("x-sum")).containsExactly("3");
            assertThat(response.trailers().get("x-end")).containsExactly("yes");
        }
    }

    @Test
    void http10ClientGetsAnAnswerItUnderstands() throws IOException {
        try (RawClient client = connect()) {
            client.send("GET " + path("/download?bytes=100000") + " HTTP/1.0\r\nHost: " + authority() + "\r\n\r\n");
            Response response = client.readResponse("GET");
            assertThat(response.first("transfer-encoding")).isNull();
            assertThat(response.body()).hasSize(100_000);
            assertThat(client.atEnd()).isTrue();
        }
    }

    @Test
    void connectionIsUsedAgain() throws IOException {
        try (RawClient client = connect()) {
            for (int i = 0; i < 5; i++) {
                client.send(head("GET", "/info/" + i));
                assertThat(client.readResponse("GET").value("pathInfo")).isEqualTo("/" + i);
                client.send(head("POST", "/echo", "Content-Length: 1") + i);
                assertThat(client.readResponse("POST").text()).isEqualTo(Integer.toString(i));
            }
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("GET", "/info/1") + head("POST", "/echo", "Content-Length: 3") + "abc"
                    + head("GET", "/info/2"));
            assertThat(client.readResponse("GET").value("pathInfo")).isEqualTo("/1");
            assertThat(client.readResponse("POST").text()).isEqualTo("abc");
            assertThat(client.readResponse("GET").value("pathInfo")).isEqualTo("/2");
        }
    }

    @Test
    void halfClosedClientStillGetsTheWholeResponse() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("GET", "/download?bytes=3000000", "Connection: close"));
            client.halfClose();
            assertThat(client.readResponse("GET").body()).hasSize(3_000_000);
        }
    }

    @Test
    void accessLogHasTheClientsAddressAndTarget() throws IOException {
        String mark = freshKey();
        try (RawClient client = RawClient.connectFrom(FAR_CLIENT, port())) {
            client.send(head("GET", "/info/" + mark));
            assertThat(client.readResponse("GET").status()).isEqualTo(200);
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            String line = Files.readAllLines(server().accessLog()).stream()
                    .filter(candidate -> candidate.contains(mark))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("not in the access log yet"));
            assertThat(line)
                    .startsWith(FAR_CLIENT + " ")
                    .contains("\"GET " + path("/info/" + mark))
                    .contains(" 200 ");
        });
    }

    @Test
    void sessionIsKeptByItsCookie() throws IOException {
        Response first = get("/session");
        assertThat(first.text()).isEqualTo("visit 1");
        String cookie = first.first("set-cookie");
        assertThat(cookie)
                .startsWith("JSESSIONID=")
                .contains("Path=" + environment().contextPath());
        assertThat(cookie).doesNotContainIgnoringCase("secure");
        assertThat(get("/session", "Cookie: " + cookie.split(";")[0]).text()).isEqualTo("visit 2");
        assertThat(get("/session").text()).isEqualTo("visit 1");
    }

    @Test
    void sessionIsKeptByThePathParameter() throws IOException {
        String id = get("/session").first("set-cookie").split("[=;]")[1];
        assertThat(get("/session;jsessionid=" + id).text()).isEqualTo("visit 2");
        assertThat(get("/session;jsessionid=" + id + "?x=1").text()).isEqualTo("visit 3");
    }
}
