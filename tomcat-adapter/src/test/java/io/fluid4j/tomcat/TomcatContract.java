/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.TlsInfo;
import io.fluid4j.testkit.WireFrame;
import io.fluid4j.testkit.WirePeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a Tomcat does with requests that come down a tunnel, seen from the router's end of the wire. Run on an embedded
 * server and on the real distributions.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class TomcatContract {
    private static final int SOAK_ROUNDS = Integer.getInteger("fluid.test.soak-rounds", 100);

    /** Rounds of a soak whose cancel comes after the application has begun, however slow the machine is. */
    private static final int SURELY_STARTED = 5;

    private static final String REQUEST_ID = "00112233445566778899aabbccddeeff";

    private RouterPeer router;
    private WirePeer peer;
    private int lastStream;

    /** Starts a server that dials that router. */
    abstract void startServer(RouterPeer router) throws Exception;

    abstract void stopServer() throws Exception;

    /** The access log so far. */
    abstract String accessLog() throws IOException;

    @BeforeAll
    final void connect() throws Exception {
        router = new RouterPeer();
        startServer(router);
        peer = router.accept();
    }

    @AfterAll
    final void disconnect() throws Exception {
        try {
            stopServer();
        } finally {
            if (peer != null) {
                peer.close();
            }
            router.close();
        }
    }

    @Test
    void theServerIsCalledByTheVersionItsMakersGiveIt() {
        assertThat(router.hello()).containsPattern("tomcat/1[01]\\.\\d+\\.\\d+(?![.\\d])");
    }

    // ---------------------------------------------------------------- requests and responses

    @Test
    void aSmallResponseIsThreeFramesAndRunsFilters() throws IOException {
        Queue<WireFrame> frames = new ConcurrentLinkedQueue<>();
        peer.observe(frames::add);
        Answer answer = get("/sync/hello");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("hello");
        assertThat(answer.contentLength()).isEqualTo(5);
        assertThat(answer.field("x-filter")).isEqualTo("ran");
        assertThat(answer.field("content-type")).startsWith("text/plain");
        assertThat(answer.fields()).containsKey("date").doesNotContainKeys("content-length", "connection", "server");
        assertThat(frames)
                .as("no more frames than needed")
                .filteredOn(frame -> frame.stream() == lastStream && isResponse(frame))
                .hasSize(3);
        peer.observe(frame -> {});
    }

    @Test
    void theRequestIsTheClients() throws IOException {
        HeadWriter head = head("GET", "https", "/sync/info;x=1?q=%41", -1, "Shop.Example:8443")
                .field("X-Probe", "caf\u00e9");
        Answer answer = answer(send(head, true));

        assertThat(answer.body().split("\\|"))
                .containsExactly(
                        "GET",
                        "192.0.2.1:40000",
                        "198.51.100.7:443",
                        "https,true",
                        "Shop.Example:8443",
                        "https://Shop.Example:8443/sync/info;x=1",
                        "q=%41",
                        "HTTP/1.1",
                        "Shop.Example:8443",
                        "caf\u00e9",
                        REQUEST_ID,
                        "-1",
                        "true");
    }

    private static boolean isResponse(WireFrame frame) {
        return frame.is(FrameType.RESPONSE_STARTED)
                || frame.is(FrameType.RESPONSE_INTERIM)
                || frame.is(FrameType.RESPONSE_BODY)
                || frame.is(FrameType.RESPONSE_END);
    }

    @Test
    void headerNamesAreAsOnTomcatsOwnPort() throws IOException {
        HeadWriter head = head("GET", "/sync/names", -1)
                .field("X-Probe", "1")
                .field("User-Agent", "2")
                .field("already-lower", "3");
        assertThat(answer(send(head, true)).body())
                .isEqualTo(
                        router.hello().contains("tomcat/10.")
                                ? "host,x-probe,user-agent,already-lower"
                                : "Host,X-Probe,User-Agent,already-lower");
    }

    @Test
    void tlsAttributesComeFromTypedItemsOnly() throws IOException {
        HeadWriter plain = head("GET", "https", "/sync/tls", -1, "a.example")
                .field("SSL_CLIENT_CERT", "forged")
                .field("X-Forwarded-For", "203.0.113.9");
        assertThat(answer(send(plain, true)).body()).isEqualTo("null|null|none");

        HeadWriter tls = head("GET", "https", "/sync/tls", -1, "a.example")
                .tls(new TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, "abcd"));
        assertThat(answer(send(tls, true)).body()).isEqualTo("TLS_AES_128_GCM_SHA256|128|none");
    }

    @Test
    void eachFlushIsAFrameWhileTheRequestGoesOn() throws IOException {
        int stream = send(head("POST", "/sync/pingpong", -1), false);
        assertThat(Answer.head(peer.await(FrameType.RESPONSE_STARTED, stream)).status())
                .isEqualTo(200);
        for (int i = 0; i < 5; i++) {
            peer.body(FrameType.REQUEST_BODY, stream, new byte[] {(byte) ('a' + i)});
            assertThat(peer.await(FrameType.RESPONSE_BODY, stream).payload()).containsExactly('a' + i);
        }
        requestEnd(stream, null);
        peer.await(FrameType.RESPONSE_END, stream);
    }

    @Test
    void aBlockingBodyWithAndWithoutLength() throws IOException {
        byte[] body = pattern(100_000);
        CRC32 sum = new CRC32();
        sum.update(body);
        for (boolean announced : new boolean[] {true, false}) {
            int stream = send(head("POST", "/sync/post", announced ? body.length : -1), false);
            sendBody(stream, body);
            requestEnd(stream, null);
            assertThat(answer(stream).body())
                    .isEqualTo((announced ? body.length : -1) + "," + body.length + "," + sum.getValue());
        }
    }

    @Test
    void formParameters() throws IOException {
        byte[] form = "a=1&%C3%BC=%C3%A4".getBytes(UTF_8);
        int stream = send(
                head("POST", "/sync/form", form.length)
                        .field("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),
                false);
        sendBody(stream, form);
        requestEnd(stream, null);
        assertThat(answer(stream).body()).isEqualTo("1,\u00e4");
    }

    @Test
    void errorsHaveTheContainersPages() throws IOException {
        Answer thrown = get("/sync/throw");
        assertThat(thrown.status()).isEqualTo(500);
        assertThat(thrown.body()).contains("on purpose");

        Answer teapot = get("/sync/teapot");
        assertThat(teapot.status()).isEqualTo(418);
        assertThat(teapot.body()).startsWith("short and stout");

        assertThat(get("/nowhere").status()).isEqualTo(404);
    }

    @Test
    void anExceptionAfterTheHeadAbortsTheBody() throws IOException {
        int stream = send(head("GET", "/sync/late-throw", -1), true);
        assertThat(Answer.head(peer.await(FrameType.RESPONSE_STARTED, stream)).status())
                .isEqualTo(200);
        assertThat(peer.await(FrameType.CANCEL, stream).u16(0)).isEqualTo(ErrorCode.INTERNAL.number());
    }

    @Test
    void staticFilesByTheDefaultServlet() throws IOException {
        Answer answer = get("/static.txt");
        assertThat(answer.body()).startsWith("a file");
        assertThat(answer.fields()).containsKeys("etag", "last-modified");
        HeadWriter again = head("GET", "/static.txt", -1).field("If-None-Match", answer.field("etag"));
        assertThat(answer(send(again, true)).status()).isEqualTo(304);
    }

    @Test
    void headHasTheLengthAndNoBody() throws IOException {
        Answer answer = answer(send(head("HEAD", "/sync/hello", -1), true));
        assertThat(answer.body()).isEmpty();
        Answer file = answer(send(head("HEAD", "/static.txt", -1), true));
        assertThat(file.contentLength()).isEqualTo(7);
        assertThat(file.body()).isEmpty();
    }

    @Test
    void noContentHasNoBody() throws IOException {
        Answer answer = get("/sync/empty");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void theSessionCookieIsSecureOverHttpsOnly() throws IOException {
        Answer secure = answer(send(head("GET", "https", "/sync/session", -1, "a.example"), true));
        assertThat(secure.field("set-cookie")).startsWith("JSESSIONID=").contains("Secure");
        assertThat(get("/sync/session").field("set-cookie")).doesNotContain("Secure");

        String cookie = secure.field("set-cookie").split(";", 2)[0];
        Answer again = answer(send(head("GET", "/sync/session", -1).field("Cookie", cookie), true));
        assertThat("JSESSIONID=" + again.body()).isEqualTo(cookie);
    }

    @Test
    void theAccessLogHasTheFarClient() {
        Awaitility.await().atMost(30, TimeUnit.SECONDS).untilAsserted(() -> {
            get("/sync/hello?logged");
            assertThat(accessLog()).containsPattern("192\\.0\\.2\\.1 .*GET /sync/hello\\?logged HTTP/1\\.1\" 200");
        });
    }

    @Test
    void jmxShowsTheConnector() throws IOException {
        String[] values = get("/sync/mbeans").body().split(",");
        assertThat(Integer.parseInt(values[0])).isNotNegative();
        assertThat(Integer.parseInt(values[2])).isEqualTo(200);
        assertThat(Integer.parseInt(values[3])).isPositive();
        assertThat(values[4]).isEqualTo("0");
    }

    @Test
    void p5_11_aBodyThatIsShorterThanAnnouncedIsAborted() throws IOException {
        int stream = send(head("GET", "/sync/short", -1), true);
        assertThat(peer.await(FrameType.CANCEL, stream).u16(0)).isEqualTo(ErrorCode.LENGTH.number());
    }

    @Test
    void p5_11_aBodyThatIsLongerThanAnnouncedIsCut() throws IOException {
        Answer answer = get("/sync/long");
        assertThat(answer.contentLength()).isEqualTo(4);
        assertThat(answer.body()).isEqualTo("too ");
    }

    @Test
    void p6_2_framingFieldsOfTheApplicationDoNotTravel() throws IOException {
        Answer answer = get("/sync/bad-headers");
        assertThat(answer.body()).isEqualTo("ok");
        assertThat(answer.fields()).doesNotContainKeys("connection", "transfer-encoding", "set-cookie");
        assertThat(answer.field("x-split")).isEqualTo("a  Set-Cookie: evil=1");
    }

    @Test
    void p5_10_theClientDoesNotWaitForWorkAfterTheResponse() throws IOException {
        int stream = send(head("GET", "/sync/closes-early", -1), true);
        assertThat(answer(stream).body()).isEqualTo("done");
        String workEnd = "<< 0x%08x".formatted(stream);
        assertThat(peer.trace()).noneMatch(line -> line.startsWith(workEnd) && line.contains("WORK_END"));
        assertThat(get("/sync/events?of=go-on&add=now").status()).isEqualTo(200);
        assertThat(next("closes-early")).isEqualTo("worked on");
        peer.await(FrameType.WORK_END, stream);
    }

    // ---------------------------------------------------------------- interim responses, trailers

    @Test
    void continueIsSentWhenTheApplicationReads() throws IOException {
        int stream = send(head("POST", "/sync/post", 3).field("Expect", "100-continue"), false);
        assertThat(Answer.head(peer.await(FrameType.RESPONSE_INTERIM, stream)).status())
                .isEqualTo(100);
        sendBody(stream, new byte[3]);
        requestEnd(stream, null);
        assertThat(answer(stream).body()).startsWith("3,3,");
    }

    @Test
    void earlyHintsComeBeforeTheResponse() throws IOException {
        int stream = send(head("GET", "/sync/hints", -1), true);
        Answer hints = Answer.head(peer.await(FrameType.RESPONSE_INTERIM, stream));
        assertThat(hints.status()).isEqualTo(103);
        assertThat(hints.field("link")).isEqualTo("</a.css>; rel=preload");
        assertThat(answer(stream).body()).isEqualTo("hinted");
    }

    @Test
    void trailersBothWays() throws IOException {
        int stream = send(head("POST", "/sync/trailers", -1).field("TE", "trailers"), false);
        sendBody(stream, new byte[10]);
        requestEnd(stream, new HeadWriter().trailers().field("X-Check", "abc"));
        Answer head = Answer.head(peer.await(FrameType.RESPONSE_STARTED, stream));
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.contentLength())
                .as("HTTP/1.1 has trailers in chunked bodies only")
                .isEqualTo(-1);
        assertThat(new String(peer.await(FrameType.RESPONSE_BODY, stream).payload(), UTF_8))
                .isEqualToIgnoringCase("true {x-check=abc}");
        assertThat(Answer.trailers(peer.await(FrameType.RESPONSE_END, stream))).isEqualTo(Map.of("x-sum", "42"));
    }

    // ---------------------------------------------------------------- asynchronous requests

    @Test
    void asyncDispatchFromAForeignThread() throws IOException {
        assertThat(get("/async/dispatch").body()).isEqualTo("hello");
    }

    @Test
    void asyncCompleteFromAForeignThread() throws IOException {
        assertThat(get("/async/complete").body()).isEqualTo("completed");
    }

    @Test
    void asyncStartRunsOnAContainerThread() throws IOException {
        assertThat(get("/async/start").body()).isEqualTo("started on a container thread");
    }

    @Test
    void asyncTimeouts() throws IOException {
        assertThat(get("/async/timeout").body()).isEqualTo("timed out");
        assertThat(get("/async/unhandled-timeout").status()).isEqualTo(500);
    }

    @Test
    void aReadListenerGetsTheBodyAsItComes() throws IOException {
        int stream = send(head("POST", "/async/read", -1), false);
        assertThat(next("read")).isEqualTo("started");
        for (int i = 0; i < 20; i++) {
            sendBody(stream, pattern(5_000));
            peer.roundTrip();
        }
        requestEnd(stream, null);
        assertThat(answer(stream).body()).isEqualTo("read 100000");
        assertThat(next("read")).isEqualTo("AsyncListener.onComplete");
    }

    @Test
    void aReadListenerOfAnEmptyBodyIsDone() throws IOException {
        assertThat(get("/async/read").body()).isEqualTo("read 0");
        assertThat(next("read")).isEqualTo("started");
        assertThat(next("read")).isEqualTo("AsyncListener.onComplete");
    }

    @Test
    void aWriteListenerWaitsForCredit() throws IOException {
        int bytes = 8_000_000;
        int stream = send(head("GET", "/async/write?waiting=for-credit&bytes=" + bytes, -1), true);
        // No credit is given: the window fills, and isReady() says no.
        assertThat(next("for-credit")).isEqualTo("isReady() is false");
        assertThat(peer.awaitBody(stream)).hasSize(bytes);
        String calls = next("write");
        assertThat(Integer.parseInt(calls.substring("calls ".length()))).isGreaterThan(1);
        assertThat(next("write")).isEqualTo("AsyncListener.onComplete");
    }

    @Test
    void aBlockingWriterWaitsForCredit() throws IOException {
        for (int piece : new int[] {700, 50_000}) {
            int stream = send(head("GET", "/sync/big?bytes=3000000&piece=" + piece, -1), true);
            assertThat(peer.awaitBody(stream)).hasSize(3_000_000);
        }
    }

    @Test
    void twoThousandRequestsInFlight() throws IOException {
        int requests = 2_000;
        Set<Integer> parked = new HashSet<>();
        for (int i = 0; i < requests; i++) {
            parked.add(send(head("GET", "/async/park", -1), true));
        }
        // ACCEPTED comes for each, as nothing else does.
        for (int stream : parked) {
            peer.await(FrameType.ACCEPTED, stream);
        }
        assertThat(get("/async/release").body()).isEqualTo("2000");
        int octets = 0;
        for (int stream : parked) {
            assertThat(Answer.head(peer.await(FrameType.RESPONSE_STARTED, stream))
                            .status())
                    .isEqualTo(200);
            octets += peer.await(FrameType.RESPONSE_BODY, stream).length();
            peer.await(FrameType.RESPONSE_END, stream);
        }
        assertThat(octets).isEqualTo(requests * "parked".length());
        // At once: small credits, and such for closed streams, are charged to the overhead budget (P-9.4).
        peer.credit(0, octets);
    }

    // ---------------------------------------------------------------- cancel

    @Test
    void cancelReachesABlockedWriter() throws IOException {
        int stream = send(head("GET", "/sync/blocked-write", -1), true);
        peer.await(FrameType.RESPONSE_STARTED, stream);
        peer.cancel(stream, ErrorCode.CLIENT_GONE);
        assertThat(next("blocked-write")).isEqualTo("IOException");
        awaitEnded(stream);
    }

    @Test
    void cancelReachesABlockedReader() throws IOException {
        int stream = send(head("POST", "/sync/blocked-read", -1), false);
        assertThat(next("blocked-read")).isEqualTo("reading");
        peer.cancel(stream, ErrorCode.CLIENT_GONE);
        assertThat(next("blocked-read")).isEqualTo("IOException");
        awaitEnded(stream);
    }

    @Test
    void cancelReachesTheWriteListener() throws IOException {
        int stream = send(head("GET", "/async/write?waiting=for-cancel&bytes=8000000", -1), true);
        assertThat(next("for-cancel")).isEqualTo("isReady() is false");
        peer.cancel(stream, ErrorCode.CLIENT_GONE);
        assertThat(next("write")).isEqualTo("WriteListener.onError");
        assertThat(next("write")).isEqualTo("AsyncListener.onError");
        assertThat(next("write")).isEqualTo("AsyncListener.onComplete");
        awaitEnded(stream);
    }

    @Test
    void cancelReachesTheReadListener() throws IOException {
        int stream = send(head("POST", "/async/read", -1), false);
        assertThat(next("read")).isEqualTo("started");
        peer.cancel(stream, ErrorCode.CLIENT_GONE);
        assertThat(next("read")).isEqualTo("ReadListener.onError");
        assertThat(next("read")).isEqualTo("AsyncListener.onError");
        assertThat(next("read")).isEqualTo("AsyncListener.onComplete");
        awaitEnded(stream);
    }

    @Test
    void cancelReachesAnIdleAsyncRequest() throws IOException {
        int stream = send(head("GET", "/async/idle", -1), true);
        assertThat(next("idle")).isEqualTo("started");
        peer.cancel(stream, ErrorCode.CLIENT_GONE);
        assertThat(next("idle")).isEqualTo("AsyncListener.onError");
        assertThat(next("idle")).isEqualTo("AsyncListener.onComplete");
        awaitEnded(stream);
    }

    /** The race that has bitten others: cancels that hit a listener in the midst of its work. */
    @Test
    void cancelsThatRaceWithAWriteListenerAlwaysArrive() throws IOException {
        for (int round = 0; round < 50; round++) {
            int stream = send(head("GET", "/async/write?bytes=50000000", -1), true);
            peer.await(FrameType.RESPONSE_STARTED, stream);
            for (int credits = round % 7; credits > 0; credits--) {
                peer.credit(stream, 20_000);
                peer.credit(0, 20_000);
            }
            peer.cancel(stream, ErrorCode.CLIENT_GONE);
            assertThat(next("write")).as("round " + round).isEqualTo("WriteListener.onError");
            assertThat(next("write")).isEqualTo("AsyncListener.onError");
            assertThat(next("write")).isEqualTo("AsyncListener.onComplete");
            awaitEnded(stream);
        }
    }

    /** The race of cancels against whatever the application may be doing just then: who has begun is told. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "write-listener?piece=100&id=",
                "write-listener?piece=16384&id=",
                "idle?id=",
                "flushed?id=",
                "redispatched?id=",
                "blocking-writer?id="
            })
    void soakOfCancels(String mode) throws IOException {
        peer.observe(this::returnSessionCredit);
        Map<String, Integer> streams = new LinkedHashMap<>();
        for (int i = 0; i < SOAK_ROUNDS; i++) {
            String id = UUID.randomUUID().toString();
            int stream = send(head("GET", "/soak/" + mode + id, -1), true);
            streams.put(id, stream);
            if (i < SOAK_ROUNDS - SURELY_STARTED) {
                // From at once (the request may not have begun) to some way into the response.
                spin(i * 20_000L);
            } else {
                Awaitility.await().atMost(30, TimeUnit.SECONDS).untilAsserted(() -> assertThat(eventsOf(id))
                        .contains("started"));
            }
            peer.cancel(stream, ErrorCode.CLIENT_GONE);
        }
        for (int stream : streams.values()) {
            awaitEndedOrRefused(stream);
        }
        int started = 0;
        for (String id : streams.keySet()) {
            String seen = eventsOf(id);
            if (seen.contains("started")) {
                started++;
                assertThat(seen).as("told that its client has gone").contains("error");
            }
        }
        assertThat(started).isGreaterThanOrEqualTo(SURELY_STARTED);
        peer.observe(frame -> {});
    }

    /** As a router does on arrival (P-7.3): what is left of a cancelled response must not stop the others. */
    private void returnSessionCredit(WireFrame frame) {
        if (frame.is(FrameType.RESPONSE_BODY) && frame.length() > 0) {
            try {
                peer.credit(0, frame.length());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private String eventsOf(String id) throws IOException {
        return get("/soak/events?id=" + id).body();
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    // ---------------------------------------------------------------- what an HTTP parser would refuse

    @Test
    void targetsAreDecodedAndNormalisedByTheContainer() throws IOException {
        assertThat(get("/sync/../sync/%68ello").body()).isEqualTo("hello");
        assertThat(get("/../../etc/passwd").status()).isEqualTo(400);
        assertThat(get("/sync/%2e%2e/WEB-INF/web.xml").status()).isEqualTo(404);
        assertThat(get("/WEB-INF/web.xml").status()).isEqualTo(404);
        assertThat(get("/sync%2fhello").status()).isEqualTo(400);
        assertThat(get("/sync/%00hello").status()).isEqualTo(400);
    }

    @Test
    void charactersThatNoTargetMayHaveAreRefused() throws IOException {
        for (String target : new String[] {"/a|b", "/a<b", "/a\"b", "/a{b}", "/a?b=<", "/a\\b", "/a#b"}) {
            assertThat(get(target).status()).as(target).isEqualTo(400);
        }
    }

    @Test
    void hostsAreValidated() throws IOException {
        for (String authority : new String[] {"a..b", "a:b", "a:99999999999", "[::1"}) {
            Answer answer = answer(send(head("GET", "http", "/sync/hello", -1, authority), true));
            assertThat(answer.status()).as(authority).isEqualTo(400);
        }
    }

    @Test
    void headerCountIsLimited() throws IOException {
        HeadWriter head = head("GET", "/sync/hello", -1);
        for (int i = 0; i < 101; i++) {
            head.field("X-" + i, "v");
        }
        assertThat(answer(send(head, true)).status()).isEqualTo(431);
    }

    @Test
    void expectationsOtherThanContinueFail() throws IOException {
        int stream = send(head("GET", "/sync/hello", -1).field("Expect", "a miracle"), true);
        assertThat(answer(stream).status()).isEqualTo(417);
    }

    @Test
    void p5_12_upgradesAre501() throws IOException {
        assertThat(answer(send(head("GET", "/sync/hello", -1).upgrade("websocket"), true))
                        .status())
                .isEqualTo(501);
    }

    @Test
    void traceAndConnectAreRefused() throws IOException {
        assertThat(answer(send(head("TRACE", "/sync/hello", -1), true)).status())
                .isEqualTo(405);
        assertThat(answer(send(head("CONNECT", "/sync/hello", -1), true)).status())
                .isEqualTo(501);
    }

    // ---------------------------------------------------------------- the wire

    final WirePeer peer() {
        return peer;
    }

    final Answer get(String target) throws IOException {
        return answer(send(head("GET", target, -1), true));
    }

    final int send(HeadWriter head, boolean end) throws IOException {
        int stream = ++lastStream;
        peer.request(stream, head, end);
        return stream;
    }

    static HeadWriter head(String method, String target, long length) {
        return head(method, "http", target, length, "probe.example");
    }

    private static HeadWriter head(String method, String scheme, String target, long length, String authority) {
        try {
            return new HeadWriter()
                    .request(
                            method,
                            scheme,
                            0x11,
                            1,
                            length,
                            0,
                            HexFormat.of().parseHex(REQUEST_ID),
                            target.getBytes(ISO_8859_1),
                            authority,
                            InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}),
                            40_000,
                            InetAddress.getByAddress(new byte[] {(byte) 198, 51, 100, 7}),
                            443);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private void sendBody(int stream, byte[] body) throws IOException {
        for (int at = 0; at < body.length; at += 30_000) {
            int n = Math.min(30_000, body.length - at);
            peer.body(
                    FrameType.REQUEST_BODY,
                    stream,
                    ByteBuffer.allocate(n).put(body, at, n).array());
        }
    }

    private void requestEnd(int stream, HeadWriter trailers) throws IOException {
        peer.encode(buffer -> FrameWriter.requestEnd(buffer, stream, trailers));
    }

    final Answer answer(int stream) throws IOException {
        WireFrame first = peer.await(
                frame -> frame.stream() == stream
                        && (frame.is(FrameType.RESPONSE_STARTED)
                                || frame.is(FrameType.CANCEL)
                                || frame.is(FrameType.NACK)),
                "RESPONSE_STARTED on stream " + stream);
        assertThat(first.is(FrameType.RESPONSE_STARTED))
                .as(first + " " + first.hex())
                .isTrue();
        return Answer.head(first).withBody(peer.awaitBody(stream));
    }

    /** What happened inside the application. */
    private String next(String queue) throws IOException {
        return get("/sync/events?of=" + queue).body();
    }

    /** P-5.6: after its cancel the requester is still told when the work has ended. */
    private void awaitEnded(int stream) {
        peer.await(frame -> frame.stream() == stream && ends(frame), "the end of the work on stream " + stream);
    }

    /** The cancel may have come before the request had begun. */
    private void awaitEndedOrRefused(int stream) {
        peer.await(
                frame -> frame.stream() == stream && (frame.is(FrameType.NACK) || ends(frame)),
                "the end of the work on stream " + stream);
    }

    private static boolean ends(WireFrame frame) {
        return (frame.is(FrameType.CANCEL) && (frame.flags() & 1) == 0)
                || (frame.is(FrameType.RESPONSE_END) && (frame.flags() & 1) == 0)
                || frame.is(FrameType.WORK_END);
    }

    private static byte[] pattern(int length) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream(length);
        for (int i = 0; i < length; i++) {
            octets.write(i * 31 + i / 251);
        }
        return octets.toByteArray();
    }
}
