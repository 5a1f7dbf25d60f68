/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who is answered before its body is read still gets its answer; the clients are plain sockets, so that each step is fixed. */
class RestReaderTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PIECE = 64 << 10;
    private static final byte[] CHUNK = ("10000\r\n" + "x".repeat(PIECE) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Server small = new Server();

    @AfterEach
    void stop() throws Exception {
        small.stop();
    }

    @Test
    void aBodySaidToBeTooLargeIsRefusedBeforeItsFirstOctet() throws Exception {
        try (ResolverServer server = resolver();
                Client client = new Client(server.httpPort())) {
            client.head("PUT /v1/registrations/r1", "Content-Length: " + (9 << 20));
            assertThat(client.answer()).startsWith("HTTP/1.1 413").containsIgnoringCase("Connection: close");
            // Like any client that does not look before it has sent everything.
            for (int i = 0; i < (9 << 20) / PIECE; i++) {
                client.send(new byte[PIECE]);
            }
            assertThat(client.in.read()).as("the end, not a reset").isEqualTo(-1);
        }
    }

    @Test
    void aBodyOfNoSaidLengthIsRefusedInItsMiddleAndReadToItsEnd() throws Exception {
        try (ResolverServer server = resolver();
                Client client = new Client(server.httpPort())) {
            client.head("PUT /v1/registrations/r1", "Transfer-Encoding: chunked");
            for (int i = 0; i <= (8 << 20) / PIECE; i++) {
                client.send(CHUNK);
            }
            assertThat(client.answer()).startsWith("HTTP/1.1 413").containsIgnoringCase("Connection: close");
            for (int i = 0; i < 64; i++) {
                client.send(CHUNK);
            }
            client.send(LAST_CHUNK);
            assertThat(client.in.read()).as("the end, not a reset").isEqualTo(-1);
        }
    }

    @Test
    void aRefusalThatIsNotAboutTheBodyKeepsTheConnection() throws Exception {
        try (ResolverServer server = resolver();
                Client client = new Client(server.httpPort())) {
            client.head("POST /v1/functions", "Content-Length: 2");
            assertThat(client.answer()).startsWith("HTTP/1.1 405").doesNotContainIgnoringCase("Connection: close");
            client.send("{}".getBytes(StandardCharsets.US_ASCII));
            client.head("GET /livez", "Content-Length: 0");
            assertThat(client.answer()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void whoNeverEndsIsCutOffByOctets() throws Exception {
        try (Client client = new Client(small(8L * PIECE, PATIENCE))) {
            client.head("PUT /", "Transfer-Encoding: chunked");
            assertThat(client.answer()).startsWith("HTTP/1.1 200");
            for (int i = 0; i < 7; i++) {
                client.send(CHUNK); // all of it is read
            }
            assertThatThrownBy(() -> {
                        while (true) {
                            client.send(CHUNK);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void whoNeverEndsIsCutOffByTime() throws Exception {
        try (Client client = new Client(small(Long.MAX_VALUE, Duration.ZERO))) {
            client.head("PUT /", "Transfer-Encoding: chunked");
            assertThat(client.answer()).startsWith("HTTP/1.1 200");
            await().atMost(PATIENCE).until(() -> {
                try {
                    client.send(CHUNK);
                    return false;
                } catch (IOException e) {
                    return true;
                }
            });
        }
    }

    private static ResolverServer resolver() throws IOException {
        return ResolverServer.create(ResolverServerTest.config(
                        Map.of("fluid.resolver.dns.port", "off", "fluid.resolver.http.port", "0")))
                .start();
    }

    /** A server that reads no body. */
    private int small(long maxOctets, Duration atMost) throws Exception {
        ServerConnector connector = new ServerConnector(small);
        connector.setHost("127.0.0.1");
        small.addConnector(connector);
        small.setHandler(new RestReader(
                new Handler.Abstract() {
                    @Override
                    public boolean handle(Request request, Response response, Callback callback) {
                        response.write(true, null, callback);
                        return true;
                    }
                },
                maxOctets,
                atMost));
        small.start();
        return connector.getLocalPort();
    }

    private static final class Client implements AutoCloseable {

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Client(int port) throws IOException {
            this.socket = new Socket(InetAddress.getByName("127.0.0.1"), port);
            socket.setSoTimeout((int) PATIENCE.toMillis());
            this.in = new BufferedInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        void head(String start, String field) throws IOException {
            send((start + " HTTP/1.1\r\nHost: localhost\r\n" + field + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        }

        void send(byte[] octets) throws IOException {
            out.write(octets);
        }

        /** The head of the next answer; its body, of the length that the head says, is read too. */
        String answer() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int octet = in.read();
                assertThat(octet).as("an octet after %s", head).isNotNegative();
                head.append((char) octet);
            }
            for (String line : head.toString().split("\r\n")) {
                if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                    int length = Integer.parseInt(line.substring(15).trim());
                    assertThat(in.readNBytes(length)).hasSize(length);
                }
            }
            return head.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
