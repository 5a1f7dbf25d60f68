/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.StreamFailure;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** The other end of an instance's tunnels: accepts them, records what the instance says of itself, and sends requests. */
final class FakeRouter implements AutoCloseable {

    static final String SECRET = "a secret of the tests only";
    private static final long PATIENCE_SECONDS = 30;

    final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    final List<Health> healths = new CopyOnWriteArrayList<>();
    final List<Drain> drains = new CopyOnWriteArrayList<>();
    final List<Drained> drained = new CopyOnWriteArrayList<>();
    final List<ErrorCode> closed = new CopyOnWriteArrayList<>();
    /** A line, and the stream it came for. */
    record Logged(int stream, LogLine line) {}

    final List<Logged> logged = new CopyOnWriteArrayList<>();
    final List<Map<String, Long>> processUsages = new CopyOnWriteArrayList<>();

    /** What requests bring along; empty for nothing. */
    volatile String traceParent = "";

    private final TunnelTransport transport =
            TunnelTransport.builder().name("router").build();
    private final TunnelAcceptor acceptor;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicInteger connected = new AtomicInteger();

    FakeRouter() {
        this(0);
    }

    /** A router that listens where another one did. */
    FakeRouter(int port) {
        transport.start();
        acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .authenticator(Authenticator.anyOf(List.of(Secret.of(SECRET))))
                .welcome(() -> new Welcome(Settings.REQUESTER_DEFAULTS, "router-1", "eu", "a", List.of(), "test/1"))
                .listener(session -> new Events())
                .build();
        acceptor.start();
    }

    String url() {
        return "tcp://localhost:" + acceptor.localPort();
    }

    int port() {
        return acceptor.localPort();
    }

    /** Sessions that live. */
    int connected() {
        return connected.get();
    }

    Session session() {
        try {
            Session session = sessions.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (session == null) {
                throw new AssertionError("no instance came");
            }
            return session;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Answer get(Session session, String path) {
        return get(session, path, 0);
    }

    Answer get(Session session, String path, long deadlineMillis) {
        byte[] id = new byte[16];
        ByteBuffer.wrap(id).putLong(8, requests.incrementAndGet());
        HeadWriter head = new HeadWriter()
                .request(
                        "GET",
                        "http",
                        0x11,
                        1,
                        0,
                        deadlineMillis,
                        id,
                        path,
                        "localhost",
                        InetAddress.getLoopbackAddress(),
                        1234,
                        null,
                        0);
        if (!traceParent.isEmpty()) {
            head.field("traceparent", traceParent);
        }
        Answer answer = new Answer();
        answer.stream = session.open(head, true, answer);
        if (answer.stream == null) {
            throw new AssertionError("the session takes no stream");
        }
        return answer;
    }

    void ask(Session session, Ask.Action action, Duration timeout) {
        session.ask(new Ask(action, timeout.toMillis()));
    }

    Health health() {
        until("a HEALTH frame", () -> !healths.isEmpty());
        return healths.get(healths.size() - 1);
    }

    static void until(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .pollInterval(Duration.ofMillis(2))
                .until(condition::getAsBoolean);
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        acceptor.close();
        transport.close();
    }

    private final class Events implements Session.Listener {
        @Override
        public void onOpen(Session session) {
            connected.incrementAndGet();
            sessions.add(session);
        }

        @Override
        public void onHealth(Session session, Health health) {
            healths.add(health);
        }

        @Override
        public void onDrain(Session session, Drain drain) {
            drains.add(drain);
        }

        @Override
        public void onDrained(Session session, Drained result) {
            drained.add(result);
        }

        @Override
        public void onLog(Session session, int streamId, LogLine line) {
            logged.add(new Logged(streamId, line));
        }

        @Override
        public void onProcessUsage(Session session, Map<String, Long> cpuNanos) {
            processUsages.add(cpuNanos);
        }

        @Override
        public void onClosed(Session session, ErrorCode code, @Nullable Throwable cause) {
            closed.add(code);
            connected.decrementAndGet();
        }
    }

    /** What came back for one request. */
    static final class Answer implements OutboundStream.Listener {
        OutboundStream stream;
        final CompletableFuture<Nack> nack = new CompletableFuture<>();
        final CompletableFuture<Integer> status = new CompletableFuture<>();
        final CompletableFuture<Boolean> endWithMoreWork = new CompletableFuture<>();
        final CompletableFuture<Usage> usage = new CompletableFuture<>();
        final CompletableFuture<StreamFailure> failure = new CompletableFuture<>();
        private final StringBuffer body = new StringBuffer();

        String body() {
            return body.toString();
        }

        @Override
        public void onNack(OutboundStream from, Nack why) {
            nack.complete(why);
        }

        @Override
        public void onResponse(OutboundStream from, ResponseHead head) {
            status.complete(head.status());
        }

        @Override
        public void onBody(OutboundStream from, ByteBuffer slice, Retainable owner) {
            int octets = slice.remaining();
            while (slice.hasRemaining()) {
                body.append((char) slice.get());
            }
            from.consumed(octets);
        }

        @Override
        public void onEnd(OutboundStream from, Fields trailers, @Nullable Usage used, boolean moreWork) {
            endWithMoreWork.complete(moreWork);
            if (used != null) {
                usage.complete(used);
            }
        }

        @Override
        public void onWorkEnd(OutboundStream from, @Nullable Usage used) {
            usage.complete(used);
        }

        @Override
        public void onFailure(OutboundStream from, StreamFailure why) {
            failure.complete(why);
        }
    }
}
