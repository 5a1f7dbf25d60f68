/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** A requester that accepts and a server that dials, in one JVM over real sockets on the loopback interface. */
final class Tunnels implements AutoCloseable {

    static final Secret SECRET = Secret.of("correct horse battery staple");
    static final long DEADLINE_SECONDS = 40;

    final BlockingQueue<Session> requesterSessions = new LinkedBlockingQueue<>();
    final BlockingQueue<Session> serverSessions = new LinkedBlockingQueue<>();
    final Recorder requesterEvents = new Recorder();
    final Recorder serverEvents = new Recorder();
    final TunnelTransport requesterTransport;
    final TunnelTransport serverTransport;
    final TunnelAcceptor acceptor;
    final Dialler dialler;

    private Tunnels(Setup setup) {
        requesterTransport = TunnelTransport.builder()
                .name("requester")
                .selectors(setup.requesterSelectors)
                .byteBudget(setup.requesterBudget)
                .build();
        serverTransport = TunnelTransport.builder()
                .name("server")
                .byteBudget(setup.serverBudget)
                .build();
        requesterTransport.start();
        serverTransport.start();
        acceptor = TunnelAcceptor.builder()
                .transport(requesterTransport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .tls(setup.serverTls)
                .authenticator(setup.authenticator)
                .maxHandshakes(setup.maxHandshakes)
                .welcome(() -> new Welcome(setup.requesterSettings, "router-1", "eu", "a", List.of(), "test/1"))
                .listener(session -> new Events(requesterEvents, requesterSessions, setup.acceptorApp))
                .build();
        acceptor.start();
        dialler = dialler(setup);
        if (setup.dial) {
            dialler.start();
        }
    }

    /** Another dialler of the same instance. */
    Dialler dialler(Setup setup) {
        String scheme = setup.clientTls == null ? "tcp" : "tls";
        return Dialler.builder()
                .transport(serverTransport)
                .router(URI.create(scheme + "://localhost:" + acceptor.localPort()))
                .tls(setup.clientTls)
                .secret(setup.secret)
                .backOff(Duration.ofMillis(20), Duration.ofMillis(100))
                .hello(setup.hello)
                .listener(session -> new Events(serverEvents, serverSessions, setup.app))
                .build();
    }

    static Setup with(App app) {
        Setup setup = new Setup();
        setup.app = app;
        return setup;
    }

    Session requester() {
        return take(requesterSessions);
    }

    Session server() {
        return take(serverSessions);
    }

    @Override
    public void close() {
        dialler.close();
        acceptor.close();
        serverTransport.close();
        requesterTransport.close();
    }

    static <T> T take(BlockingQueue<T> queue) {
        try {
            T next = queue.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing came within " + DEADLINE_SECONDS + " s");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not complete within " + DEADLINE_SECONDS + " s", e);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(latch.getCount() + " did not come within " + DEADLINE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void until(String what, BooleanSupplier condition) {
        org.awaitility.Awaitility.await(what)
                .atMost(Duration.ofSeconds(DEADLINE_SECONDS))
                .pollInterval(Duration.ofMillis(2))
                .until(condition::getAsBoolean);
    }

    static HeadWriter get(String path) {
        return request("GET", path, 0);
    }

    static HeadWriter request(String method, String path, long contentLength) {
        return new HeadWriter()
                .request(
                        method,
                        "http",
                        0x11,
                        1,
                        contentLength,
                        0,
                        new byte[16],
                        path,
                        "localhost",
                        InetAddress.getLoopbackAddress(),
                        1234,
                        null,
                        0)
                .field("Accept", "*/*");
    }

    static HeadWriter ok(long contentLength) {
        return new HeadWriter().response(200, contentLength).field("Content-Type", "text/plain");
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(ISO_8859_1));
    }

    static Hello.Builder hello() {
        return Hello.builder()
                .instanceId("instance-1")
                .function("shop")
                .deployment("v1")
                .container("test/1")
                .sessionGroup(new byte[16]);
    }

    /** What the server does with a request. */
    interface App extends BiFunction<InboundStream, RequestHead, InboundStream.Listener> {}

    static final class Setup {
        App app = (stream, head) -> {
            throw new IllegalStateException("no request expected");
        };
        App acceptorApp = app;
        Settings requesterSettings = Settings.REQUESTER_DEFAULTS;
        Supplier<Hello.Builder> hello = Tunnels::hello;
        Authenticator authenticator = Authenticator.anyOf(List.of(SECRET));
        Secret secret = SECRET;
        SslContextFactory.Client clientTls;
        SslContextFactory.Server serverTls;
        int maxHandshakes = 256;
        long serverBudget = 64L << 20;
        long requesterBudget = 64L << 20;
        int requesterSelectors = 1;
        boolean dial = true;

        Setup requesterSelectors(int count) {
            requesterSelectors = count;
            return this;
        }

        Setup settings(Settings requester, Settings server) {
            requesterSettings = requester;
            hello = () -> Tunnels.hello().settings(server);
            return this;
        }

        /** The accepting end answers requests, as one router does for another. */
        Setup settingsOfAcceptor(Settings settings, App answers) {
            requesterSettings = settings;
            acceptorApp = answers;
            return this;
        }

        Setup tls(SslContextFactory.Client client, SslContextFactory.Server server) {
            clientTls = client;
            serverTls = server;
            return this;
        }

        Setup secret(Secret value) {
            secret = value;
            return this;
        }

        Setup authenticator(Authenticator value) {
            authenticator = value;
            return this;
        }

        Setup hello(Supplier<Hello.Builder> value) {
            hello = value;
            return this;
        }

        Setup requesterBudget(long bytes) {
            requesterBudget = bytes;
            return this;
        }

        Setup serverBudget(long bytes) {
            serverBudget = bytes;
            return this;
        }

        Setup maxHandshakes(int value) {
            maxHandshakes = value;
            return this;
        }

        Setup idle() {
            dial = false;
            return this;
        }

        Tunnels open() {
            return new Tunnels(this);
        }
    }

    /** Session events as text, in order. */
    static final class Recorder {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final BlockingQueue<ErrorCode> closed = new LinkedBlockingQueue<>();

        /** Runs in the thread of the session when HEALTH has come. */
        volatile Runnable onHealth = () -> {};
    }

    private record Events(Recorder recorder, BlockingQueue<Session> opened, App app) implements Session.Listener {

        @Override
        public void onOpen(Session session) {
            opened.add(session);
        }

        @Override
        public InboundStream.Listener onRequest(InboundStream stream, RequestHead head) {
            return app.apply(stream, head);
        }

        @Override
        public void onHealth(Session session, io.fluid4j.frame.Health health) {
            recorder.onHealth.run();
            recorder.events.add("health " + health.sequence() + " " + health.state());
        }

        @Override
        public void onDrain(Session session, io.fluid4j.frame.Drain drain) {
            recorder.events.add("drain " + drain.reason());
        }

        @Override
        public void onAsk(Session session, io.fluid4j.frame.Ask ask) {
            recorder.events.add("ask " + ask.action());
        }

        @Override
        public void onDrained(Session session, io.fluid4j.frame.Drained drained) {
            recorder.events.add("drained " + drained.finished());
        }

        @Override
        public void onLog(Session session, int streamId, io.fluid4j.frame.LogLine line) {
            recorder.events.add("log " + streamId + " " + line.message() + " -" + line.droppedBefore());
        }

        @Override
        public void onProcessUsage(Session session, java.util.Map<String, Long> cpuNanos) {
            recorder.events.add("process " + cpuNanos);
        }

        @Override
        public void onClosed(Session session, ErrorCode code, Throwable cause) {
            recorder.closed.add(code);
        }
    }

    /** Records a response; gives credit back at once unless told otherwise. */
    static class Response implements OutboundStream.Listener {
        final CompletableFuture<Response> terminal = new CompletableFuture<>();
        final CountDownLatch head = new CountDownLatch(1);
        final CountDownLatch workEnd = new CountDownLatch(1);
        final List<String> events = new ArrayList<>();
        final ByteArrayOutputStream body = new ByteArrayOutputStream();
        volatile int status;
        volatile String outcome = "";
        volatile Fields trailers = Fields.EMPTY;
        volatile Usage usage;
        volatile Nack nack;
        volatile StreamFailure failure;
        volatile long received;
        volatile boolean consume = true;
        volatile boolean keep = true;

        private void terminal(String what) {
            synchronized (events) {
                events.add(what);
            }
            if (!outcome.isEmpty()) {
                throw new AssertionError("second terminal event " + what + " after " + outcome);
            }
            outcome = what;
            terminal.complete(this);
        }

        @Override
        public void onAccepted(OutboundStream stream) {
            event("accepted");
        }

        void event(String what) {
            synchronized (events) {
                events.add(what);
            }
        }

        @Override
        public void onNack(OutboundStream stream, Nack value) {
            nack = value;
            terminal("nack");
        }

        @Override
        public void onInterim(OutboundStream stream, ResponseHead value) {
            event("interim " + value.status());
        }

        @Override
        public void onResponse(OutboundStream stream, ResponseHead value) {
            status = value.status();
            event("head");
            head.countDown();
        }

        @Override
        public void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner) {
            int octets = slice.remaining();
            if (keep) {
                byte[] copy = new byte[octets];
                slice.get(copy);
                body.writeBytes(copy);
            }
            received += octets;
            if (consume) {
                stream.consumed(octets);
            }
        }

        @Override
        public void onEnd(OutboundStream stream, Fields value, Usage used, boolean moreWork) {
            trailers = value;
            usage = used;
            terminal(moreWork ? "end, more work" : "end");
        }

        @Override
        public void onBatchEnd(OutboundStream stream) {
            event("batch end");
        }

        @Override
        public void onUsage(OutboundStream stream, Usage value) {
            event("usage");
        }

        @Override
        public void onWorkEnd(OutboundStream stream, Usage value) {
            usage = value;
            event("work end");
            workEnd.countDown();
        }

        @Override
        public void onFailure(OutboundStream stream, StreamFailure value) {
            failure = value;
            terminal("failure " + value.code());
        }

        Response done() {
            return Tunnels.get(terminal);
        }

        String text() {
            return body.toString(ISO_8859_1);
        }
    }

    /** Records cancellation; reads the body when it is told to. */
    static class Request implements InboundStream.Listener {
        final CompletableFuture<ErrorCode> cancelled = new CompletableFuture<>();
        final BlockingQueue<Boolean> available = new LinkedBlockingQueue<>();

        @Override
        public void onContentAvailable() {
            available.add(true);
        }

        @Override
        public void onCancel(ErrorCode code, Throwable cause) {
            if (!cancelled.complete(code)) {
                throw new AssertionError("cancelled twice");
            }
        }
    }

    /** A callback as a future. */
    static final class Done implements Callback {
        final CompletableFuture<Void> future = new CompletableFuture<>();

        @Override
        public void succeeded() {
            future.complete(null);
        }

        @Override
        public void failed(Throwable cause) {
            future.completeExceptionally(cause);
        }
    }
}
