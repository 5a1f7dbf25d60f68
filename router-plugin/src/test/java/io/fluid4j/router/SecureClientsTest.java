/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.ErrorCode;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.CompletableResponseListener;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.transport.HttpClientConnectionFactory;
import org.eclipse.jetty.client.transport.HttpClientTransportDynamic;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.client.transport.ClientConnectionFactoryOverHTTP2;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS, HTTP/2 by ALPN, and HTTP/2 in clear. */
@Timeout(180)
class SecureClientsTest {

    @TempDir
    Path folder;

    private Router router;
    private ScriptedInstance instance;
    private HttpClient client;

    @AfterEach
    void stop() throws Exception {
        if (client != null) {
            client.stop();
        }
        if (instance != null) {
            instance.close();
        }
        if (router != null) {
            router.close();
        }
    }

    private void start(boolean http2First) throws Exception {
        Path store = folder.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "test-store",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "router",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1")
                .redirectErrorStream(true)
                .start();
        keytool.getInputStream().readAllBytes();
        assertThat(keytool.waitFor()).isZero();
        router = Router.create(RequestPathTest.config(
                        "fluid.router.https.port",
                        "0",
                        "fluid.router.https.keystore",
                        store.toString(),
                        "fluid.router.https.keystore-password",
                        "test-store"))
                .start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", call -> {
                    if (call.head.targetString().equals("/echo")) {
                        call.readBody().thenAccept(body -> call.answer(200, new String(body, StandardCharsets.UTF_8)));
                    } else if (call.head.targetString().equals("/get")) {
                        call.answer(200, call.head.scheme() + " " + call.head.protocol());
                    }
                })
                .connected();
        await().until(() -> router.instances() == 1);
        ClientConnector connector = new ClientConnector();
        connector.setSslContextFactory(new SslContextFactory.Client(true));
        ClientConnectionFactoryOverHTTP2.HTTP2 http2 =
                new ClientConnectionFactoryOverHTTP2.HTTP2(new HTTP2Client(connector));
        client = new HttpClient(
                http2First
                        ? new HttpClientTransportDynamic(connector, http2, HttpClientConnectionFactory.HTTP11)
                        : new HttpClientTransportDynamic(connector, HttpClientConnectionFactory.HTTP11));
        client.start();
    }

    private String https() {
        return "https://localhost:" + router.httpsPort();
    }

    private String clear() {
        return "http://localhost:" + router.httpPort();
    }

    @Test
    void httpsWithHttp1() throws Exception {
        start(false);
        for (int i = 0; i < 3; i++) {
            ContentResponse response = client.GET(https() + "/get");
            assertThat(response.getVersion()).isEqualTo(HttpVersion.HTTP_1_1);
            assertThat(response.getContentAsString()).isEqualTo("https " + 0x11);
        }
        assertThat(instance.call().head.tls().protocol()).startsWith("TLSv1.");
    }

    @Test
    void httpsWithHttp2ByAlpn() throws Exception {
        start(true);
        ContentResponse response = client.GET(https() + "/get");
        assertThat(response.getVersion()).isEqualTo(HttpVersion.HTTP_2);
        assertThat(response.getContentAsString()).isEqualTo("https " + 0x20);
        assertThat(response.getHeaders().get("fluid-request-id")).matches("[0-9a-f]{32}");
        assertThat(instance.call().head.authority()).isEqualTo("localhost:" + router.httpsPort());
    }

    /** What is decrypted is looked at as what comes in clear. */
    @Test
    void malformedPseudoFieldByTls() throws Exception {
        start(true);
        assertThat(endingByTls(":path")).isEqualTo("answered");
        assertThat(endingByTls(":Path")).isIn("gone 1", "reset 1");
    }

    private String endingByTls(String path) throws Exception {
        SSLContext trusting = client.getSslContextFactory().getSslContext();
        try (SSLSocket socket = (SSLSocket)
                trusting.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), router.httpsPort())) {
            socket.setSoTimeout(30_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            byte[] block = Http2Octets.block(
                    Http2Octets.Name.PLAIN,
                    ":method",
                    "GET",
                    ":scheme",
                    "https",
                    ":authority",
                    "localhost",
                    path,
                    "/get");
            socket.getOutputStream()
                    .write(Http2Octets.join(
                            Http2Octets.preface(),
                            Http2Octets.frame(
                                    Http2Octets.HEADERS, Http2Octets.END_HEADERS | Http2Octets.END_STREAM, 1, block)));
            return Http2Octets.ending(socket, 1);
        }
    }

    @Test
    void http2InClear() throws Exception {
        start(true);
        Request request = client.newRequest(clear() + "/get").version(HttpVersion.HTTP_2);
        ContentResponse response = request.send();
        assertThat(response.getVersion()).isEqualTo(HttpVersion.HTTP_2);
        assertThat(response.getContentAsString()).isEqualTo("http " + 0x20);
    }

    @Test
    void manyHttp2RequestsWithBodies() throws Exception {
        start(true);
        List<CompletableFuture<ContentResponse>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String body = "body " + i + "x".repeat(i * 1000);
            CompletableFuture<ContentResponse> done = new CompletableResponseListener(client.POST(https() + "/echo")
                            .body(new BytesRequestContent(body.getBytes(StandardCharsets.UTF_8))))
                    .send();
            all.add(done);
        }
        for (int i = 0; i < 50; i++) {
            assertThat(all.get(i).get(60, TimeUnit.SECONDS).getContentAsString())
                    .isEqualTo("body " + i + "x".repeat(i * 1000));
        }
    }

    @Test
    void http2TrailersReachTheClient() throws Exception {
        start(true);
        CompletableFuture<ContentResponse> done =
                new CompletableResponseListener(client.newRequest(https() + "/trailers")).send();
        ScriptedInstance.Call call = instance.call();
        call.head(200, -1);
        call.send("body");
        call.endWithTrailer("fin");
        ContentResponse response = done.get(60, TimeUnit.SECONDS);
        assertThat(response.getContentAsString()).isEqualTo("body");
        HttpFields trailers = response.getTrailers();
        assertThat(trailers.get("X-Trailer")).isEqualTo("fin");
    }

    @Test
    void http2ResetReachesTheApplication() throws Exception {
        start(true);
        Request request = client.newRequest(https() + "/wait");
        CompletableFuture<ContentResponse> done = new CompletableResponseListener(request).send();
        ScriptedInstance.Call call = instance.call();
        request.abort(new IllegalStateException("changed my mind"));
        assertThat(call.cancelled.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorCode.CLIENT_GONE);
        assertThat(done).isCompletedExceptionally();
    }
}
