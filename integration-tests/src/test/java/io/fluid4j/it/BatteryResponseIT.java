/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fluid4j.it.RawClient.Framing;
import io.fluid4j.it.RawClient.Head;
import io.fluid4j.it.RawClient.Response;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client sees of a response. */
class BatteryResponseIT extends Battery {

    /** Of a connection, a moment or the router, and so not of the application. */
    private static final Set<String> NOT_COMPARED = Set.of(
            "date",
            "connection",
            "keep-alive",
            "transfer-encoding",
            "content-length",
            "fluid-request-id",
            "set-cookie");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/response/plain",
                "/response/headers",
                "/response/charset",
                "/response/length",
                "/response/empty",
                "/response/emptyFlushed",
                "/response/noBody",
                "/response/status?code=201",
                "/response/status?code=404",
                "/response/status?code=503",
                "/response/status?code=599",
                "/static/page.txt",
                "/static/index.html",
                "/static/",
                "/static",
                "/static/missing",
                "/nothing/here",
                "/error/sendError",
                "/error/mapped",
                "/error/mappedException",
                "/error/redirect",
                "/download?bytes=0",
                "/download?bytes=1",
                "/download?bytes=100000&length=true",
            })
    void responseIsThatOfTheServersOwnPort(String target) throws IOException {
        for (String method : new String[] {"GET", "HEAD"}) {
            Response own = ask(server().httpPort(), method, target);
            Response response = ask(port(), method, target);
            String as = method + " " + target;
            assertThat(response.status()).as(as).isEqualTo(own.status());
            assertThat(ownFields(response.head())).as(as).isEqualTo(ownFields(own.head()));
            assertThat(response.body()).as(as).isEqualTo(own.body());
            if (own.first("content-length") != null && response.first("transfer-encoding") == null) {
                assertThat(response.first("content-length")).as(as).isEqualTo(own.first("content-length"));
            }
        }
    }

    /** By both ways with one authority, as redirects and error pages show it. */
    private Response ask(int port, String method, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send(method + " " + path(target) + " HTTP/1.1\r\nHost: battery.example.com\r\n\r\n");
            return client.readResponse(method);
        }
    }

    private static Map<String, List<String>> ownFields(Head head) {
        Map<String, List<String>> fields = new TreeMap<>(head.fields());
        fields.keySet().removeAll(NOT_COMPARED);
        return fields;
    }

    @Test
    void announcedLengthIsKept() throws IOException {
        Response response = get("/response/length");
        assertThat(response.first("content-length")).isEqualTo("5");
        assertThat(response.text()).isEqualTo("12345");
        assertThat(get("/download?bytes=100000&length=true").first("content-length"))
                .isEqualTo("100000");
    }

    @Test
    void headHasTheHeadersAndNoBody() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("HEAD", "/download?bytes=100000&length=true"));
            Response response = client.readResponse("HEAD");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.first("content-length")).isEqualTo("100000");
            // Octets of a body would be taken for the head of this one.
            client.send(head("GET", "/response/plain"));
            assertThat(client.readResponse("GET").text()).isEqualTo("plain");
        }
    }

    @Test
    void statusWithoutBodyLeavesTheConnectionUsable() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("GET", "/response/noBody"));
            Response response = client.readResponse("GET");
            assertThat(response.status()).isEqualTo(204);
            assertThat(response.first("x-kept")).isEqualTo("yes");
            client.send(head("GET", "/response/plain"));
            assertThat(client.readResponse("GET").text()).isEqualTo("plain");
        }
    }

    @Test
    void severalCookiesStayApart() throws IOException {
        assertThat(get("/response/headers").head().all("set-cookie")).containsExactly("a=1", "b=2");
    }

    @Test
    void severalValuesStayInOrder() throws IOException {
        assertThat(get("/response/headers").head().all("x-same")).containsExactly("one", "two", "three");
    }

    @Test
    void staticFileIsServedWithValidators() throws IOException {
        Response file = get("/static/page.txt");
        assertThat(file.status()).isEqualTo(200);
        assertThat(lines(file)).hasSize(400);
        String modified = file.first("last-modified");
        assertThat(modified).isNotNull();
        Response again = get("/static/page.txt", "If-Modified-Since: " + modified);
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void partOfAStaticFile() throws IOException {
        Response part = get("/static/page.txt", "Range: bytes=5-9");
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.body()).hasSize(5);
        assertThat(part.first("content-range")).startsWith("bytes 5-9/");
    }

    @Test
    void missingPageIsTheContainers404() throws IOException {
        assertThat(get("/nothing/here").status()).isEqualTo(404);
    }

    @Test
    void sendErrorShowsTheContainersPage() throws IOException {
        Response response = get("/error/sendError");
        assertThat(response.status()).isEqualTo(409);
        assertThat(response.text()).contains("two of them");
    }

    @Test
    void errorPageOfWebXml() throws IOException {
        Response response = get("/error/mapped");
        assertThat(response.status()).isEqualTo(418);
        assertThat(response.text())
                .isEqualTo("error page for 418 from " + path("/error/mapped") + " by error because of null");
    }

    @Test
    void exceptionIsAnswered500() throws IOException {
        Response response = get("/error/exception");
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.text()).isNotEmpty();
    }

    @Test
    void exceptionWithAPageOfWebXml() throws IOException {
        Response response = get("/error/mappedException");
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.text()).startsWith("error page for 500").contains("UnsupportedOperationException");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/error/afterCommit", "/error/afterCommitWithLength"})
    void bodyCutByAnExceptionNeverLooksComplete(String target) throws IOException {
        try (RawClient client = connect()) {
            client.send(head("GET", target));
            Head head = client.readHead("GET");
            assertThat(head.status()).isEqualTo(200);
            assertThat(client.readUntil("the beginning")).isEqualTo("the beginning");
            if (client.framing() == Framing.CHUNKED && !tunnelled()) {
                // What the containers do at their own ports differs here; the tunnel's promise does not.
                assumeThat(environment().tomcat()).isFalse();
            }
            assertThatThrownBy(client::readBody).isInstanceOfAny(EOFException.class, SocketException.class);
        }
    }

    @Test
    void redirectLeadsToTheSamePlace() throws IOException {
        Response response = get("/error/redirect");
        assertThat(response.status()).isEqualTo(302);
        String base = response.first("location").replace("http://" + authority(), "");
        assertThat(base.startsWith("/") ? base : path("/error/" + base)).isEqualTo(path("/error/elsewhere?a=b"));
    }

    @Test
    void continueIsAskedForByTheApplicationsRead() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", "/echo", "Expect: 100-continue", "Content-Length: 5"));
            assertThat(client.readHead("POST").status()).isEqualTo(100);
            client.send("hello");
            Response response = client.readResponse("POST");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("hello");
            assertThat(response.interim()).isEmpty();
        }
    }

    @Test
    void refusalWithoutReadingTheBody() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", "/refusing", "Expect: 100-continue", "Content-Length: 5000000"));
            Response response = client.readResponse("POST");
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text()).isEqualTo("too much for me");
        }
    }

    @Test
    void earlyHintsArriveBeforeTheResponse() throws IOException {
        Response response = get("/hints");
        assertThat(response.interim()).hasSize(1);
        assertThat(response.interim().get(0).status()).isEqualTo(103);
        assertThat(response.interim().get(0).first("link")).isEqualTo("</style.css>; rel=preload");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.first("x-final")).isEqualTo("yes");
        assertThat(response.text()).isEqualTo("final");
    }
}
