/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.NackReason;
import io.fluid4j.testkit.WirePeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.PingFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.http2.frames.SettingsFrame;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Floods of what costs the sender little: whoever sends them is cut off and named in the log, everybody else is served
 * all the time, and nothing stays behind.
 */
@Timeout(240)
class FloodTest {

    private static final String GET = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

    private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    private final Logger logger = Logger.getLogger("io.fluid4j");
    private final Handler handler = new Handler() {
        private final SimpleFormatter formatter = new SimpleFormatter();

        @Override
        public void publish(LogRecord line) {
            log.add(formatter.formatMessage(line));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @TempDir
    Path folder;

    private Router router;
    private ScriptedInstance instance;

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(handler);
        assertThat(logged("a request has failed in the router"))
                .as("a warning for what clients may do")
                .isFalse();
        if (instance != null) {
            instance.close();
        }
        if (router != null) {
            assertThat(router.context().live().size())
                    .as("exchanges left behind")
                    .isZero();
            router.close();
        }
    }

    private void start(String... more) throws Exception {
        router = Router.create(RequestPathTest.config(more)).start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", FloodTest::answer).connected();
        await().until(() -> router.instances() == 1);
    }

    private static void answer(ScriptedInstance.Call call) {
        if (call.head.targetString().equals("/good")) {
            call.answer(200, "good");
        } else {
            call.start();
        }
    }

    private void othersAreServed() throws IOException {
        try (RawClient client = new RawClient(router.httpPort())) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.send(GET).answer().text()).isEqualTo("good");
            }
        }
    }

    private boolean logged(String... parts) {
        return log.stream().anyMatch(line -> {
            for (String part : parts) {
                if (!line.contains(part)) {
                    return false;
                }
            }
            return true;
        });
    }

    // ---- clients ---------------------------------------------------------------------------------------------

    private void http2Flood(FloodStep step) throws Exception {
        start();
        HTTP2Client client = new HTTP2Client();
        client.start();
        try {
            List<GoAwayFrame> away = new ArrayList<>();
            Session session = client.connect(
                            new InetSocketAddress("127.0.0.1", router.httpPort()), new Session.Listener() {
                                @Override
                                public void onClose(Session closed, GoAwayFrame frame, Callback callback) {
                                    synchronized (away) {
                                        away.add(frame);
                                    }
                                    callback.succeeded();
                                }

                                @Override
                                public void onGoAway(Session from, GoAwayFrame frame) {
                                    synchronized (away) {
                                        away.add(frame);
                                    }
                                }
                            })
                    .get(30, TimeUnit.SECONDS);
            String local = String.valueOf(session.getLocalSocketAddress());
            for (int i = 0; i < 5_000 && !session.isClosed(); i++) {
                try {
                    step.send(session);
                } catch (Exception e) {
                    break; // Cut off already.
                }
                if (i % 200 == 0) {
                    othersAreServed();
                }
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> logged(local.substring(local.indexOf(':')), "cut off"));
            // What it is told may be lost when it sends on all the same: the connection is reset then.
            await().atMost(Duration.ofSeconds(60)).until(session::isClosed);
            synchronized (away) {
                assertThat(away.stream().filter(frame -> frame.getError() != ErrorCode.NO_ERROR.code))
                        .allMatch(frame -> frame.getError() == ErrorCode.ENHANCE_YOUR_CALM_ERROR.code);
            }
            othersAreServed();
            // A cancelled request is given up by the instance, and its slot comes back.
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> router.context().instances().all().get(0).inFlight() == 0);
        } finally {
            client.stop();
        }
    }

    private interface FloodStep {
        void send(Session session) throws Exception;
    }

    private HeadersFrame request(String method, boolean end) {
        HttpURI uri = HttpURI.from("http://127.0.0.1:" + router.httpPort() + "/flood");
        return new HeadersFrame(new MetaData.Request(method, uri, HttpVersion.HTTP_2, HttpFields.EMPTY), null, end);
    }

    @Test
    void rapidResets() throws Exception {
        http2Flood(session -> {
            Stream stream = session.newStream(request("GET", true), new Stream.Listener() {})
                    .get(30, TimeUnit.SECONDS);
            stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
        });
    }

    @Test
    void pings() throws Exception {
        http2Flood(session -> session.ping(new PingFrame(false), Callback.NOOP));
    }

    @Test
    void settings() throws Exception {
        http2Flood(session -> session.settings(new SettingsFrame(Map.of(), false), Callback.NOOP));
    }

    @Test
    void emptyData() throws Exception {
        Stream[] stream = new Stream[1];
        http2Flood(session -> {
            if (stream[0] == null) {
                stream[0] = session.newStream(request("POST", false), new Stream.Listener() {})
                        .get(30, TimeUnit.SECONDS);
            }
            stream[0]
                    .data(new DataFrame(stream[0].getId(), BufferUtil.EMPTY_BUFFER, false))
                    .get(30, TimeUnit.SECONDS);
        });
    }

    /** A flood that comes over a new connection each time it is cut off costs no more requests than the first few. */
    @Test
    void whoComesAgainIsTurnedAwayAndNobodyElse() throws Exception {
        start();
        InetAddress offender = InetAddress.getByName("127.0.0.77");
        for (int i = 0; i < Offenders.CUT_OFF_UNTIL_TURNED_AWAY; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort(), offender, 0)) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(pings(1_000));
                awaitEnd(socket);
                assertThat(logged("127.0.0.77:" + socket.getLocalPort(), "cut off"))
                        .isTrue();
            }
        }
        assertThat(logged("127.0.0.77:", "turned away")).isTrue();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.httpPort(), offender, 0)) {
            socket.setSoTimeout(20_000);
            awaitEnd(socket);
        } catch (SocketException reset) {
            // Already while it connects.
        }
        assertThat(router.context().metrics().cutOff().getCount()).isEqualTo(Offenders.CUT_OFF_UNTIL_TURNED_AWAY);
        await().until(() -> router.context().metrics().turnedAway().getCount() == 1);
        othersAreServed();
    }

    /** The beginning of an HTTP/2 connection and so many pings. */
    private static byte[] pings(int count) {
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer octets = ByteBuffer.allocate(preface.length + 9 + count * 17);
        octets.put(preface).put(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        for (int i = 0; i < count; i++) {
            octets.put(new byte[] {0, 0, 8, 6, 0, 0, 0, 0, 0}).putLong(i);
        }
        return octets.array();
    }

    private static void awaitEnd(Socket socket) throws IOException {
        try {
            while (socket.getInputStream().read() >= 0) {
                // What it is told before does not matter.
            }
        } catch (SocketException reset) {
            // That is an end, too.
        }
    }

    @Test
    void http1ClientsThatLeaveAtOnce() throws Exception {
        start();
        for (int i = 0; i < 500; i++) {
            RawClient client = new RawClient(router.httpPort());
            client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
            client.reset();
            if (i % 100 == 0) {
                othersAreServed();
            }
        }
        othersAreServed();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> router.context().instances().all().get(0).inFlight() == 0
                        && router.context().live().size() == 0);
    }

    /** Else any client could take an instance from all others until its next HEALTH, by asking and going away. */
    @Test
    void aNackThatAnswersACancelDoesNotPauseTheInstance() throws Exception {
        start();
        instance.script(call -> {});
        try (RawClient client = new RawClient(router.httpPort())) {
            client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
            ScriptedInstance.Call call = instance.call();
            client.reset();
            call.cancelled.get(20, TimeUnit.SECONDS);
            call.nack(NackReason.QUEUE_DELAY);
        }
        Instance asked = router.context().instances().all().get(0);
        await().atMost(Duration.ofSeconds(20)).until(() -> asked.inFlight() == 0);
        assertThat(asked.nacks()).isZero();
        assertThat(router.context().metrics().nacks(NackReason.QUEUE_DELAY)).isZero();
        instance.script(FloodTest::answer);
        othersAreServed();
    }

    @Test
    void headsThatDripIn() throws Exception {
        start("fluid.router.http.header-timeout", "1s");
        List<RawClient> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                slow.add(new RawClient(router.httpPort()).send("GET / HTTP/1.1\r\nHost: a\r\nX-"));
            }
            boolean[] cut = new boolean[slow.size()];
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            int left = slow.size();
            while (left > 0 && System.nanoTime() < deadline) {
                othersAreServed();
                for (int i = 0; i < cut.length; i++) {
                    if (!cut[i]) {
                        try {
                            slow.get(i).send("a");
                        } catch (IOException closed) {
                            cut[i] = true;
                            left--;
                        }
                    }
                }
            }
            assertThat(left).as("heads that still drip in").isZero();
            assertThat(slow.stream()
                            .anyMatch(client ->
                                    logged("cut off", ":" + client.socket().getLocalPort() + " ")))
                    .as("an offender is named")
                    .isTrue();
        } finally {
            for (RawClient client : slow) {
                client.close();
            }
        }
    }

    // ---- the tunnel port -------------------------------------------------------------------------------------

    @Test
    void halfHandshakesKeepNobodyOut() throws Exception {
        start("fluid.router.tunnel.max-handshakes", "32");
        List<Socket> half = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                Socket socket = new Socket("127.0.0.1", router.tunnelPort());
                half.add(socket);
                if (i % 2 == 0) {
                    // The beginning of a preface, and nothing more.
                    socket.getOutputStream().write(i % 4 == 0 ? 0 : 'F');
                }
                if (i == 150) {
                    othersAreServed();
                }
            }
            // All places are taken by those who say nothing, and an instance comes in all the same.
            try (ScriptedInstance late = new ScriptedInstance(router.tunnelPort(), "shop", FloodTest::answer)) {
                late.connected();
                await().atMost(Duration.ofSeconds(60)).until(() -> router.instances() == 2);
                othersAreServed();
            }
            assertThat(logged("refused", "127.0.0.1:" + half.get(0).getLocalPort()))
                    .as("the offender is named")
                    .isTrue();
            assertThat(log.stream().filter(line -> line.contains("refused")).count())
                    .as("lines about it")
                    .isLessThan(200);
        } finally {
            for (Socket socket : half) {
                socket.close();
            }
        }
    }

    private void tunnelFlood(Consumer<ByteBuffer> frame) throws Exception {
        start();
        try (WirePeer peer = WirePeer.dial(router.tunnelPort())) {
            peer.handshakeAsDialler(WirePeer.instance("other"), ScriptedInstance.SECRET);
            await().until(() -> router.instances() == 2);
            for (int i = 0; i < 2_000; i++) {
                try {
                    peer.encode(frame);
                } catch (IOException closed) {
                    break;
                }
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> router.instances() == 1);
            await().until(() -> logged("(other)", "has ended", "RATE_LIMITED", "127.0.0.1"));
        }
    }

    @Test
    void tunnelPings() throws Exception {
        tunnelFlood(out -> FrameWriter.ping(out, 1));
        assertThat(instance.session().open()).isTrue();
    }

    @Test
    void tunnelUnknownFrames() throws Exception {
        tunnelFlood(out -> out.putInt(0xF0).put((byte) 0).putInt(0));
    }

    @Test
    void credentialOfAnotherFunction() throws Exception {
        Path file = folder.resolve("credentials");
        Files.writeString(
                file, "shop = " + ScriptedInstance.SECRET + "\npay = another secret\n", StandardCharsets.UTF_8);
        start("fluid.tunnel.secret", null, "fluid.tunnel.credentials-file", file.toString());
        for (int i = 0; i < 100; i++) {
            try (WirePeer peer = WirePeer.dial(router.tunnelPort())) {
                assertThatThrownBy(() -> peer.handshakeAsDialler(WirePeer.instance("pay"), ScriptedInstance.SECRET))
                        .hasMessageContaining("UNAUTHORIZED");
            }
        }
        othersAreServed();
        assertThat(router.instances()).isEqualTo(1);
        assertThat(logged("refused", "UNAUTHORIZED", "pay", "127.0.0.1")).isTrue();
        assertThat(logged(ScriptedInstance.SECRET)).isFalse();
    }
}
