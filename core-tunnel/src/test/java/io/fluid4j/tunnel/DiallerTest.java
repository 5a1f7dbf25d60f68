/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.take;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One dial loop survives everything that a router, or what stands in its place, may do. */
@Timeout(60)
final class DiallerTest {

    private final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    private TunnelTransport transport;

    @BeforeEach
    void start() {
        transport = TunnelTransport.builder().build();
        transport.start();
    }

    @AfterEach
    void stop() {
        transport.close();
        assertThat(transport.tunnels()).isZero();
    }

    @Test
    @SuppressWarnings("try") // Closed in the middle on purpose.
    void survivesRefusalResetGarbageAndComesBack() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (Dialler dialler = dialler(port)) {
            dialler.start();
            dialler.start();
            until("refused", () -> dialler.lastFailure() != null);
            try (ServerSocket bad = new ServerSocket(port, 10, InetAddress.getLoopbackAddress())) {
                for (int i = 0; i < 3; i++) {
                    try (Socket reset = bad.accept()) {
                        reset.setSoLinger(true, 0);
                    }
                }
                try (Socket garbage = bad.accept()) {
                    garbage.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n"
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    garbage.getInputStream().readAllBytes();
                }
                try (Socket closed = bad.accept()) {
                    closed.shutdownOutput();
                }
            }
            assertThat(dialler.session()).isEmpty();
            TunnelAcceptor acceptor = acceptor(port);
            Session first = take(sessions);
            until("established", () -> dialler.session().isPresent());
            assertThat(dialler.lastFailure()).isNull();
            first.close(ErrorCode.SHUTDOWN, "restart");
            Session second = take(sessions);
            until("back", () -> dialler.session().isPresent());
            assertThat(dialler.reconnects()).isEqualTo(1);
            acceptor.close();
            dialler.close();
            until("ended", () -> !second.open() && dialler.session().isEmpty());
        }
    }

    @Test
    void aRouterThatDoesNotAnswerIsGivenUp() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Dialler dialler = dialler(silent.getLocalPort())) {
            dialler.start();
            try (Socket first = silent.accept();
                    Socket second = silent.accept()) {
                assertThat(first.isConnected()).isTrue();
                assertThat(second.isConnected()).isTrue();
                assertThat(dialler.lastFailure()).hasMessageContaining("TIMEOUT");
            }
        }
    }

    @Test
    void stopDialsNoMore() throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Dialler dialler = dialler(listening.getLocalPort())) {
            dialler.start();
            try (Socket first = listening.accept()) {
                dialler.stop();
                first.setSoLinger(true, 0);
            }
            until("noticed", () -> dialler.lastFailure() != null);
            listening.setSoTimeout(500);
            assertThatThrownBy(listening::accept).isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }

    @Test
    void p1_2_plainTcpOnlyOnLoopback() {
        assertThatThrownBy(() -> builder(URI.create("tcp://192.0.2.1:7443")).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fluid.router.urls");
        assertThatThrownBy(
                        () -> builder(URI.create("tcp://router.example:7443")).build())
                .hasMessageContaining("tls://");
        assertThatThrownBy(() -> builder(URI.create("http://localhost:7443")).build())
                .hasMessageContaining("tcp://host:port");
        assertThatThrownBy(() -> builder(URI.create("tls://localhost:7443")).build())
                .hasMessageContaining("fluid.tunnel.tls");
        assertThatThrownBy(() ->
                        builder(URI.create("tcp://localhost:7443")).secret(null).build())
                .hasMessageContaining("fluid.tunnel.secret");
        assertThat(Loopback.names("127.0.0.1")).isTrue();
        assertThat(Loopback.names("[::1]")).isTrue();
        assertThat(Loopback.names("localhost")).isTrue();
        assertThat(Loopback.names("0.0.0.0")).isFalse();
        assertThat(Loopback.names("127.evil.example")).isFalse();
        assertThatThrownBy(() -> TunnelAcceptor.builder()
                        .transport(transport)
                        .bind(new InetSocketAddress("0.0.0.0", 0))
                        .authenticator(Authenticator.anyOf(List.of(Tunnels.SECRET)))
                        .welcome(DiallerTest::welcome)
                        .listener(session -> new Session.Listener() {})
                        .build())
                .hasMessageContaining("fluid.router.tunnel.bind");
    }

    @Test
    void theBackOffDoublesWithJitterAndResets() {
        BackOff backOff = new BackOff(Duration.ofMillis(100), Duration.ofSeconds(10), () -> 0.999999);
        for (long expected : new long[] {99, 199, 399, 799, 1599, 3199, 6399, 9999, 9999}) {
            assertThat(backOff.nextMillis()).isEqualTo(expected);
        }
        backOff.reset();
        assertThat(backOff.nextMillis()).isEqualTo(99);
        BackOff low = new BackOff(Duration.ofMillis(100), Duration.ofSeconds(10), () -> 0);
        assertThat(low.nextMillis()).isEqualTo(50);
    }

    private Dialler dialler(int port) {
        return builder(URI.create("tcp://127.0.0.1:" + port)).build();
    }

    private Dialler.Builder builder(URI router) {
        return Dialler.builder()
                .transport(transport)
                .router(router)
                .secret(Tunnels.SECRET)
                .backOff(Duration.ofMillis(10), Duration.ofMillis(40))
                .hello(Tunnels::hello)
                .listener(session -> new Session.Listener() {});
    }

    private TunnelAcceptor acceptor(int port) {
        TunnelAcceptor acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .authenticator(Authenticator.anyOf(List.of(Tunnels.SECRET)))
                .welcome(DiallerTest::welcome)
                .listener(session -> new Session.Listener() {
                    @Override
                    public void onOpen(Session opened) {
                        sessions.add(opened);
                    }
                })
                .build();
        acceptor.start();
        return acceptor;
    }

    private static Welcome welcome() {
        return new Welcome(Settings.REQUESTER_DEFAULTS, "router-1", "", "", List.of(), "");
    }
}
