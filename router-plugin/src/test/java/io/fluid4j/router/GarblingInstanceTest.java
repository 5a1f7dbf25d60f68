/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Settings;
import io.fluid4j.testkit.WireFrame;
import io.fluid4j.testkit.WireHandshake;
import io.fluid4j.testkit.WirePeer;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An instance that breaks the protocol: nothing of it is passed on, and no truncated body looks complete. */
@Timeout(120)
class GarblingInstanceTest {

    private Router router;
    private WirePeer peer;

    @BeforeEach
    void start() throws Exception {
        router = Router.create(RequestPathTest.config("fluid.router.max-wait", "30s"))
                .start();
        connect(60_000);
    }

    private void connect(int healthIntervalMillis) throws Exception {
        peer = WirePeer.dial(router.tunnelPort());
        Settings settings = new Settings(131_072, 262_144, 16_777_216, 100_000, 98_304, 60_000, healthIntervalMillis);
        peer.handshakeAsDialler(
                WireHandshake.HelloSpec.instance("shop").with(hello -> hello.settings(settings)),
                ScriptedInstance.SECRET);
        peer.healthy(1);
        await().until(() -> router.instances() == 1);
    }

    @AfterEach
    void stop() throws Exception {
        peer.close();
        router.close();
    }

    /** A response head without any check. */
    private static byte[] head(int status, long length, String... fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeShort(status);
            out.writeLong(length);
            out.writeShort(fields.length / 2);
            for (int i = 0; i < fields.length; i += 2) {
                byte[] name = fields[i].getBytes(StandardCharsets.ISO_8859_1);
                byte[] value = fields[i + 1].getBytes(StandardCharsets.ISO_8859_1);
                out.writeByte(0);
                out.writeByte(name.length);
                out.write(name);
                out.writeShort(value.length);
                out.write(value);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    static Stream<Arguments> badHeads() {
        return Stream.of(
                Arguments.of("line end in a value", head(200, -1, "X-A", "b\r\nX-Injected: 1")),
                Arguments.of("line end in a name", head(200, -1, "X-A\r\nX-Injected", "1")),
                Arguments.of("NUL in a value", head(200, -1, "X-A", "b\0c")),
                Arguments.of("empty name", head(200, -1, "", "b")),
                Arguments.of("a length of its own", head(200, -1, "Content-Length", "5")),
                Arguments.of("a coding of its own", head(200, 4, "Transfer-Encoding", "chunked")),
                Arguments.of("connection", head(200, 4, "Connection", "close, X-A")),
                Arguments.of("status 99", head(99, -1)),
                Arguments.of("status 101", head(101, -1)),
                Arguments.of("status 700", head(700, -1)),
                Arguments.of("negative length", head(200, -2)),
                Arguments.of("cut off", new byte[] {0, (byte) 200, 0}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badHeads")
    void badHeadIs502(String name, byte[] head) throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.send(FrameType.RESPONSE_STARTED, 0, request.stream(), head);
            RawClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.field("X-Injected")).isNull();
            assertThat(answer.field("Fluid-Error")).isIn("instance-fault", "instance-lost");
        }
    }

    @Test
    void bodyBeforeItsHeadIs502() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.send(FrameType.RESPONSE_BODY, 0, request.stream(), new byte[5]);
            assertThat(client.answer().status()).isEqualTo(502);
        }
    }

