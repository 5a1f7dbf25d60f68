/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.example.battery.Pattern;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of the router's HTTPS port: what the application sees of TLS, and HTTP/2 clients. */
class BatterySecureIT extends Battery {

    @BeforeEach
    void onlyTheRouterHasThisPort() {
        assumeThat(tunnelled())
                .as("the servers' own ports are without TLS here")
                .isTrue();
    }

    private int securePort() {
        port();
        return FleetExtension.fleet().router().httpsPort();
    }

    private RawClient secure(boolean withCertificate) throws IOException {
        SSLSocket socket = (SSLSocket) FleetExtension.fleet()
                .certificates()
                .client(withCertificate)
                .getSocketFactory()
                // The name goes to the router as well (SNI), which compares it with the Host.
                .createSocket(
                        new Socket(InetAddress.getLoopbackAddress(), securePort()), "localhost", securePort(), true);
        socket.startHandshake();
        return RawClient.over(socket);
    }

    private Response secureGet(boolean withCertificate, String target) throws IOException {
        try (RawClient client = secure(withCertificate)) {
            client.send("GET " + path(target) + " HTTP/1.1\r\nHost: localhost:" + securePort() + "\r\n\r\n");
            return client.readResponse("GET");
        }
    }

    @Test
    void requestOverTlsIsSecure() throws IOException {
        Response response = secureGet(false, "/info");
        assertThat(response.value("scheme")).isEqualTo("https");
        assertThat(response.value("secure")).isEqualTo("true");
        assertThat(response.value("serverPort")).isEqualTo(Integer.toString(securePort()));
        assertThat(response.value("requestURL")).isEqualTo("https://localhost:" + securePort() + path("/info"));
        assertThat(response.value("cipherSuite")).startsWith("TLS_");
        assertThat(Integer.parseInt(response.value("keySize"))).isGreaterThanOrEqualTo(128);
        assertThat(response.value("clientCertificate")).isEqualTo("null");
    }

    @Test
    void sessionCookieOverTlsIsSecure() throws IOException {
        assertThat(secureGet(false, "/session").first("set-cookie")).containsIgnoringCase("; secure");
    }

    @Test
    void certificateOfTheClientReachesTheApplication() throws IOException {
        Response response = secureGet(true, "/info");
        assertThat(response.value("clientCertificate")).isEqualTo(Certificates.CLIENT_SUBJECT);
        assertThat(response.value("cipherSuite")).startsWith("TLS_");
    }

    @Test
    void certificateOfAnHttp2ClientReachesTheApplication() throws Exception {
        HttpResponse<String> response = http2(true).send(http2Request("/info").build(), BodyHandlers.ofString());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.body().lines()).contains("clientCertificate=" + Certificates.CLIENT_SUBJECT);
    }

    private HttpClient http2() {
        return http2(false);
    }

    private HttpClient http2(boolean withCertificate) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(FleetExtension.fleet().certificates().client(withCertificate))
                .connectTimeout(Duration.ofSeconds(20))
                .build();
    }

    private HttpRequest.Builder http2Request(String target) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + securePort() + path(target)))
                .timeout(Duration.ofSeconds(30));
    }

    @Test
    void http2ClientIsServed() throws Exception {
        HttpResponse<String> response = http2().send(http2Request("/info/x?q=1").build(), BodyHandlers.ofString());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\npathInfo=/x\n", "\nscheme=https\n", "\nserverName=localhost\n");
    }

    @Test
    void http2BodiesAreComplete() throws Exception {
        byte[] body = new byte[3_000_000];
        Pattern.fill(body, body.length, 0);
        HttpResponse<byte[]> response = http2().send(
                        http2Request("/nonBlockingEcho")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                .build(),
                        BodyHandlers.ofByteArray());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.body()).isEqualTo(body);
    }

    @Test
    void flushesReachHttp2ClientsAtOnce() throws Exception {
        String key = freshKey();
        HttpResponse<InputStream> response =
                http2().send(http2Request("/flush/x?n=3&key=" + key).build(), BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            for (int i = 0; i < 3; i++) {
                assertThat(new String(in.readNBytes(8), StandardCharsets.US_ASCII))
                        .isEqualTo("piece " + i + "\n");
                leave(key + i);
            }
            assertThat(in.read()).isNegative();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/error/afterCommit", "/error/afterCommitWithLength"})
    void http2BodyCutByAnExceptionNeverLooksComplete(String target) throws Exception {
        HttpClient client = http2();
        // This client gives a reset precedence over what came before it, so the beginning may not be seen.
        assertThatThrownBy(() -> {
                    HttpResponse<String> whole =
                            client.send(http2Request(target).build(), BodyHandlers.ofString());
                    throw new AssertionError("complete with status " + whole.statusCode());
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("RST_STREAM");
        HttpResponse<String> next = client.send(http2Request("/response/plain").build(), BodyHandlers.ofString());
        assertThat(next.body()).isEqualTo("plain");
    }

    @Test
    void resetOfAnHttp2StreamReachesTheApplication() throws Exception {
        String key = freshKey();
        HttpResponse<InputStream> response =
                http2().send(http2Request("/cancel/writeListener?key=" + key).build(), BodyHandlers.ofInputStream());
        assertThat(response.body().read()).isZero();
        response.body().close();
        assertThat(awaitWord(key)).isEqualTo("WriteListener.onError");
    }
}
