/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fluid4j.resolver.client.MemoryStore;
import io.fluid4j.resolver.client.Replica;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Message;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** The whole way from a registration to the answers that the tools of others read. */
class DnsServerTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String SRV = "_http._tcp.shop.fluid.internal";
    private static final String KEY = "lookups.fluid.internal";
    private static final String SECRET = "c29tZSBzZWNyZXQgb2YgMzIgb2N0ZXRzLCB1c2VkIGhlcmU=";

    private final MemoryStore store = new MemoryStore();
    private final Replica replica = Replica.of(store, new Locality("eu", "a"));
    private DnsServer server;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        server = DnsServer.bind(
                        new InetSocketAddress(LOOPBACK, 0),
                        "fluid.internal",
                        replica,
                        new DnsOptions(0, batched(), KEY, Secret.of(SECRET)))
                .start();
    }

    /** As it is by default. */
    boolean batched() {
        return true;
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        server.close();
        replica.close();
        store.close();
    }

    @Test
    void whatIsRegisteredIsAnsweredAndWhatIsRemovedIsNot() throws Exception {
        SimpleResolver client = client();
        register("r1", 8080, "eu", "shop", 7);
        await().atMost(PATIENCE).until(() -> answers(client, "_http._tcp.shop.fluid.internal", Type.SRV) == 1);
        register("r2", 8080, "us", "shop", 7);
        await().atMost(PATIENCE).until(() -> answers(client, "_http._tcp.shop.fluid.internal", Type.SRV) == 2);
        client.setTCP(true);
        assertThat(answers(client, "_http._tcp.shop.fluid.internal", Type.SRV)).isEqualTo(2);
        store.remove("r1");
        store.remove("r2");
        await().atMost(PATIENCE).until(() -> answers(client, "_http._tcp.shop.fluid.internal", Type.SRV) == 0);
    }

    @Test
    void whatIsTooLargeForUdpComesOverTcp() throws Exception {
        for (int i = 0; i < 30; i++) {
            register("router-with-a-long-name-in-a-large-fleet-number-" + i, 8080, "eu", "shop", 7);
        }
        SimpleResolver client = client();
        client.setEDNS(-1);
        // The client asks again over TCP by itself when it is told to.
        await().atMost(PATIENCE).until(() -> answers(client, "_http._tcp.shop.fluid.internal", Type.SRV) == 16);
        assertThat(server.metrics().counted(DnsMetrics.Result.TRUNCATED)).isPositive();
    }

    @Test
    void aBurstOfGarbageChangesNothing() throws Exception {
        register("r1", 8080, "eu", "shop", 7);
        SimpleResolver client = client();
        await().atMost(PATIENCE).until(() -> answers(client, "shop.fluid.internal", Type.A) == 1);
        Random random = new Random(3);
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int i = 0; i < 5_000; i++) {
                byte[] octets = new byte[i % 10 == 0 ? 30_000 : random.nextInt(100)];
                random.nextBytes(octets);
                socket.send(new DatagramPacket(octets, octets.length, LOOPBACK, server.port()));
            }
        }
        try (Socket socket = new Socket(LOOPBACK, server.port())) {
            socket.getOutputStream().write(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3});
            socket.setSoTimeout((int) PATIENCE.toMillis());
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        // A query over UDP may still be lost behind the garbage: who gets no answer asks again.
        client.setTimeout(Duration.ofSeconds(1));
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> answers(client, "shop.fluid.internal", Type.A) == 1);
    }

    @Test
    void beyondLoopbackAnswersAreLimitedAndEverySecondOneTooManySaysTcp() throws Exception {
        register("r1", 8080, "eu", "shop", 7);
        int perSecond = 20;
        int queries = 200;
        try (DnsServer open = DnsServer.bind(
                        new InetSocketAddress("0.0.0.0", 0),
                        "fluid.internal",
                        replica,
                        new DnsOptions(perSecond, batched(), null, null))
                .start()) {
            byte[] query = Fixture.query("fluid.internal", Type.SOA).toWire();
            int whole = 0;
            int truncated = 0;
            long start = System.nanoTime();
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                for (int i = 0; i < queries; i++) {
                    socket.send(new DatagramPacket(query, query.length, LOOPBACK, open.port()));
                }
                await().atMost(PATIENCE).until(() -> seen(open) == queries);
                double seconds = (System.nanoTime() - start) / 1e9;
                long limited = open.metrics().counted(DnsMetrics.Result.LIMITED);
                // A second's worth at once, then what time allows.
                assertThat(queries - limited).isBetween((long) perSecond, (long) (perSecond * (seconds + 1) + 1));
                long expected = queries - limited + (limited + 1) / 2;
                for (int i = 0; i < expected; i++) {
                    byte[] octets = new byte[512];
                    DatagramPacket packet = new DatagramPacket(octets, octets.length);
                    socket.receive(packet);
                    Message response = new Message(java.util.Arrays.copyOf(octets, packet.getLength()));
                    boolean cut = response.getHeader().getFlag(org.xbill.DNS.Flags.TC);
                    assertThat(response.getSection(org.xbill.DNS.Section.ANSWER))
                            .hasSize(cut ? 0 : 1);
                    truncated += cut ? 1 : 0;
                    whole += cut ? 0 : 1;
                }
                assertThat(whole).isEqualTo((int) (queries - limited));
                assertThat(truncated).isEqualTo((int) (limited + 1) / 2);
            }
        }
    }

    private static long seen(DnsServer server) {
        return server.metrics().counted(DnsMetrics.Result.LIMITED)
                + server.metrics().counted(DnsMetrics.Result.ANSWERED);
    }

    @Test
    void moreTcpConnectionsThanAllowedAreClosedAndThoseOpenGoOn() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 150; i++) {
                sockets.add(new Socket(LOOPBACK, server.port()));
            }
            byte[] query = Fixture.query("fluid.internal", Type.SOA).toWire();
            int served = 0;
            for (Socket socket : sockets) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                try {
                    socket.getOutputStream().write(new byte[] {0, (byte) query.length});
                    socket.getOutputStream().write(query);
                    served += socket.getInputStream().read() < 0 ? 0 : 1;
                } catch (IOException e) {
                    // Closed by the server: one too many.
                }
            }
            assertThat(served).isBetween(1, 128);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void digReadsIt() throws Exception {
        requireTool("dig", "-v");
        register("r1", 8080, "eu", "shop", 7);
        awaitShop();
        String port = Integer.toString(server.port());
        assertThat(run("dig", "@127.0.0.1", "-p", port, "+short", "SRV", "_http._tcp.shop.fluid.internal"))
                .isEqualToIgnoringNewLines("0 7 8080 r1.routers.fluid.internal.");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "+tcp", "+short", "A", "shop.fluid.internal"))
                .isEqualToIgnoringNewLines("127.0.0.1");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "HTTPS", "shop.fluid.internal"))
                .contains("1 r1.routers.fluid.internal. port=8080 ipv4hint=127.0.0.1")
                .contains("flags: qr aa rd;")
                .doesNotContain("MALFORMED")
                .contains("EDNS: version: 0, flags:; udp: 1232");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "A", "nothing.fluid.internal"))
                .contains("status: NXDOMAIN")
                .contains("SOA");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "A", "example.com")).contains("status: REFUSED");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "ANY", "shop.fluid.internal"))
                .contains("RFC8482");
    }

    @Test
    void kdigReadsIt() throws Exception {
        requireTool("kdig", "-V");
        register("r1", 8080, "eu", "shop", 7);
        awaitShop();
        String port = Integer.toString(server.port());
        assertThat(run("kdig", "@127.0.0.1", "-p", port, "+edns", "SRV", "_http._tcp.shop.fluid.internal"))
                .contains("status: NOERROR")
                .contains("0 7 8080 r1.routers.fluid.internal.")
                .contains("r1.routers.fluid.internal.")
                .doesNotContain("WARNING");
        assertThat(run("kdig", "@127.0.0.1", "-p", port, "+tcp", "TXT", "shop.fluid.internal"))
                .contains("\"router=r1\" \"tier=0\" \"tunnels=1\" \"capacity=7\"");
    }

    @Test
    void signedQueriesOfOthersToolsGetSignedAnswers() throws Exception {
        requireTool("dig", "-v");
        requireTool("kdig", "-V");
        register("r1", 8080, "eu", "shop", 7);
        awaitShop();
        String port = Integer.toString(server.port());
        String wrong = SECRET.replace('c', 'd');
        for (String over : List.of("+notcp", "+tcp")) {
            assertThat(run("dig", "@127.0.0.1", "-p", port, over, "-y", key(SECRET), "SRV", SRV))
                    .contains("status: NOERROR", "0 7 8080 r1.routers.fluid.internal.", "TSIG")
                    .doesNotContain("Couldn't verify");
            assertThat(run("kdig", "@127.0.0.1", "-p", port, over, "-y", key(SECRET), "SRV", SRV))
                    .contains("status: NOERROR", "0 7 8080 r1.routers.fluid.internal.")
                    .doesNotContain(";; WARNING", ";; ERROR");
            assertThat(run("dig", "@127.0.0.1", "-p", port, over, "-y", key(wrong), "SRV", SRV))
                    .contains("status: NOTAUTH")
                    .contains("BADSIG")
                    .doesNotContain("8080");
        }
        assertThat(run("dig", "@127.0.0.1", "-p", port, "-y", "hmac-sha256:other:" + SECRET, "SRV", SRV))
                .contains("BADKEY")
                .doesNotContain("8080");
    }

    private static String key(String secret) {
        return "hmac-sha256:" + KEY + ":" + secret;
    }

    @Test
    void dnsperfLosesNothing() throws Exception {
        requireTool("dnsperf", "-h");
        register("r1", 8080, "eu", "shop", 7);
        awaitShop();
        Path queries = directory.resolve("queries");
        Files.writeString(queries, "_http._tcp.shop.fluid.internal SRV\nshop.fluid.internal A\n");
        String report = run(
                "dnsperf",
                "-s",
                "127.0.0.1",
                "-p",
                Integer.toString(server.port()),
                "-d",
                queries.toString(),
                "-l",
                "2",
                "-Q",
                "2000",
                "-t",
                "10");
        assertThat(report).containsPattern("Queries lost: +0 ").containsPattern("NOERROR [0-9]+ \\(100.00%\\)");
    }

    @Test
    void haproxyFillsItsServersFromIt() throws Exception {
        requireTool("haproxy", "-v");
        Thread answering;
        try (ServerSocket backend = new ServerSocket(0, 10, LOOPBACK)) {
            register("r1", backend.getLocalPort(), "eu", "shop", 7);
            awaitShop();
            answering = answerOnce(backend);
            int front = freePort();
            Path config = directory.resolve("haproxy.cfg");
            Files.writeString(config, """
                global
                  maxconn 100
                defaults
                  mode http
                  timeout connect 5s
                  timeout client 10s
                  timeout server 10s
                resolvers fluid
                  nameserver one 127.0.0.1:%d
                  accepted_payload_size 1232
                  hold valid 1s
                frontend in
                  bind 127.0.0.1:%d
                  default_backend shop
                backend shop
                  option redispatch
                  retries 3
                  server-template shop 3 _http._tcp.shop.fluid.internal resolvers fluid init-addr none check inter 100ms
                """.formatted(server.port(), front));
            Process haproxy = new ProcessBuilder("haproxy", "-db", "-f", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("haproxy.log").toFile())
                    .start();
            try {
                await().atMost(PATIENCE).ignoreExceptions().until(() -> get(front)
                        .startsWith("HTTP/1.1 200"));
            } finally {
                haproxy.destroy();
                assertThat(haproxy.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }
        answering.join(PATIENCE.toMillis());
        assertThat(answering.isAlive()).isFalse();
    }

    private static Thread answerOnce(ServerSocket backend) {
        Thread thread = new Thread(() -> {
            while (!backend.isClosed()) {
                try (Socket socket = backend.accept()) {
                    socket.setSoTimeout(1_000);
                    // A health check says nothing, a request does.
                    if (socket.getInputStream().read(new byte[4_096]) > 0) {
                        socket.getOutputStream()
                                .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                    }
                } catch (IOException e) {
                    // The next one, or the end.
                }
            }
        });
        thread.start();
        return thread;
    }

    private static String get(int port) throws IOException {
        try (Socket socket = new Socket(LOOPBACK, port)) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
            return socket.getLocalPort();
        }
    }

    private void register(String router, int port, String region, String function, int capacity) {
        store.register(
                        new RouterAddress(router, "127.0.0.1:" + port, "tcp://127.0.0.1:7443", region, "a"),
                        Duration.ofSeconds(60),
                        List.of(new Holding(function, "v1", 1, capacity)))
                .join();
    }

    private void awaitShop() throws IOException {
        SimpleResolver client = client();
        await().atMost(PATIENCE).until(() -> answers(client, "shop.fluid.internal", Type.A) == 1);
    }

    private SimpleResolver client() {
        SimpleResolver client = new SimpleResolver(new InetSocketAddress(LOOPBACK, server.port()));
        client.setTimeout(Duration.ofSeconds(10));
        return client;
    }

    private static int answers(SimpleResolver client, String name, int type) throws IOException {
        Message response = client.send(Fixture.query(name, type));
        return response.getSection(org.xbill.DNS.Section.ANSWER).size();
    }

    /** These tools are installed where everything is built; elsewhere the test is left out. */
    private static void requireTool(String tool, String argument) throws InterruptedException {
        boolean there;
        try {
            run(tool, argument);
            there = true;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, tool + " is not installed");
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        try (InputStream in = process.getInputStream()) {
            in.transferTo(output);
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output.toString(StandardCharsets.UTF_8);
    }
}
