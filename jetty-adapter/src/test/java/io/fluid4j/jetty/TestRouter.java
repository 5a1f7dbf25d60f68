/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.Callback;

/** A router as small as can be: takes tunnels of instances, and sends requests into the last one that came. */
final class TestRouter implements AutoCloseable {

    static final String SECRET = "correct horse battery staple";

    private final TunnelTransport transport =
            TunnelTransport.builder().name("test-router").build();
    private final BlockingQueue<Session> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<Drain> drains = new LinkedBlockingQueue<>();
    private final TunnelAcceptor acceptor;
    private volatile Session session;

    TestRouter() {
        transport.start();
        acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .welcome(() -> new Welcome(
                        Settings.REQUESTER_DEFAULTS, "test-router", "default", "default", List.of(), "test"))
                .authenticator(Authenticator.anyOf(List.of(Secret.of(SECRET))))
                .listener(ignored -> new Session.Listener() {
                    @Override
                    public void onOpen(Session session) {
                        opened.add(session);
                    }

                    @Override
                    public void onDrain(Session session, Drain drain) {
                        drains.add(drain);
                    }
                })
                .build();
        acceptor.start();
    }

    String url() {
        return "tcp://localhost:" + acceptor.localPort();
    }

    /** The next tunnel, which requests go to from then on; null when none comes in time. */
    Session nextTunnel(Duration atMost) throws InterruptedException {
        Session next = opened.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
        if (next != null) {
            session = next;
        }
        return next;
    }

    /** True when no tunnel is waiting to be taken. */
    boolean noTunnel() {
        return opened.isEmpty();
    }

    Session session() {
        return session;
    }

    /** Waits until an instance says that it drains. */
    Drain awaitDrain(Duration atMost) throws InterruptedException {
        Drain drain = drains.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
        if (drain == null) {
            throw new AssertionError("no drain was announced within " + atMost);
        }
        return drain;
    }

    /** Sends a request and returns at once. */
    Call send(Req request) {
        Call call = trySend(request);
        if (call == null) {
            throw new AssertionError("the session takes no stream");
        }
        return call;
    }

    /** The same; null when the session takes no stream. */
    Call trySend(Req request) {
        Call call = new Call(request.stalled);
        HeadWriter head = request.encode();
        boolean end = request.body == null && !request.open;
        OutboundStream stream = session.open(head, end, call);
        if (stream == null) {
            return null;
        }
        call.stream = stream;
        if (request.body != null) {
            byte[] body = request.body;
            boolean last = !request.open && request.trailers == null;
            stream.send(
                    java.nio.ByteBuffer.wrap(body), last, Callback.from(() -> request.finish(stream), failure -> {}));
        }
        return call;
    }

    /** Sends a GET and waits for its end. */
    Call get(String target) {
        return send(Req.get(target)).awaitEnd();
    }

    static byte[] requestId() {
        byte[] id = new byte[16];
        ThreadLocalRandom.current().nextBytes(id);
        return id;
    }

    @Override
    public void close() {
        acceptor.close();
        transport.close();
    }
}
