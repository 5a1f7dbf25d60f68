/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reader and writer against octets that this code has not made. */
class GoldenBytesTest {

    private static final byte[] REQUEST_ID = HexFormat.of().parseHex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");

    static List<Golden> goldens() {
        return Golden.all();
    }

    @Test
    void everyFrameTypeHasGoldenBytes() {
        Set<FrameType> missing = EnumSet.allOf(FrameType.class);
        for (Golden golden : Golden.all()) {
            FrameType type = FrameType.of(golden.typeId());
            if (type != null) {
                missing.remove(type);
            }
        }
        assertThat(missing).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void isReadWhole(Golden golden) throws SessionException {
        EventLog log = new EventLog();
        golden.reader(log).read(ByteBuffer.wrap(golden.octets()));
        assertThat(log.lines).isEqualTo(golden.expected());
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void isReadFromADirectBufferBetweenOtherOctets(Golden golden) throws SessionException {
        EventLog log = new EventLog();
        ByteBuffer buffer = ByteBuffer.allocateDirect(golden.octets().length + 20);
        buffer.position(7).limit(7 + golden.octets().length);
        buffer.duplicate().put(golden.octets());
        golden.reader(log).read(buffer);
        assertThat(log.lines).isEqualTo(golden.expected());
        assertThat(buffer.remaining()).isZero();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void isReadByteByByte(Golden golden) throws SessionException {
        EventLog log = new EventLog();
        FrameReader reader = golden.reader(log);
        for (byte octet : golden.octets()) {
            reader.read(ByteBuffer.wrap(new byte[] {octet}));
        }
        assertThat(log.lines).isEqualTo(golden.expected());
        assertThat(reader.atFrameBoundary()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void everyTruncationNeedsMoreAndTheRestCompletesIt(Golden golden) throws SessionException {
        byte[] octets = golden.octets();
        for (int cut = 1; cut < octets.length; cut++) {
            EventLog log = new EventLog();
            FrameReader reader = golden.reader(log);
            reader.read(ByteBuffer.wrap(octets, 0, cut));
            // An ignorable frame is reported by its header alone; its payload is skipped without being kept.
            if (FrameType.of(golden.typeId()) != null) {
                assertThat(log.lines).as("cut after %d", cut).isEmpty();
            }
            assertThat(reader.atFrameBoundary()).isFalse();
            reader.read(ByteBuffer.wrap(octets, cut, octets.length - cut));
            assertThat(log.lines).as("cut after %d", cut).isEqualTo(golden.expected());
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void isWritten(Golden golden) throws Exception {
        byte[] written = encoded(golden.name());
        if (written != null) {
            assertThat(HexFormat.of().formatHex(written))
                    .isEqualTo(HexFormat.of().formatHex(golden.octets()));
        } else {
            assertThat(golden.name()).isIn("unknown-ignorable", "cancel-unknown-code", "response-started-extension");
        }
    }

    @Test
    void proofsAreThoseOfOpenssl() {
        byte[] hello = Golden.of("hello-instance").payload();
        byte[] challenge = Golden.of("challenge").payload();
        byte[] proof = Golden.of("proof").payload();
        byte[] welcome = Golden.of("welcome").payload();
        byte[] acceptorProof = Arrays.copyOfRange(welcome, 1, 33);
        byte[] rest = Arrays.copyOfRange(welcome, 33, welcome.length);
        assertThat(Proofs.dialler(Golden.SECRET, hello, challenge)).isEqualTo(proof);
        assertThat(Proofs.acceptor(Golden.SECRET, hello, challenge, proof, rest))
                .isEqualTo(acceptorProof);
        assertThat(Proofs.matches(proof, proof.clone())).isTrue();
        assertThat(Proofs.matches(proof, acceptorProof)).isFalse();
        assertThat(Proofs.matches(proof, new byte[0])).isFalse();
    }

    /** The frame as this code writes it; null for what it has no way to write. */
    private static byte[] encoded(String name) throws Exception {
        ByteBuffer out = ByteBuffer.allocate(4096);
        switch (name) {
            case "hello-instance" ->
                frame(out, FrameType.HELLO, instance().build().encode());
            case "hello-router" ->
                frame(
                        out,
                        FrameType.HELLO,
                        Hello.builder()
                                .versions(1, 1)
                                .role(Hello.Role.ROUTER)
                                .nonce(counting(0, 32))
                                .settings(Settings.REQUESTER_DEFAULTS)
                                .instanceId("edge-1")
                                .build()
                                .encode());
            case "challenge" -> frame(out, FrameType.CHALLENGE, new Challenge(1, 1, counting(0x40, 32)).encode());
            case "proof" ->
                frame(
                        out,
                        FrameType.PROOF,
                        Proofs.dialler(
                                Golden.SECRET,
                                Golden.of("hello-instance").payload(),
                                Golden.of("challenge").payload()));
            case "proof-empty" -> frame(out, FrameType.PROOF, new byte[0]);
            case "welcome" -> frame(out, FrameType.WELCOME, welcome());
            case "welcome-certificate" ->
                frame(
                        out,
                        FrameType.WELCOME,
                        Welcome.payload(
                                new byte[0],
                                new Welcome(Settings.REQUESTER_DEFAULTS, "", "", "", List.of(), "").encodeRest()));
            default -> {
                if (!request(out, name) && !response(out, name) && !session(out, name)) {
                    return null;
                }
            }
        }
        byte[] octets = new byte[out.flip().remaining()];
        out.get(octets);
        return octets;
    }

    private static boolean request(ByteBuffer out, String name) throws Exception {
        HeadWriter head = new HeadWriter();
        switch (name) {
            case "request-get" ->
                FrameWriter.requestStarted(
                        out,
                        1,
                        head.request("GET", "http", 0x11, 1, -1, 0, REQUEST_ID, "/", "", null, 0, null, 0),
                        true);
            case "request-all" -> FrameWriter.requestStarted(out, 7, requestAll(head), false);
            case "request-literal-method" ->
                FrameWriter.requestStarted(
                        out,
                        2,
                        head.request(
                                "PROPFIND",
                                "http",
                                0x10,
                                0,
                                0,
                                0,
                                REQUEST_ID,
                                "*",
                                "localhost",
                                InetAddress.getByName("127.0.0.1"),
                                1,
                                InetAddress.getByName("127.0.0.1"),
                                80),
                        true);
            case "request-body" ->
                FrameWriter.body(out, FrameType.REQUEST_BODY, 7, ByteBuffer.wrap("hello".getBytes("US-ASCII")));
            case "request-body-empty" -> FrameWriter.body(out, FrameType.REQUEST_BODY, 7, ByteBuffer.allocate(0));
            case "request-end-empty" -> FrameWriter.requestEnd(out, 7, null);
            case "request-end" ->
                FrameWriter.requestEnd(
                        out, 7, head.trailers().field("X-Checksum", "5d41402a").field("etag", "\"e\""));
            case "cancel-requester" -> FrameWriter.cancel(out, 7, ErrorCode.CLIENT_GONE, "", null, false);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static HeadWriter requestAll(HeadWriter head) throws Exception {
        return head.request(
                        "POST",
                        "https",
                        0x20,
                        2,
                        5,
                        30000,
                        REQUEST_ID,
                        "/a%20b;x=1?q=1&r=".getBytes("US-ASCII"),
                        "shop.example:8443",
                        InetAddress.getByName("2001:db8::1"),
                        50123,
                        InetAddress.getByName("10.0.0.7"),
                        443)
                .field("ACCEPT", "*/*")
                .field(67, "curl/8.5")
                .field("Cookie", "a=1; b=2")
                .field("TE", "trailers")
                .field("X-Own-Name", "caf\u00e9")
                .field("X-Empty", "")
                .traceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "rojo=00f067aa0ba902b7")
                .tls(new TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, "deadbeef"))
                .clientCertificates(List.of(new byte[] {0x30, 0x03, 1, 2, 3}, new byte[] {0x30, 0x01, 9}))
                .affinity("tomcat-1")
                .upgrade("websocket")
                .routersPassed("edge-1,router-1");
    }

    private static boolean response(ByteBuffer out, String name) throws Exception {
        HeadWriter head = new HeadWriter();
        switch (name) {
            case "accepted" -> FrameWriter.accepted(out, 7);
            case "nack" -> FrameWriter.nack(out, 7, Nack.of(NackReason.LIMIT, 250, 12));
            case "nack-signal" -> FrameWriter.nack(out, 7, Nack.of(NackReason.SIGNAL, 0, 13, 1250, "queue-age"));
            case "nack-unknown-reason" -> FrameWriter.nack(out, 7, new Nack(999, 0, 13, Nack.NO_VALUE, ""));
            case "response-interim" ->
                FrameWriter.interim(out, 7, head.response(103, -1).field("Link", "</s.css>; rel=preload"));
            case "response-started" ->
                FrameWriter.responseStarted(
                        out,
                        7,
                        head.response(200, -1)
                                .field("content-type", " text/html;charset=utf-8\t")
                                .field("Set-Cookie", "s=1; Path=/")
                                .field("Set-Cookie", "t=2")
                                .field("X-Own".getBytes("US-ASCII"), 0, 5, " 1 ".getBytes("US-ASCII"), 0, 3));
            case "response-upgrade" -> FrameWriter.responseStarted(out, 7, head.response(101, -1));
            case "response-body" ->
                FrameWriter.body(out, FrameType.RESPONSE_BODY, 7, ByteBuffer.wrap("<p>hi</p>\n".getBytes("US-ASCII")));
            case "response-body-empty" -> FrameWriter.body(out, FrameType.RESPONSE_BODY, 7, ByteBuffer.allocate(0));
            case "response-end" -> FrameWriter.responseEnd(out, 7, null, null, false);
            case "response-end-usage" ->
                FrameWriter.responseEnd(out, 7, null, new Usage(1, 1_500_000, 20_000, 3_000_000, 65_536), false);
            case "response-end-all" ->
                FrameWriter.responseEnd(
                        out,
                        7,
                        head.trailers().field("X-Checksum", "ab").field("Server-Timing", "db;dur=5"),
                        new Usage(Usage.COMPLETE | Usage.APPORTIONED, 1, 2, 3, Usage.UNKNOWN),
                        true);
            case "cancel-server" ->
                FrameWriter.cancel(out, 7, ErrorCode.INTERNAL, "no room \u2013 sorry", new Usage(2, 7, 8, 9, 10), true);
            case "work-end" -> FrameWriter.workEnd(out, 7, new Usage(1, 100, 0, 200, 300));
            case "work-end-empty" -> FrameWriter.workEnd(out, 7, null);
            case "usage-stream" -> FrameWriter.usage(out, 7, new Usage(1, 5, 6, 7, 8));
            case "log-stream" ->
                FrameWriter.log(
                        out,
                        7,
                        new LogLine(1_767_225_600_000L, LogLine.WARNING, 3, "com.example.Shop", "slow query: 1.2 s"));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static boolean session(ByteBuffer out, String name) {
        switch (name) {
            case "credit-stream" -> FrameWriter.credit(out, 7, 65536);
            case "credit-session" -> FrameWriter.credit(out, 0, Integer.MAX_VALUE);
            case "ping" -> FrameWriter.ping(out, 0x0102030405060708L);
            case "pong" -> FrameWriter.pong(out, 0xF8F9FAFBFCFDFEFFL);
            case "drain" -> FrameWriter.drain(out, Drain.everything(Drain.Reason.SHUTDOWN, 30_000, List.of()));
            case "drain-path" -> FrameWriter.drain(out, Drain.path(Drain.Reason.REDEPLOY, 10_000, "/shop"));
            case "drain-routers" ->
                FrameWriter.drain(out, Drain.everything(Drain.Reason.ASKED, 0, List.of("tcp://127.0.0.1:7071")));
            case "close" -> FrameWriter.close(out, Close.of(ErrorCode.NONE, ""));
            case "close-detail" ->
                FrameWriter.close(out, Close.of(ErrorCode.DUPLICATE, "instance id i-7f3a is in use"));
            case "ask-drain" -> FrameWriter.ask(out, new Ask(Ask.Action.DRAIN, 60_000));
            case "ask-undrain" -> FrameWriter.ask(out, new Ask(Ask.Action.UNDRAIN, 0));
            case "drained" -> FrameWriter.drained(out, new Drained(41, 1, 2718));
            case "health" ->
                FrameWriter.health(
                        out,
                        new Health(
                                3,
                                750,
                                Health.State.OVERLOADED,
                                12,
                                16,
                                2,
                                List.of(
                                        new Health.Signal("cpu-throttled", Health.Status.BREACHED, 0, 512),
                                        new Health.Signal("memory", Health.Status.OK, 431, 569),
                                        new Health.Signal("db-pool", Health.Status.UNAVAILABLE, 0, Nack.NO_VALUE))));
            case "health-empty" ->
                FrameWriter.health(out, new Health(1, 0, Health.State.ACCEPTING, 0, 0, 0, List.of()));
            case "log-empty" -> FrameWriter.log(out, 0, new LogLine(0, LogLine.TRACE, 0, "", ""));
            case "usage-process" -> {
                Map<String, Long> nanos = new LinkedHashMap<>();
                nanos.put("process", 9_000_000_000L);
                nanos.put("gc", 120_000_000L);
                nanos.put("jit", Long.MAX_VALUE);
                FrameWriter.processUsage(out, nanos);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    static Hello.Builder instance() {
        return Hello.builder()
                .authentication(Hello.AUTH_SECRET | Hello.AUTH_CERTIFICATE)
                .nonce(counting(0, 32))
                .instanceId("i-7f3a")
                .function("shop")
                .deployment("v42")
                .region("eu-west")
                .zone("eu-west-1b")
                .container("tomcat/11.0.24")
                .sessionGroup(counting(0xA0, 16))
                .keyId(Proofs.keyId(Golden.SECRET))
                .lifetimeLeftMillis(3_600_000)
                .capacity(200)
                .memoryBytes(2L << 30)
                .processorThousandths(1500)
                .affinityRoute("tomcat-1")
                .software("fluid4j/0.1.0");
    }

    private static byte[] welcome() {
        byte[] rest = new Welcome(
                        Settings.REQUESTER_DEFAULTS,
                        "router-1.example",
                        "eu-west",
                        "eu-west-1a",
                        List.of("tls://10.0.0.2:7443", "tcp://127.0.0.1:7070"),
                        "fluid4j/0.1.0")
                .encodeRest();
        byte[] proof = Proofs.acceptor(
                Golden.SECRET,
                Golden.of("hello-instance").payload(),
                Golden.of("challenge").payload(),
                Golden.of("proof").payload(),
                rest);
        return Welcome.payload(proof, rest);
    }

    static byte[] counting(int first, int count) {
        byte[] octets = new byte[count];
        for (int i = 0; i < count; i++) {
            octets[i] = (byte) (first + i);
        }
        return octets;
    }

    private static void frame(ByteBuffer out, FrameType type, byte[] payload) {
        FrameWriter.frame(out, type, 0, 0, payload);
    }
}