    @Test
    void bodyBeyondItsLengthInOneReadIs502() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            int stream = peer.await(FrameType.REQUEST_STARTED).stream();
            peer.encode(frames -> {
                FrameWriter.responseStarted(frames, stream, new HeadWriter().response(200, 4));
                FrameWriter.body(frames, FrameType.RESPONSE_BODY, stream, ByteBuffer.wrap(new byte[4]));
                FrameWriter.body(frames, FrameType.RESPONSE_BODY, stream, ByteBuffer.wrap(new byte[4]));
            });
            assertThat(client.answer().status()).isEqualTo(502);
        }
    }

    @Test
    void bodyBeyondItsLengthIsNeverComplete() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.send(FrameType.RESPONSE_STARTED, 0, request.stream(), head(200, 8));
            RawClient.Answer head = client.readHead();
            peer.send(FrameType.RESPONSE_BODY, 0, request.stream(), new byte[4]);
            peer.send(FrameType.RESPONSE_BODY, 0, request.stream(), new byte[9]);
            assertThat(client.readBody(head).complete()).isFalse();
        }
    }

    @Test
    void bodyShortOfItsLengthIsNeverComplete() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.send(FrameType.RESPONSE_STARTED, 0, request.stream(), head(200, 8));
            RawClient.Answer head = client.readHead();
            peer.send(FrameType.RESPONSE_BODY, 0, request.stream(), new byte[4]);
            peer.responseEnd(request.stream(), null, false);
            assertThat(client.readBody(head).complete()).isFalse();
        }
    }

    /** Beginning and failure in one read of the tunnel: P-5.7 has the body aborted once a head has come. */
    @ParameterizedTest
    @CsvSource({"-1, INTERNAL", "1000, INTERNAL", "1000, LENGTH", "-1, SHUTDOWN"})
    void whatWasCommittedBeforeAFailureReachesTheClient(long length, ErrorCode code) throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            int stream = peer.await(FrameType.REQUEST_STARTED).stream();
            peer.encode(frames -> {
                FrameWriter.responseStarted(frames, stream, new HeadWriter().response(200, length));
                FrameWriter.body(frames, FrameType.RESPONSE_BODY, stream, ByteBuffer.wrap("begun".getBytes(US_ASCII)));
                FrameWriter.cancel(frames, stream, code, "broken off", null, false);
            });
            RawClient.Answer head = client.readHead();
            assertThat(head.status()).isEqualTo(200);
            RawClient.Answer answer = client.readBody(head);
            assertThat(answer.complete()).isFalse();
            assertThat(answer.text()).isEqualTo("begun");
        }
    }

    @Test
    void headCommittedBeforeAFailureReachesTheClient() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            int stream = peer.await(FrameType.REQUEST_STARTED).stream();
            peer.encode(frames -> {
                FrameWriter.responseStarted(frames, stream, new HeadWriter().response(200, -1));
                FrameWriter.cancel(frames, stream, ErrorCode.SHUTDOWN, "", null, false);
            });
            RawClient.Answer head = client.readHead();
            assertThat(head.status()).isEqualTo(200);
            assertThat(client.readBody(head).complete()).isFalse();
        }
    }

    @Test
    void secondHeadIsNeverPassedOn() throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.send(FrameType.RESPONSE_STARTED, 0, request.stream(), head(200, -1));
            RawClient.Answer head = client.readHead();
            peer.send(FrameType.RESPONSE_STARTED, 0, request.stream(), head(200, 5, "X-Injected", "1"));
            RawClient.Answer answer = client.readBody(head);
            assertThat(answer.complete()).isFalse();
            assertThat(answer.text()).doesNotContain("Injected");
        }
    }

    @Test
    void otherRequestsOfThatTunnelGoOn() throws Exception {
        try (RawClient bad = new RawClient(router.httpPort());
                RawClient good = new RawClient(router.httpPort())) {
            good.send("GET /good HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame first = peer.await(FrameType.REQUEST_STARTED);
            bad.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
            WireFrame second = peer.await(
                    frame -> frame.is(FrameType.REQUEST_STARTED) && frame.stream() != first.stream(),
                    "the second request");
            peer.send(FrameType.RESPONSE_STARTED, 0, second.stream(), head(200, -1, "X-A", "b\r\nc"));
            assertThat(bad.answer().status()).isEqualTo(502);
            peer.respond(first.stream(), 200, "fine");
            assertThat(good.answer().text()).isEqualTo("fine");
        }
    }

    @Test
    void instanceThatFallsSilentIsNotPickedUntilItSpeaksAgain() throws Exception {
        peer.close();
        await().until(() -> router.instances() == 0);
        connect(100);
        Instance instance = router.context().instances().all().get(0);
        await().until(() -> !instance.available());
        assertThat(instance.state()).isEqualTo("paused");
        assertThat(instance.pauseReason()).isEqualTo("health-missing");
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            await().until(() ->
                    router.context().instances().group("shop").waiting().size() == 1);
            peer.healthy(2);
            WireFrame request = peer.await(FrameType.REQUEST_STARTED);
            peer.respond(request.stream(), 200, "back");
            assertThat(client.answer().text()).isEqualTo("back");
        }
    }
}
