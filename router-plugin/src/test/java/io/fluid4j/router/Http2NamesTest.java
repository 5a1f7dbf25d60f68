/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static io.fluid4j.router.Http2Octets.CONTINUATION;
import static io.fluid4j.router.Http2Octets.END_HEADERS;
import static io.fluid4j.router.Http2Octets.END_STREAM;
import static io.fluid4j.router.Http2Octets.HEADERS;
import static io.fluid4j.router.Http2Octets.PADDED;
import static io.fluid4j.router.Http2Octets.PRIORITY;
import static io.fluid4j.router.Http2Octets.block;
import static io.fluid4j.router.Http2Octets.frame;
import static io.fluid4j.router.Http2Octets.join;
import static io.fluid4j.router.Http2Octets.preface;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.router.Http2Octets.Name;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pseudo-fields that are none, but that Jetty takes for one or overlooks: RFC 9113 sections 8.3 and 8.5. */
@Timeout(120)
class Http2NamesTest {

    private static final String[] GOOD = {":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/good"};
    private static final List<String> FORWARDED = new CopyOnWriteArrayList<>();

    private static Router router;
    private static ScriptedInstance instance;

    @BeforeAll
    static void start() throws Exception {
        router = Router.create(RequestPathTest.config()).start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", call -> {
                    FORWARDED.add(call.head.targetString());
                    call.answer(200, "good");
                })
                .connected();
        await().until(() -> router.instances() == 1);
    }

    @AfterAll
    static void stop() {
        instance.close();
        router.close();
    }

    @BeforeEach
    void forget() {
        FORWARDED.clear();
    }

    private static String send(byte[] octets, int stream) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(octets);
            return Http2Octets.ending(socket, stream);
        }
    }

    private static byte[] head(int stream, byte[] block) {
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, block);
    }

    private static String[] with(String name, String value) {
        String[] fields = Arrays.copyOf(GOOD, GOOD.length + 2);
        fields[GOOD.length] = name;
        fields[GOOD.length + 1] = value;
        return fields;
    }

    private static String[] named(String instead, String name) {
        String[] fields = GOOD.clone();
        fields[List.of(fields).indexOf(instead)] = name;
        return fields;
    }

    // ---- by the router --------------------------------------------------------------------------------------------

    static Stream<Arguments> malformed() {
        return EnumSet.allOf(Name.class).stream()
                .flatMap(how -> Stream.of(
                        Arguments.of(how, "protocol without CONNECT", with(":protocol", "websocket")),
                        Arguments.of(how, "upper-case path", named(":path", ":Path")),
                        Arguments.of(how, "upper-case method", named(":method", ":METHOD")),
                        Arguments.of(how, "upper-case scheme", named(":scheme", ":schemE")),
                        Arguments.of(how, "upper-case authority", named(":authority", ":Authority"))));
    }

    @ParameterizedTest(name = "{1}, {0}")
    @MethodSource("malformed")
    void isRefused(Name how, String name, String[] fields) throws IOException {
        assertThat(send(join(preface(), head(1, block(how, fields))), 1)).isIn("gone 1", "reset 1");
        assertThat(FORWARDED).isEmpty();
    }

    /** The name may have got into the table of the connection by a request that was refused. */
    @Test
    void isRefusedWhereTheNameComesFromTheTable() throws IOException {
        byte[] again = join(
                block(Name.PLAIN, Arrays.copyOf(GOOD, 6)),
                // The latest entry: 62.
                new byte[] {(byte) (0x80 | 62)});
        byte[] octets = join(preface(), head(1, block(Name.INDEXED, named(":path", ":Path"))), head(3, again));
        assertThat(send(octets, 3)).isIn("gone 1", "reset 1", "closed");
        assertThat(FORWARDED).isEmpty();
    }

    /** Where it begins cannot be told then, so nothing that comes by it is trusted. */
    @Test
    void isRefusedAfterHttp1() throws IOException {
        try (RawClient client = new RawClient(router.httpPort())) {
            assertThat(client.send("GET /before HTTP/1.1\r\nHost: a\r\n\r\n")
                            .answer()
                            .text())
                    .isEqualTo("good");
            client.socket()
                    .getOutputStream()
                    .write(join(preface(), head(1, block(Name.PLAIN, named(":path", ":Path")))));
            assertThat(Http2Octets.ending(client.socket(), 1)).isIn("gone 1", "closed");
        }
        assertThat(FORWARDED).containsExactly("/before");
    }

    static Stream<Arguments> good() {
        byte[] block = block(Name.PLAIN, GOOD);
        return Stream.concat(
                EnumSet.allOf(Name.class).stream().map(how -> Arguments.of("by " + how, head(1, block(how, GOOD)))),
                Stream.of(
                        Arguments.of(
                                "octet by octet",
                                join(
                                        frame(HEADERS, END_STREAM, 1),
                                        join(octetByOctet(block)),
                                        frame(CONTINUATION, END_HEADERS, 1))),
                        Arguments.of(
                                "padded, with priority",
                                frame(
                                        HEADERS,
                                        END_HEADERS | END_STREAM | PADDED | PRIORITY,
                                        1,
                                        join(
                                                new byte[] {3, 0, 0, 0, 0, 16},
                                                block,
                                                ":ab".getBytes(StandardCharsets.US_ASCII)))),
                        Arguments.of(
                                "names in values",
                                head(1, join(block, block(Name.INDEXED, "x-a", ":Path", "x-b", ":protocol")))),
                        Arguments.of(
                                "a long value", head(1, join(block, block(Name.HUFFMAN, "x-a", ":Path".repeat(300))))),
                        Arguments.of(
                                "after others",
                                join(
                                        frame(6, 0, 0, ":Pathabc".getBytes(StandardCharsets.US_ASCII)),
                                        frame(0xF0, 0, 0, "\0\5:Path\1/".getBytes(StandardCharsets.US_ASCII)),
                                        head(1, block)))));
    }

    private static byte[][] octetByOctet(byte[] block) {
        byte[][] frames = new byte[block.length][];
        for (int i = 0; i < block.length; i++) {
            frames[i] = frame(CONTINUATION, 0, 1, block[i]);
        }
        return frames;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void isForwarded(String name, byte[] frames) throws IOException {
        assertThat(send(join(preface(), frames), 1)).isEqualTo("answered");
        assertThat(FORWARDED).containsExactly("/good");
    }

    // ---- by itself, however the octets come ------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void goodIsGoodInAnyPieces(String name, byte[] frames) {
        for (int size = 1; size < 40; size++) {
            assertThat(read(join(preface(), frames), size).malformed(1))
                    .as("pieces of %s", size)
                    .isFalse();
        }
    }

    @ParameterizedTest(name = "{1}, {0}")
    @MethodSource("malformed")
    void malformedIsMalformedInAnyPieces(Name how, String name, String[] fields) {
        byte[] octets =
                join(preface(), head(1, block(how, GOOD)), head(3, block(how, fields)), head(5, block(how, GOOD)));
        for (int size = 1; size < 40; size++) {
            Http2Names names = read(octets, size);
            assertThat(names.malformed(1)).as("pieces of %s", size).isFalse();
            assertThat(names.malformed(3)).as("pieces of %s", size).isTrue();
            assertThat(names.malformed(5)).as("its table is not to be trusted").isTrue();
        }
    }

    @Test
    void aLengthThatIsTooLongIsMalformed() {
        byte[] block = {0, 127, -128, -128, -128, -128, -128, 0};
        assertThat(read(join(preface(), head(1, block)), 100).malformed(1)).isTrue();
    }

    @Test
    void whatDoesNotBeginAsHttp2IsNotTrusted() {
        assertThat(read(new byte[0], 1).malformed(1)).isTrue();
        assertThat(read(join(new byte[] {'\r', '\n'}, preface(), head(1, block(Name.PLAIN, GOOD))), 100)
                        .malformed(1))
                .isTrue();
    }

    private static Http2Names read(byte[] octets, int size) {
        Http2Names names = new Http2Names();
        ByteBuffer buffer = ByteBuffer.wrap(octets);
        for (int from = 0; from < octets.length; from += size) {
            names.read(buffer, from, Math.min(from + size, octets.length));
        }
        return names;
    }
}
