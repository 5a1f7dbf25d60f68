/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fluid4j.frame.TlsInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.awaitility.Awaitility;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an application on a real Jetty can see and do behind a tunnel; every environment in one JVM, no HTTP connector. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class JettyChecks {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Rounds of a soak whose cancel comes after the application has begun, however slow the machine is. */
    private static final int SURELY_STARTED = 5;

    private final String version;
    private final List<String> environments;
    private TestRouter router;
    private JettyProcess jetty;

    JettyChecks(String version, List<String> environments) {
        this.version = version;
        this.environments = environments;
    }

    @BeforeAll
    final void startServer() throws Exception {
        router = new TestRouter();
        jetty = JettyProcess.prepare(version, "checks-" + version, environments, "requestlog", "threadpool")
                .configure(
                        "fluid.function = checks",
                        "fluid.router.urls = " + router.url(),
                        "fluid.tunnel.secret = " + TestRouter.SECRET,
                        "fluid.max-concurrency = 5000");
        jetty.start("jetty.requestlog.filePath=" + jetty.base().resolve("request.log"), "jetty.requestlog.append=true");
        jetty.awaitTunnel(router);
    }

    @AfterAll
    final void stopServer() throws Exception {
        if (jetty != null) {
            jetty.close();
        }
        router.close();
    }

    final Stream<String> environments() {
        return environments.stream();
    }

    // --- What a request looks like.

    @ParameterizedTest
    @MethodSource("environments")
    void blockingServletSeesTheClientsRequest(String ee) {
        Req request = Req.get("/" + ee + "/facts/a%20b/c?a=1%2B2&b=")
                .field("X-Mine", "yes")
                .field("Cookie", "k=v");
        Call call = router.send(request).awaitEnd();
        assertThat(call.status()).isEqualTo(200);
        assertThat(call.field("X-Filter")).isEqualTo("ran");
        assertThat(call.field("Content-Type")).isEqualToIgnoringCase("text/plain;charset=UTF-8");
        assertThat(call.text().lines())
                .contains(
                        "method=GET",
                        "scheme=http",
                        "secure=false",
                        "protocol=HTTP/1.1",
                        "server=shop.example:8443",
                        "url=http://shop.example:8443/" + ee + "/facts/a%20b/c",
                        "uri=/" + ee + "/facts/a%20b/c",
                        "path=/a b/c",
                        "query=a=1%2B2&b=",
                        "a=1+2",
                        "remote=203.0.113.7:40001",
                        "local=198.51.100.1:443",
                        "length=-1",
                        "header.host=shop.example:8443",
                        "header.x-mine=yes",
                        "header.cookie=k=v",
                        "certificate=null",
                        "fluid.active=true",
                        "fluid.request=" + HexFormat.of().formatHex(request.id),
                        "fluid.from=" + HexFormat.of().formatHex(request.id));
        assertThat(call.head().contentLength()).isEqualTo(call.received());
    }

    @ParameterizedTest
    @MethodSource("environments")
    void applicationsSeeTheApiAndNothingElseOfOurs(String ee) {
        assertThat(router.get("/" + ee + "/facts").text().lines())
                .contains(
                        "class.io.fluid4j.Fluid=true",
                        "class.io.fluid4j.jetty.FluidConnector=false",
                        "class.io.fluid4j.tunnel.Session=false",
                        "class.io.fluid4j.frame.Fields=false",
                        "class.io.fluid4j.instance.InstanceRuntime=false",
                        "class.io.fluid4j.spi.config.Config=false");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void tlsAndClientCertificateComeFromTheTypedHead(String ee) throws Exception {
        TlsInfo tls = new TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, "00ff10");
        Req request = Req.get("/" + ee + "/facts")
                .scheme("https")
                .authority("secure.example")
                .tls(tls, List.of(certificate()));
        assertThat(router.send(request).awaitEnd().text().lines())
                .contains(
                        "scheme=https",
                        "secure=true",
                        "server=secure.example:443",
                        "url=https://secure.example/" + ee + "/facts",
                        "tls.cipher_suite=TLS_AES_128_GCM_SHA256",
                        "tls.key_size=128",
                        "tls.ssl_session_id=00ff10",
                        "certificate=CN=client.example");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void forwardedFieldsAreNotBelieved(String ee) {
        Req request = Req.get("/" + ee + "/facts")
                .field("X-Forwarded-For", "192.0.2.1")
                .field("X-Forwarded-Proto", "https");
        assertThat(router.send(request).awaitEnd().text().lines())
                .contains("remote=203.0.113.7:40001", "secure=false", "header.x-forwarded-for=192.0.2.1");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void sessionCookieIsSecureOnHttps(String ee) {
        Call call = router.send(Req.get("/" + ee + "/facts?session=1").scheme("https"))
                .awaitEnd();
        assertThat(call.field("Set-Cookie")).contains("JSESSIONID=", "Path=/" + ee, "Secure");
        Call plain = router.get("/" + ee + "/facts?session=1");
        assertThat(plain.field("Set-Cookie")).contains("JSESSIONID=").doesNotContain("Secure");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void accessLogHasTheFarClientsAddress(String ee) {
        router.get("/" + ee + "/facts?log=" + ee);
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(requestLog())
                .anyMatch(line -> line.startsWith("203.0.113.7") && line.contains("log=" + ee)));
    }

    @ParameterizedTest
    @MethodSource("environments")
    void ambiguousPathsAreRefusedByJettysRules(String ee) {
        assertThat(router.get("/" + ee + "/facts/..;/x").status()).isEqualTo(400);
        assertThat(router.get("/" + ee + "/facts/%2e%2e/static/hello.txt").status())
                .isIn(200, 400);
        assertThat(router.get("/" + ee + "/WEB-INF/web.xml").status()).isEqualTo(404);
        assertThat(router.send(Req.get("/" + ee + "/facts").authority("host:notaport"))
                        .awaitEnd()
                        .status())
                .isEqualTo(400);
    }

    // --- Request bodies.

    @ParameterizedTest
    @MethodSource("environments")
    void blockingBodyWithAndWithoutLength(String ee) {
        byte[] body = octets(300_000);
        assertThat(router.send(Req.post("/" + ee + "/body/blocking", body))
                        .awaitEnd()
                        .text())
                .isEqualTo(body.length + " " + sum(body) + " null");
        assertThat(router.send(Req.post("/" + ee + "/body/blocking", body).unknownLength())
                        .awaitEnd()
                        .text())
                .isEqualTo(body.length + " " + sum(body) + " null");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void readListenerGetsTheWholeBody(String ee) {
        byte[] body = octets(3_000_000);
        assertThat(router.send(Req.post("/" + ee + "/body/listener", body))
                        .awaitEnd()
                        .text())
                .isEqualTo(body.length + " " + sum(body) + " null");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void readListenerWaitsForWhatComesLater(String ee) {
        byte[] first = octets(10);
        byte[] second = octets(20_000);
        Call call = router.send(Req.post("/" + ee + "/body/listener", first).leftOpen());
        call.stream.send(ByteBuffer.wrap(second), true, Callback.NOOP);
        byte[] all = new byte[first.length + second.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        assertThat(call.awaitEnd().text()).isEqualTo(all.length + " " + sum(all) + " null");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void formParametersAreParsed(String ee) {
        Req request = Req.post("/" + ee + "/body/form", "a=x%20y&b=2")
                .field("Content-Type", "application/x-www-form-urlencoded");
        assertThat(router.send(request).awaitEnd().text()).isEqualTo("x y,2");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void requestTrailersReachTheApplication(String ee) {
        byte[] body = octets(5_000);
        Req request = Req.post("/" + ee + "/body/blocking", body).trailer("X-Sum", "from-the-client");
        assertThat(router.send(request).awaitEnd().text())
                .isEqualTo(body.length + " " + sum(body) + " from-the-client");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void bodyThatNobodyReadsHurtsNobody(String ee) {
        Call call = router.send(
                Req.post("/" + ee + "/body/ignored", octets(100_000)).leftOpen());
        assertThat(call.awaitEnd().text()).isEqualTo("not read");
        assertThat(call.status()).isEqualTo(200);
        call.awaitWorkEnd();
    }

    @ParameterizedTest
    @MethodSource("environments")
    void continueIsSentWhenTheApplicationReads(String ee) {
        Req request = Req.post("/" + ee + "/body/blocking", new byte[0]).field("Expect", "100-continue");
        request.body = null;
        Call call = router.send(request.leftOpen());
        assertThat(call.awaitInterim().status()).isEqualTo(100);
        call.stream.send(ByteBuffer.wrap(octets(7)), true, Callback.NOOP);
        assertThat(call.awaitEnd().text()).startsWith("7 ");
    }

    // --- Responses.

    @ParameterizedTest
    @MethodSource("environments")
    void everyFlushLeavesAtOnce(String ee) {
        String id = UUID.randomUUID().toString();
        Call call = router.send(Req.get("/" + ee + "/answer/flushes?id=" + id));
        for (int i = 0; i < 5; i++) {
            call.awaitReceived(7L * (i + 1));
            assertThat(call.text()).endsWith("line " + i + "\n");
            router.get("/" + ee + "/events?open=" + id);
        }
        assertThat(call.awaitEnd().pieces()).isGreaterThanOrEqualTo(5);
        assertThat(call.head().contentLength()).isEqualTo(-1);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void writeListenerSendsALargeBody(String ee) {
        Call call = router.get("/" + ee + "/answer/listener?bytes=8388608&id=" + UUID.randomUUID());
        assertThat(call.received()).isEqualTo(8_388_608);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void writeListenerFeelsAStalledClient(String ee) {
        String id = UUID.randomUUID().toString();
        Call call = router.send(
                Req.get("/" + ee + "/answer/listener?bytes=8388608&id=" + id).stalled());
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(events(ee, id))
                .contains("not-ready"));
        assertThat(call.received()).isLessThan(8_388_608);
        long before = events(ee, id).stream().filter("possible"::equals).count();
        call.resume();
        assertThat(call.awaitEnd().received()).isEqualTo(8_388_608);
        assertThat(events(ee, id).stream().filter("possible"::equals).count()).isGreaterThan(before);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void blockingWriterFeelsAStalledClientAndItsNeighboursDoNot(String ee) {
        Call call =
                router.send(Req.get("/" + ee + "/answer/blocking?bytes=8388608").stalled());
        call.awaitReceived(100_000);
        for (int i = 0; i < 20; i++) {
            assertThat(router.get("/" + ee + "/answer/hello").text()).isEqualTo("hello");
        }
        assertThat(call.received()).isLessThan(8_388_608);
        call.resume();
        assertThat(call.awaitEnd().received()).isEqualTo(8_388_608);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void headHasTheLengthAndNoBody(String ee) {
        Call call = router.send(new Req("HEAD", "/" + ee + "/static/hello.txt")).awaitEnd();
        assertThat(call.status()).isEqualTo(200);
        assertThat(call.head().contentLength()).isEqualTo(15);
        assertThat(call.received()).isZero();
        Call servlet = router.send(new Req("HEAD", "/" + ee + "/answer/hello")).awaitEnd();
        assertThat(servlet.head().contentLength()).isEqualTo(5);
        assertThat(servlet.received()).isZero();
    }

    @ParameterizedTest
    @MethodSource("environments")
    void staticContentAndMissingContent(String ee) {
        Call call = router.get("/" + ee + "/static/hello.txt");
        assertThat(call.text()).isEqualTo("static content\n");
        assertThat(call.field("Content-Length")).isNull();
        assertThat(call.head().contentLength()).isEqualTo(15);
        assertThat(router.get("/" + ee + "/nowhere").status()).isEqualTo(404);
        Call again = router.send(
                        Req.get("/" + ee + "/static/hello.txt").field("If-Modified-Since", call.field("Last-Modified")))
                .awaitEnd();
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.received()).isZero();
    }

    @ParameterizedTest
    @MethodSource("environments")
    void exceptionsAndErrorPages(String ee) {
        Call thrown = router.get("/" + ee + "/answer/throws");
        assertThat(thrown.status()).isEqualTo(500);
        assertThat(thrown.text()).contains("on purpose");
        Call teapot = router.get("/" + ee + "/answer/teapot");
        assertThat(teapot.status()).isEqualTo(418);
        assertThat(teapot.text()).isEqualTo("short and stout");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void exceptionAfterTheHeadBreaksTheBodyOff(String ee) {
        Call call = router.send(Req.get("/" + ee + "/answer/throws-late"));
        assertThat(call.outcome()).startsWith("failure");
        assertThat(call.status()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void tooFewOctetsNeverLookComplete(String ee) {
        Call call = router.send(Req.get("/" + ee + "/answer/short"));
        if ("end".equals(call.outcome())) {
            // Jetty noticed before anything had been sent.
            assertThat(call.status()).isEqualTo(500);
        } else {
            assertThat(call.outcome()).startsWith("failure");
        }
    }

    @ParameterizedTest
    @MethodSource("environments")
    void responseTrailersReachTheClient(String ee) {
        Call call = router.get("/" + ee + "/answer/trailers");
        assertThat(call.text()).isEqualTo("with trailers");
        assertThat(call.trailer("X-Sum")).isEqualTo("abc");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void statusWithoutBody(String ee) {
        Call call = router.get("/" + ee + "/answer/none");
        assertThat(call.status()).isEqualTo(204);
        assertThat(call.head().contentLength()).isEqualTo(-1);
    }

    @ParameterizedTest
    @MethodSource("environments")
    void earlyHintsGoAhead(String ee) {
        Call call = router.get("/" + ee + "/answer/hints");
        if (ee.equals("ee8") || ee.equals("ee9")) {
            // These environments treat 103 as an error status; here it must only not break anything.
            assertThat(call.status()).isGreaterThanOrEqualTo(200);
            return;
        }
        assertThat(call.interims()).hasSize(1);
        assertThat(call.interims().get(0).status()).isEqualTo(103);
        assertThat(call.interims().get(0).fields().first("Link")).isEqualTo("</style.css>; rel=preload");
        assertThat(call.text()).isEqualTo("after hints");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void fieldsOfAConnectionAreLeftOut(String ee) {
        Call call = router.get("/" + ee + "/answer/odd-fields");
        assertThat(call.field("Connection")).isNull();
        assertThat(call.field("Keep-Alive")).isNull();
        assertThat(call.field("X-Plain")).isEqualTo("ok");
    }

    // --- Asynchronous servlets.

    @ParameterizedTest
    @MethodSource("environments")
    void asyncDispatchStartAndTimeout(String ee) {
        assertThat(router.get("/" + ee + "/async/dispatch").text()).isEqualTo("dispatched true true");
        assertThat(router.get("/" + ee + "/async/start").text()).isEqualTo("started true true");
        Call timedOut = router.get("/" + ee + "/async/timeout");
        assertThat(timedOut.status()).isEqualTo(504);
        assertThat(timedOut.text()).isEqualTo("timed out");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void twoThousandRequestsInFlight(String ee) {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            calls.add(router.send(Req.get("/" + ee + "/async/timeout?n=" + i)));
        }
        for (Call call : calls) {
            assertThat(call.awaitEnd().text()).isEqualTo("timed out");
        }
    }

    // --- A client that goes away.

    @ParameterizedTest
    @MethodSource("environments")
    void cancelReachesABlockedWriter(String ee) {
        cancelled(ee, Req.get("/" + ee + "/cancel/blocking-write?id=%s").stalled());
    }

    @ParameterizedTest
    @MethodSource("environments")
    void cancelReachesAWriteListener(String ee) {
        cancelled(
                ee,
                Req.get("/" + ee + "/cancel/write-listener?chunk=16384&id=%s").stalled());
    }

    @ParameterizedTest
    @MethodSource("environments")
    void cancelReachesABlockedReader(String ee) {
        cancelled(
                ee, Req.post("/" + ee + "/cancel/blocking-read?id=%s", "begin").leftOpen());
    }

    @ParameterizedTest
    @MethodSource("environments")
    void cancelReachesAReadListener(String ee) {
        cancelled(
                ee, Req.post("/" + ee + "/cancel/read-listener?id=%s", "begin").leftOpen());
    }

    @ParameterizedTest
    @MethodSource("environments")
    void cancelReachesAnIdleAsyncServlet(String ee) {
        cancelled(ee, Req.get("/" + ee + "/cancel/idle?flush=1&id=%s"));
    }

    private void cancelled(String ee, Req template) {
        String id = UUID.randomUUID().toString();
        Req request = new Req(template.method, template.target.replace("%s", id));
        request.body = template.body;
        request.open = template.open;
        request.stalled = template.stalled;
        request.announceLength = template.announceLength;
        Call call = router.send(request);
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(events(ee, id))
                .contains("started"));
        call.cancel();
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(events(ee, id))
                .contains("error"));
        call.awaitWorkEnd();
    }

    // --- Nothing is left.

    @Test
    void noStreamIsLeftInFlight() {
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        router.session().streamsInFlight())
                .isZero());
    }

    /** The race of cancels against everything that an application may be doing just then. */
    @ParameterizedTest
    @MethodSource("environments")
    void soak_cancelAlwaysReachesTheApplication(String ee) {
        assumeTrue(losesNoCancel(), "this Jetty itself may lose a cancel: docs/adr/0004-oldest-jetty.md");
        int rounds = Integer.getInteger("fluid.test.soak-rounds", 100);
        for (String mode : List.of(
                "write-listener?chunk=100&id=",
                "write-listener?chunk=16384&id=",
                "idle?id=",
                "idle?flush=1&id=",
                "redispatch?id=",
                "blocking-write?id=")) {
            soak(ee, mode, rounds);
        }
    }

    /** False for a Jetty that itself now and then loses a cancel which meets a listener that is being set. */
    boolean losesNoCancel() {
        return true;
    }

    private void soak(String ee, String mode, int rounds) {
        List<String> ids = new ArrayList<>();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            String id = UUID.randomUUID().toString();
            Req request = Req.get("/" + ee + "/cancel/" + mode + id);
            if (i % 3 == 0) {
                request.stalled();
            }
            Call call = router.send(request);
            // From at once (the request may not have started) to some way into the response.
            if (i < rounds - SURELY_STARTED) {
                spin(i * 20_000L);
            } else {
                Awaitility.await()
                        .atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(5))
                        .untilAsserted(() -> assertThat(events(ee, id)).contains("started"));
            }
            call.cancel();
            ids.add(id);
            calls.add(call);
        }
        for (Call call : calls) {
            call.awaitWorkEnd();
        }
        int started = 0;
        List<String> deaf = new ArrayList<>();
        for (String id : ids) {
            List<String> seen = events(ee, id);
            if (seen.contains("started")) {
                started++;
                if (!seen.contains("error")) {
                    deaf.add(id + seen);
                }
            }
        }
        assertThat(deaf).as("%s: started and never told", mode).isEmpty();
        assertThat(started).as("%s: started at all", mode).isGreaterThanOrEqualTo(SURELY_STARTED);
    }

    private static void spin(long nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private List<String> events(String ee, String id) {
        return router.get("/" + ee + "/events?id=" + id).text().lines().toList();
    }

    private List<String> requestLog() throws IOException {
        return java.nio.file.Files.readAllLines(jetty.base().resolve("request.log"));
    }

    private static byte[] octets(int length) {
        byte[] octets = new byte[length];
        for (int i = 0; i < length; i++) {
            octets[i] = (byte) (i * 31 + (i >> 8));
        }
        return octets;
    }

    private static String sum(byte[] octets) {
        CRC32 sum = new CRC32();
        sum.update(octets);
        return Long.toHexString(sum.getValue());
    }

    private static byte[] certificate() throws Exception {
        try (var in = JettyChecks.class.getResourceAsStream("/client.pem")) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificate(in)
                    .getEncoded();
        }
    }
}
