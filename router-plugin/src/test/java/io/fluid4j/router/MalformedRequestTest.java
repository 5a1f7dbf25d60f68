/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that two parties could read differently: answered by the router, and never seen by an instance. */
@Timeout(120)
class MalformedRequestTest {

    private static Router router;
    private static ScriptedInstance instance;

    @BeforeAll
    static void start() throws Exception {
        router = Router.create(RequestPathTest.config("fluid.router.max-body", "1000"))
                .start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", call -> call.readBody()
                        .thenAccept(body -> call.answer(200, "length " + body.length)))
                .connected();
        await().until(() -> router.instances() == 1);
    }

    @AfterAll
    static void stop() {
        instance.close();
        router.close();
    }

    private static Arguments bad(String name, int status, String octets) {
        return Arguments.of(name, status, octets);
    }

    private static String post(String fields, String body) {
        return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
    }

    private static String get(String target, String fields) {
        return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    }

    static Stream<Arguments> corpus() {
        String chunks = "5\r\nhello\r\n0\r\n\r\n";
        return Stream.of(
                bad("length and chunks", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks)),
                bad("chunks and length", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks)),
                bad("two lengths", 400, post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")),
                bad("the same length twice", 400, post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
                bad("list of lengths", 400, post("Content-Length: 5, 5\r\n", "hello")),
                bad("length with sign", 400, post("Content-Length: +5\r\n", "hello")),
                bad("negative length", 400, post("Content-Length: -5\r\n", "hello")),
                bad("length in hex", 400, post("Content-Length: 0x5\r\n", "hello")),
                bad("length with space", 400, post("Content-Length: 1 0\r\n", "hello")),
                bad("empty length", 400, post("Content-Length: \r\n", "hello")),
                bad("length overflow", 400, post("Content-Length: 99999999999999999999\r\n", "hello")),
                bad("gzip, chunked", 400, post("Transfer-Encoding: gzip, chunked\r\n", chunks)),
                bad("chunked, gzip", 400, post("Transfer-Encoding: chunked, gzip\r\n", chunks)),
                bad("chunked twice", 400, post("Transfer-Encoding: chunked, chunked\r\n", chunks)),
                bad(
                        "two transfer encodings",
                        400,
                        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks)),
                bad("identity", 400, post("Transfer-Encoding: identity\r\n", "")),
                bad("xchunked", 400, post("Transfer-Encoding: xchunked\r\n", chunks)),
                bad("vertical tab before chunked", 400, post("Transfer-Encoding: \u000bchunked\r\n", chunks)),
                bad(
                        "chunks in HTTP/1.0",
                        400,
                        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
                bad("space before colon", 400, get("/", "X-A : b\r\n")),
                bad("space before colon of length", 400, post("Content-Length : 5\r\n", "hello")),
                bad("folded line", 400, get("/", "X-A: b\r\n c\r\n")),
                bad("folded length", 400, post("Content-Length:\r\n 5\r\n", "hello")),
                bad("leading space", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
                bad("no colon", 400, get("/", "X-A\r\n")),
                bad("empty name", 400, get("/", ": b\r\n")),
                bad("NUL in value", 400, get("/", "X-A: b\0c\r\n")),
                bad("control in value", 400, get("/", "X-A: b\u0001c\r\n")),
                bad("CR in value", 400, get("/", "X-A: b\rc\r\n")),
                bad("NUL in name", 400, get("/", "X\0A: b\r\n")),
                bad("bracket in name", 400, get("/", "X(A: b\r\n")),
                bad("no host", 400, "GET / HTTP/1.1\r\n\r\n"),
                bad("two hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
                bad("the same host twice", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
                bad("host with user", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
                bad("host with path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
                bad("host with space", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
                bad("host with bad port", 400, "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n"),
                bad("host list", 400, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
                bad("absolute target, other host", 400, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("user in absolute target", 400, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("escaped NUL", 400, get("/a%00b", "")),
                bad("fragment", 400, get("/a#b", "")),
                bad("escaped dots", 400, get("/a/%2e%2e/b", "")),
                bad("half escaped dots", 400, get("/a/.%2e/b", "")),
                bad("dots with parameter", 400, get("/a/..;x/b", "")),
                bad("above the root", 400, get("/../etc/passwd", "")),
                bad("bad escape", 400, get("/a%2", "")),
                bad("bad escape digits", 400, get("/a%zz", "")),
                bad("no slash", 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("space in target", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("long target", 414, get("/" + "a".repeat(9000), "")),
                bad("many fields", 431, get("/", "X-A: b\r\n".repeat(150))),
                bad("large fields", 431, get("/", ("X-A: " + "b".repeat(8000) + "\r\n").repeat(9))),
                bad("very large fields", 431, get("/", ("X-A: " + "b".repeat(8000) + "\r\n").repeat(20))),
                bad("large body", 413, post("Content-Length: 2000\r\n", "")),
                bad("two types", 400, post("Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n", "")),
                bad("underscore length", 400, post("Content_Length: 5\r\nContent-Length: 0\r\n", "")),
                bad("underscore forwarded", 400, get("/", "X_Forwarded_For: 1.2.3.4\r\n")),
                bad("trace", 405, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("connect", 405, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
                bad("websocket", 501, get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n")),
                bad("bad method", 400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
                bad("HTTP/0.9", 505, "GET /\r\n\r\n"),
                bad("HTTP/3.0", 505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
                bad("unknown expectation", 417, post("Expect: more\r\nContent-Length: 0\r\n", "")),
                bad("too often", 508, get("/", "Via: 1.1 fluid4j, 1.1 x, 1.1 fluid4j, 1.1 fluid4j, 1.1 fluid4j\r\n")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("corpus")
    void isAnsweredAndNotForwarded(String name, int status, String octets) throws Exception {
        int before = instance.requests.size();
        try (RawClient client = new RawClient(router.httpPort())) {
            RawClient.Answer answer = client.send(octets).answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.field("Fluid-Request-Id")).isNotNull();
            if (status == 400) {
                assertThat(client.closedByPeer()).isTrue();
            }
        }
        // A good request comes after it on another connection; what had been forwarded would be before it.
        try (RawClient client = new RawClient(router.httpPort())) {
            assertThat(client.send(get("/good", "")).answer().status()).isEqualTo(200);
        }
        assertThat(instance.requests.subList(before, instance.requests.size())).containsExactly("GET /good");
    }

    static Stream<Arguments> badChunks() {
        return Stream.of(
                Arguments.of("sign", "+5\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("overflow", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
                Arguments.of("no line end", "5\r\nhelloX\r\n0\r\n\r\n"),
                Arguments.of("letters", "zz\r\nhello\r\n0\r\n\r\n"));
    }

    /** The head is already on its way when a chunk turns out to be broken: the instance sees an abort, never an end. */
    @ParameterizedTest(name = "chunk: {0}")
    @MethodSource("badChunks")
    void brokenChunkNeverLooksComplete(String name, String body) throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            RawClient.Answer answer =
                    client.send(post("Transfer-Encoding: chunked\r\n", body)).answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(client.closedByPeer()).isTrue();
        }
    }

    @Test
    void bodyThatGrowsTooLargeIs413() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            String chunk = "1f4\r\n" + "x".repeat(500) + "\r\n";
            RawClient.Answer answer = client.send(post("Transfer-Encoding: chunked\r\n", chunk.repeat(4)))
                    .answer();
            assertThat(answer.status()).isEqualTo(413);
        }
    }

    @Test
    void hopByHopFieldsStayHere() throws Exception {
        instance.calls.clear();
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send(
                    get(
                            "/hops",
                            "Connection: keep-alive, X-Mine, Authorization\r\nX-Mine: 1\r\nAuthorization: Basic eA==\r\n"
                                    + "Keep-Alive: 5\r\nProxy-Authorization: Basic eA==\r\nTE: trailers, gzip\r\n"
                                    + "X-Fluid-Instance: x\r\nFluid-Request-Id: y\r\nX-Forwarded-For: 1.2.3.4\r\n"
                                    + "Forwarded: for=1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 1.2.3.4\r\nX-Kept: 2\r\n"));
            assertThat(client.answer().status()).isEqualTo(200);
        }
        ScriptedInstance.Call call = instance.call();
        for (String gone : List.of(
                "X-Mine",
                "Keep-Alive",
                "Proxy-Authorization",
                "Connection",
                "X-Fluid-Instance",
                "Fluid-Request-Id",
                "X-Forwarded-For",
                "Forwarded",
                "X-Forwarded-Proto",
                "X-Real-IP")) {
            assertThat(call.field(gone)).as(gone).isEmpty();
        }
        assertThat(call.field("Authorization")).isEqualTo("Basic eA==");
        assertThat(call.field("TE")).isEqualTo("trailers");
        assertThat(call.field("X-Kept")).isEqualTo("2");
        assertThat(call.field("Via")).isEqualTo("1.1 fluid4j");
        assertThat(call.head.scheme()).isEqualTo("http");
        assertThat(call.head.remote().getHostAddress()).isEqualTo("127.0.0.1");
    }

    /** A proxy before the router may not have understood it; whoever asks is answered all the same, by HTTP/1.1. */
    @Test
    void upgradeToHttp2IsLeftAlone() throws Exception {
        instance.calls.clear();
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send(get(
                    "/upgrade",
                    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
            assertThat(client.readHead().status()).isEqualTo(200);
        }
        ScriptedInstance.Call call = instance.call();
        assertThat(call.field("Upgrade")).isEmpty();
        assertThat(call.field("HTTP2-Settings")).isEmpty();
    }

    @Test
    void targetsAreForwardedAsTheyCame() throws Exception {
        for (String target : List.of(
                "/a;b=c/d",
                "/a/../b?x=%2F..%2f&y",
                "/%E4%BD%A0",
                "/a%2Fb",
                "/a//b",
                "/a/./b",
                "/?",
                "/a?b?c",
                "/a%5Cb")) {
            instance.calls.clear();
            try (RawClient client = new RawClient(router.httpPort())) {
                assertThat(client.send(get(target, "")).answer().status())
                        .as(target)
                        .isEqualTo(200);
            }
            assertThat(instance.call().head.targetString()).isEqualTo(target);
        }
    }

    @Test
    void absoluteTargetIsForwardedInOriginForm() throws Exception {
        instance.calls.clear();
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET http://shop.example:8080/x?y HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
        }
        ScriptedInstance.Call call = instance.call();
        assertThat(call.head.targetString()).isEqualTo("/x?y");
        assertThat(call.head.authority()).isEqualTo("shop.example:8080");
    }
}
