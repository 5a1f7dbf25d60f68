/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static io.fluid4j.it.Http2Frames.CONTINUATION;
import static io.fluid4j.it.Http2Frames.DATA;
import static io.fluid4j.it.Http2Frames.END_HEADERS;
import static io.fluid4j.it.Http2Frames.END_STREAM;
import static io.fluid4j.it.Http2Frames.HEADERS;
import static io.fluid4j.it.Http2Frames.PADDED;
import static io.fluid4j.it.Http2Frames.PING;
import static io.fluid4j.it.Http2Frames.PRIORITY;
import static io.fluid4j.it.Http2Frames.PUSH_PROMISE;
import static io.fluid4j.it.Http2Frames.RST_STREAM;
import static io.fluid4j.it.Http2Frames.SETTINGS;
import static io.fluid4j.it.Http2Frames.WINDOW_UPDATE;
import static io.fluid4j.it.Http2Frames.block;
import static io.fluid4j.it.Http2Frames.frame;
import static io.fluid4j.it.Http2Frames.join;
import static io.fluid4j.it.Http2Frames.literal;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.FrameType;
import io.fluid4j.testkit.WireFrame;
import io.fluid4j.testkit.WirePeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Malformed and ambiguous requests by HTTP/2, frame by frame, sent to the delivered router: none reaches an instance.
 * The instance is a scripted one that answers whatever comes and keeps every frame, so what is forwarded is seen.
 */
@Timeout(60)
class MalformedHttp2IT {

    private static final String[] PSEUDO = {":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/bad"};
    private static final String[] POST = {":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/bad"};

    /** RFC 9113 section 8.1.1: answered with 400, or a stream or connection error. */
    private static final List<String> MALFORMED = List.of("400", "reset 1", "gone 1");

    private static RouterServer router;
    private static WirePeer instance;
    private static final List<WireFrame> FORWARDED = new CopyOnWriteArrayList<>();
    private static final ScheduledExecutorService HEALTH = Executors.newSingleThreadScheduledExecutor();

    @BeforeAll
    static void start() throws IOException {
        router = RouterServer.start("malformed-router", "-Xmx64m", "fluid.router.max-body=1000\n");
        instance = WirePeer.dial(router.tunnelPort()).observe(MalformedHttp2IT::received);
        instance.handshakeAsDialler(WirePeer.instance("shop"), Delivery.SECRET);
        AtomicLong sequence = new AtomicLong();
        var unused = HEALTH.scheduleAtFixedRate(
                () -> {
                    try {
                        instance.healthy(sequence.incrementAndGet());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                0,
                100,
                TimeUnit.MILLISECONDS);
        router.awaitInstance("/good");
    }

    /** On the thread that reads the tunnel. What is kept open gets no answer. */
    private static void received(WireFrame frame) {
        if (frame.stream() == 0) {
            return;
        }
        FORWARDED.add(frame);
        if (frame.is(FrameType.REQUEST_STARTED) && !text(frame).contains("/open")) {
            try {
                instance.respond(frame.stream(), 200, "forwarded");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String text(WireFrame frame) {
        return new String(frame.payload(), StandardCharsets.ISO_8859_1);
    }

    @AfterAll
    static void stop() throws IOException {
        HEALTH.shutdownNow();
        if (instance != null) {
            instance.close();
        }
        if (router != null) {
            router.close();
        }
    }

    // ---- heads ---------------------------------------------------------------------------------------------------

    private static byte[] head(String... fields) {
        return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(fields));
    }

    private static String[] with(String[] fields, String... more) {
        String[] all = Arrays.copyOf(fields, fields.length + more.length);
        System.arraycopy(more, 0, all, fields.length, more.length);
        return all;
    }

    private static String[] replaced(String name, String value) {
        String[] fields = PSEUDO.clone();
        fields[List.of(fields).indexOf(name) + 1] = value;
        return fields;
    }

    private static String[] without(String name) {
        List<String> fields = new ArrayList<>(List.of(PSEUDO));
        int at = fields.indexOf(name);
        fields.remove(at);
        fields.remove(at);
        return fields.toArray(String[]::new);
    }

    private static Arguments field(String name, String... fields) {
        return Arguments.of(name, MALFORMED, head(with(PSEUDO, fields)));
    }

    private static Arguments pseudo(String name, String... fields) {
        return Arguments.of(name, MALFORMED, head(fields));
    }

    private static Arguments answered(int status, String name, byte[] frames) {
        return Arguments.of(name, List.of(Integer.toString(status)), frames);
    }

    static Stream<Arguments> connectionSpecificFields() {
        return Stream.of(
                field("connection", "connection", "close"),
                field("connection that names a field", "connection", "x-a", "x-a", "b"),
                field("keep-alive", "keep-alive", "timeout=5"),
                field("proxy-connection", "proxy-connection", "keep-alive"),
                field("transfer-encoding", "transfer-encoding", "chunked"),
                field("transfer-encoding and length", "transfer-encoding", "chunked", "content-length", "0"),
                field("upgrade to h2c", "upgrade", "h2c"),
                field("upgrade to websocket", "upgrade", "websocket"),
                field("upper-case connection", "Connection", "close"),
                field("upper-case transfer-encoding", "Transfer-Encoding", "chunked"),
                field("te gzip", "te", "gzip"),
                field("te trailers and more", "te", "trailers, gzip"),
                field("te trailers with weight", "te", "trailers;q=0.5"),
                field("te twice", "te", "trailers", "te", "gzip"));
    }

    static Stream<Arguments> hosts() {
        return Stream.of(
                field("another host", "host", "b"),
                field("another port", "host", "a:81"),
                field("two hosts", "host", "a", "host", "a"),
                field("two hosts, one another", "host", "a", "host", "b"),
                field("empty host beside an authority", "host", ""),
                pseudo("neither authority nor host", without(":authority")),
                pseudo("empty authority", replaced(":authority", "")),
                pseudo("user in authority", replaced(":authority", "u@a")),
                pseudo("path in authority", replaced(":authority", "a/b")),
                pseudo("space in authority", replaced(":authority", "a b")),
                pseudo("list in authority", replaced(":authority", "a,b")),
                pseudo("bad port in authority", replaced(":authority", "a:99999")),
                pseudo("NUL in authority", replaced(":authority", "a\0b")),
                pseudo("line end in authority", replaced(":authority", "a\r\nX-A: b")),
                pseudo("bad host, no authority", with(without(":authority"), "host", "u@a")),
                pseudo("two hosts, no authority", with(without(":authority"), "host", "a", "host", "b")));
    }

    static Stream<Arguments> pseudoFields() {
        return Stream.of(
                pseudo("no method", without(":method")),
                pseudo("no scheme", without(":scheme")),
                pseudo("no path", without(":path")),
                pseudo("nothing"),
                pseudo("method twice", with(new String[] {":method", "GET"}, PSEUDO)),
                pseudo("another method", with(PSEUDO, ":method", "POST")),
                pseudo("scheme twice", with(PSEUDO, ":scheme", "http")),
                pseudo("path twice", with(PSEUDO, ":path", "/other")),
                pseudo("authority twice", with(PSEUDO, ":authority", "b")),
                pseudo("unknown", with(PSEUDO, ":foo", "bar")),
                pseudo("of a response", with(PSEUDO, ":status", "200")),
                pseudo("after a field", with(with(without(":path"), "x-a", "b"), ":path", "/bad")),
                pseudo("a field first", with(new String[] {"x-a", "b"}, PSEUDO)),
                pseudo("twice, one upper-case", with(PSEUDO, ":Path", "/other")),
                pseudo("upper-case path", with(without(":path"), ":Path", "/bad")),
                pseudo("upper-case method", with(without(":method"), ":METHOD", "GET")),
                pseudo("upper-case scheme", with(without(":scheme"), ":Scheme", "http")),
                pseudo("upper-case authority", with(without(":authority"), ":Authority", "a")),
                pseudo("protocol without CONNECT", with(PSEUDO, ":protocol", "websocket")),
                pseudo("upper-case protocol", with(PSEUDO, ":Protocol", "websocket")),
                pseudo("bad method", replaced(":method", "G(T")),
                pseudo("empty method", replaced(":method", "")),
                pseudo("space in method", replaced(":method", "GET /other HTTP/1.1\r\nX-A:")),
                pseudo("empty scheme", replaced(":scheme", "")),
                pseudo("bad scheme", replaced(":scheme", "ht tp")),
                pseudo("scheme with target", replaced(":scheme", "http://b/?")),
                pseudo("line end in scheme", replaced(":scheme", "http\r\nX-A: b")),
                pseudo("not a scheme for HTTP", replaced(":scheme", "ftp")));
    }

    static Stream<Arguments> paths() {
        return Stream.of(
                pseudo("empty", replaced(":path", "")),
                pseudo("no slash", replaced(":path", "bad")),
                pseudo("a query only", replaced(":path", "?a")),
                pseudo("asterisk", replaced(":path", "*")),
                pseudo("absolute", replaced(":path", "http://b/bad")),
                pseudo("space", replaced(":path", "/a b")),
                pseudo("smuggled line", replaced(":path", "/bad HTTP/1.1\r\nX-A: b\r\n\r\nGET /other")),
                pseudo("LF", replaced(":path", "/a\nb")),
                pseudo("NUL", replaced(":path", "/a\0b")),
                pseudo("control", replaced(":path", "/a\u0001b")),
                pseudo("DEL", replaced(":path", "/a\u007fb")),
                pseudo("fragment", replaced(":path", "/a#b")),
                pseudo("escaped NUL", replaced(":path", "/a%00b")),
                pseudo("escaped dots", replaced(":path", "/a/%2e%2e/b")),
                pseudo("dots with parameter", replaced(":path", "/a/..;x/b")),
                pseudo("above the root", replaced(":path", "/../etc/passwd")),
                pseudo("bad escape", replaced(":path", "/a%2")),
                answered(414, "too long", head(replaced(":path", "/" + "a".repeat(9000)))));
    }

    static Stream<Arguments> fields() {
        return Stream.of(
                field("upper-case name", "X-A", "b"),
                field("empty name", "", "b"),
                field("space in name", "x a", "b"),
                field("colon in name", "x:a", "b"),
                field("NUL in name", "x\0a", "b"),
                field("line end in name", "x: b\r\ny", "b"),
                field("bracket in name", "x(a", "b"),
                field("name beyond ASCII", "x\u00e4", "b"),
                field("CR in value", "x-a", "b\rc"),
                field("LF in value", "x-a", "b\nc"),
                field("smuggled field", "x-a", "b\r\nTransfer-Encoding: chunked"),
                field("smuggled request", "x-a", "b\r\n\r\nGET /other HTTP/1.1\r\nHost: a\r\n\r\n"),
                field("NUL in value", "x-a", "b\0c"),
                field("control in value", "x-a", "b\u0001c"),
                field("DEL in value", "x-a", "b\u007fc"),
                field("LF in a known field", "user-agent", "b\nc"),
                field("NUL in a cookie", "cookie", "a=b\0c"),
                field("space before value", "x-a", " b"),
                field("space after value", "x-a", "b "),
                field("tab after value", "x-a", "b\t"),
                field("two types", "content-type", "a/b", "content-type", "c/d"),
                field("underscore length", "content_length", "5"),
                field("underscore forwarded", "x_forwarded_for", "1.2.3.4"),
                answered(417, "unknown expectation", head(with(PSEUDO, "expect", "more"))),
                answered(
                        508,
                        "too often",
                        head(with(PSEUDO, "via", "1.1 fluid4j, 1.1 fluid4j, 2.0 fluid4j, 1.1 fluid4j"))));
    }

    static Stream<Arguments> methods() {
        return Stream.of(
                answered(405, "TRACE", head(replaced(":method", "TRACE"))),
                Arguments.of("CONNECT", List.of("405"), head(":method", "CONNECT", ":authority", "a:80")),
                Arguments.of("CONNECT with path", concat(MALFORMED, "405"), head(replaced(":method", "CONNECT"))),
                Arguments.of("CONNECT without authority", concat(MALFORMED, "405"), head(":method", "CONNECT")),
                Arguments.of(
                        "extended CONNECT",
                        concat(MALFORMED, "405", "501"),
                        head(with(replaced(":method", "CONNECT"), ":protocol", "websocket"))));
    }

    private static List<String> concat(List<String> list, String... more) {
        List<String> all = new ArrayList<>(list);
        all.addAll(List.of(more));
        return all;
    }

    static Stream<Arguments> sizes() {
        String[] many = PSEUDO;
        for (int i = 0; i < 150; i++) {
            many = with(many, "x-a", "b");
        }
        String[] large = PSEUDO;
        for (int i = 0; i < 20; i++) {
            large = with(large, "x-a", "b".repeat(8000));
        }
        byte[] block = block(large);
        ByteArrayOutputStream continued = new ByteArrayOutputStream();
        continued.writeBytes(frame(HEADERS, END_STREAM, 1, Arrays.copyOf(block, 16_000)));
        for (int at = 16_000; at < block.length; at += 16_000) {
            int end = Math.min(at + 16_000, block.length);
            continued.writeBytes(
                    frame(CONTINUATION, end == block.length ? END_HEADERS : 0, 1, Arrays.copyOfRange(block, at, end)));
        }
        // One entry of 4,000 octets in the dynamic table, and 200 references of one octet.
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.writeBytes(block(PSEUDO));
        bomb.write(0x40);
        literal(bomb, "x-a");
        literal(bomb, "b".repeat(4000));
        for (int i = 0; i < 200; i++) {
            bomb.write(0x80 | 62);
        }
        byte[] endless = new byte[0];
        for (int i = 0; i < 2000; i++) {
            endless = join(endless, frame(CONTINUATION, 0, 1, block("x-" + i, "b")));
        }
        byte[] empty = new byte[0];
        for (int i = 0; i < 2000; i++) {
            empty = join(empty, frame(CONTINUATION, 0, 1));
        }
        List<String> tooLarge = List.of("431", "reset 1", "reset 11", "gone 1", "gone 9", "gone 11");
        return Stream.of(
                answered(431, "many fields", head(many)),
                Arguments.of("large fields", tooLarge, continued.toByteArray()),
                Arguments.of("bomb", tooLarge, frame(HEADERS, END_HEADERS | END_STREAM, 1, bomb.toByteArray())),
                Arguments.of(
                        "continued for ever", tooLarge, join(frame(HEADERS, END_STREAM, 1, block(PSEUDO)), endless)),
                Arguments.of(
                        "continued with nothing", tooLarge, join(frame(HEADERS, END_STREAM, 1, block(PSEUDO)), empty)));
    }

    static Stream<Arguments> lengths() {
        return Stream.of(
                length("no body", 0, "content-length", "5"),
                length("another, upper-case", 5, "content-length", "5", "Content-Length", "6"),
                length("two lengths", 5, "content-length", "5", "content-length", "6"),
                length("the same length twice", 5, "content-length", "5", "content-length", "5"),
                length("list of lengths", 5, "content-length", "5, 5"),
                length("sign", 5, "content-length", "+5"),
                length("negative", 5, "content-length", "-5"),
                length("hex", 5, "content-length", "0x5"),
                length("space", 5, "content-length", "5 "),
                length("empty", 5, "content-length", ""),
                length("overflow", 5, "content-length", "99999999999999999999"),
                answered(413, "too large", post(0, "content-length", "2000")));
    }

    private static Arguments length(String name, int octets, String... fields) {
        return Arguments.of(name, MALFORMED, post(octets, fields));
    }

    /** Without octets the head ends the stream. */
    private static byte[] post(int octets, String... fields) {
        byte[] block = block(with(POST, fields));
        return octets == 0
                ? frame(HEADERS, END_HEADERS | END_STREAM, 1, block)
                : join(frame(HEADERS, END_HEADERS, 1, block), frame(DATA, END_STREAM, 1, new byte[octets]));
    }

    static Stream<Arguments> frames() {
        byte[] good = block(PSEUDO);
        byte[] begin = frame(HEADERS, END_STREAM, 1, good);
        byte[] whole = frame(HEADERS, END_HEADERS | END_STREAM, 1, good);
        return Stream.of(
                broken("head on stream 0", frame(HEADERS, END_HEADERS | END_STREAM, 0, good)),
                broken("head on an even stream", frame(HEADERS, END_HEADERS | END_STREAM, 2, good)),
                broken("head that depends on itself", dependent(1, good)),
                broken("more padding than frame", frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, padded(good))),
                broken("body on stream 0", join(frame(DATA, END_STREAM, 0, new byte[5]), whole)),
                broken("body before the head", join(frame(DATA, END_STREAM, 1, new byte[5]), whole)),
                broken("continuation of nothing", join(frame(CONTINUATION, END_HEADERS, 1, good), whole)),
                broken("ping within a head", join(begin, frame(PING, 0, 0, new byte[8]), continuation(1))),
                broken("body within a head", join(begin, frame(DATA, END_STREAM, 1, new byte[5]), continuation(1))),
                broken("another's continuation", join(begin, continuation(3))),
                broken(
                        "promise of a client",
                        join(frame(PUSH_PROMISE, END_HEADERS, 1, join(new byte[4], good)), whole)),
                broken("reset of an idle stream", join(frame(RST_STREAM, 0, 1, new byte[4]), whole)),
                broken("window of nothing", join(frame(WINDOW_UPDATE, 0, 0, new byte[4]), whole)),
                broken("window overflow", join(frame(WINDOW_UPDATE, 0, 0, new byte[] {0x7F, -1, -1, -1}), whole)),
                broken("half settings", join(frame(SETTINGS, 0, 0, new byte[5]), whole)),
                broken("settings of a stream", join(frame(SETTINGS, 0, 1), whole)),
                broken("acknowledged with payload", join(frame(SETTINGS, 1, 0, new byte[6]), whole)),
                broken("short ping", join(frame(PING, 0, 0, new byte[7]), whole)),
                broken("frame too large", join(frame(DATA, 0, 1, new byte[17_000]), whole)),
                broken("index 0", frame(HEADERS, END_HEADERS | END_STREAM, 1, join(good, new byte[] {(byte) 0x80}))),
                broken(
                        "index of nothing",
                        frame(HEADERS, END_HEADERS | END_STREAM, 1, join(good, new byte[] {(byte) 0xFE}))),
                broken("integer overflow", frame(HEADERS, END_HEADERS | END_STREAM, 1, join(good, new byte[] {
                    -1, -1, -1, -1, -1, -1, -1, -1, 0
                }))),
                broken(
                        "cut literal",
                        frame(HEADERS, END_HEADERS | END_STREAM, 1, Arrays.copyOf(good, good.length - 2))),
                broken("bad Huffman code", frame(HEADERS, END_HEADERS | END_STREAM, 1, join(good, new byte[] {
                    0, 1, 'x', (byte) 0x84, -1, -1, -1, -1
                }))),
                broken(
                        "table too large",
                        frame(HEADERS, END_HEADERS | END_STREAM, 1, join(new byte[] {0x3F, -1, -1, 127}, good))));
    }

    private static byte[] continuation(int stream) {
        return frame(CONTINUATION, END_HEADERS, stream, block("x-a", "b"));
    }

    private static byte[] padded(byte[] block) {
        return join(new byte[] {(byte) 255}, block);
    }

    private static byte[] dependent(int on, byte[] block) {
        return frame(HEADERS, END_HEADERS | END_STREAM | PRIORITY, 1, join(new byte[] {0, 0, 0, (byte) on, 16}, block));
    }

    /** Errors of a connection, or of a stream: any code that is not "no error". */
    private static Arguments broken(String name, byte[] frames) {
        List<String> endings = new ArrayList<>(List.of("closed", "400"));
        for (int code = 1; code <= 13; code++) {
            endings.add("gone " + code);
            endings.add("reset " + code);
        }
        return Arguments.of(name, endings, frames);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({
        "connectionSpecificFields",
        "hosts",
        "pseudoFields",
        "paths",
        "fields",
        "methods",
        "sizes",
        "lengths",
        "frames"
    })
    void isNotForwarded(String name, List<String> endings, byte[] frames) throws IOException {
        FORWARDED.clear();
        String ending;
        try (Http2Frames client = Http2Frames.open(router.httpPort())) {
            client.send(frames);
            ending = client.ending(1);
        }
        assertOnlyGoodIsForwarded();
        assertThat(ending).isIn(endings);
    }

    /** A good request comes after it on another connection; what had been forwarded would be before it. */
    private static void assertOnlyGoodIsForwarded() throws IOException {
        try (Http2Frames client = Http2Frames.open(router.httpPort())) {
            client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(replaced(":path", "/good"))));
            assertThat(client.ending(1)).isEqualTo("200");
        }
        assertThat(FORWARDED.stream()
                        .filter(frame -> frame.is(FrameType.REQUEST_STARTED))
                        .map(MalformedHttp2IT::text))
                .singleElement()
                .asString()
                .contains("/good");
    }

    // ---- what goes wrong when the head is on its way ----------------------------------------------------------------

    static Stream<Arguments> afterTheHead() {
        return Stream.of(
                Arguments.of("shorter than its length", "5", frame(DATA, END_STREAM, 1, new byte[4])),
                Arguments.of("longer than its length", "5", frame(DATA, END_STREAM, 1, new byte[6])),
                Arguments.of(
                        "longer, in pieces",
                        "5",
                        join(frame(DATA, 0, 1, new byte[4]), frame(DATA, END_STREAM, 1, new byte[4]))),
                Arguments.of("body for a length of 0", "0", frame(DATA, END_STREAM, 1, new byte[4])),
                Arguments.of("trailers too soon", "5", join(frame(DATA, 0, 1, new byte[4]), trailers("x-a", "b"))),
                Arguments.of(
                        "more padding than body", "5", frame(DATA, END_STREAM | PADDED, 1, new byte[] {9, 1, 2, 3, 4, 5
                        })),
                Arguments.of("trailers that are not the end", "", frame(HEADERS, END_HEADERS, 1, block("x-a", "b"))),
                Arguments.of("pseudo-field in trailers", "", trailers(":path", "/other")),
                Arguments.of("upper-case name in trailers", "", trailers("X-A", "b")),
                Arguments.of("connection in trailers", "", trailers("connection", "close")),
                Arguments.of("transfer-encoding in trailers", "", trailers("transfer-encoding", "chunked")),
                Arguments.of("line end in trailers", "", trailers("x-a", "b\r\nX-B: c")),
                Arguments.of("NUL in trailers", "", trailers("x-a", "b\0c")),
                Arguments.of("body too large", "", frame(DATA, END_STREAM, 1, new byte[1500])));
    }

    private static byte[] trailers(String... fields) {
        return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(fields));
    }

    /** The instance may have the head; it never sees an end of the request, but that it was given up. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("afterTheHead")
    void neverLooksComplete(String name, String length, byte[] rest) throws IOException {
        FORWARDED.clear();
        String[] fields = POST.clone();
        fields[7] = "/open";
        if (!length.isEmpty()) {
            fields = with(fields, "content-length", length);
        }
        String ending;
        try (Http2Frames client = Http2Frames.open(router.httpPort())) {
            client.send(join(frame(HEADERS, END_HEADERS, 1, block(fields)), rest));
            ending = client.ending(1);
        }
        assertThat(ending).isNotEqualTo("200");
        int good = forwardedStream("/good");
        for (WireFrame frame : FORWARDED) {
            if (frame.stream() != good) {
                assertThat(complete(frame))
                        .as("%s is the end of the request", frame)
                        .isFalse();
            }
        }
    }

    private static boolean complete(WireFrame frame) {
        return frame.is(FrameType.REQUEST_END) || (frame.is(FrameType.REQUEST_STARTED) && (frame.flags() & 1) != 0);
    }

    /** Sends a good request, and finds the stream it is forwarded on. */
    private static int forwardedStream(String path) throws IOException {
        try (Http2Frames client = Http2Frames.open(router.httpPort())) {
            client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(replaced(":path", path))));
            assertThat(client.ending(1)).isEqualTo("200");
        }
        return FORWARDED.stream()
                .filter(frame ->
                        frame.is(FrameType.REQUEST_STARTED) && text(frame).contains(path))
                .findFirst()
                .orElseThrow()
                .stream();
    }

    // ---- what is good -------------------------------------------------------------------------------------------

    static Stream<Arguments> good() {
        return Stream.of(
                Arguments.of("as it is", head(PSEUDO)),
                Arguments.of("the same host", head(with(PSEUDO, "host", "a"))),
                Arguments.of("host instead of authority", head(with(without(":authority"), "host", "a"))),
                Arguments.of("te trailers", head(with(PSEUDO, "te", "trailers"))),
                Arguments.of("cookie in pieces", head(with(PSEUDO, "cookie", "a=b", "cookie", "c=d"))),
                Arguments.of("empty value", head(with(PSEUDO, "x-a", ""))),
                Arguments.of("with its length", post(5, "content-length", "5")),
                Arguments.of("without length", post(5)),
                Arguments.of(
                        "trailers",
                        join(
                                frame(HEADERS, END_HEADERS, 1, block(POST)),
                                frame(DATA, 0, 1, new byte[4]),
                                trailers("x-a", "b"))),
                Arguments.of(
                        "continued",
                        join(
                                frame(HEADERS, END_STREAM, 1, block(PSEUDO)),
                                frame(CONTINUATION, END_HEADERS, 1, block("x-a", "b")))));
    }

    /** The same client, the same frames but for the fault: so it is the fault that the others are refused for. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void isForwarded(String name, byte[] frames) throws IOException {
        try (Http2Frames client = Http2Frames.open(router.httpPort())) {
            client.send(frames);
            assertThat(client.ending(1)).isEqualTo("200");
        }
    }

    @Test
    void prefaceIsWholeOrNothing() throws IOException {
        FORWARDED.clear();
        try (Http2Frames client = new Http2Frames(router.httpPort())) {
            client.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.send(join(frame(SETTINGS, 0, 0), head(PSEUDO)));
            assertThat(client.ending(1)).isNotEqualTo("200");
        }
        assertOnlyGoodIsForwarded();
    }
}
