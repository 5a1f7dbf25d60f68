/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.tunnel.Content;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** An instance without a container: answers each request by a script, on the reader thread unless the script moves on. */
final class ScriptedInstance implements AutoCloseable {

    static final String SECRET = "a secret for tests only";

    private static final byte[] GROUP = new byte[16];

    /** Far from where a machine that is busy with something else makes an instance look silent: three of them. */
    private static final int HEALTH_INTERVAL_MILLIS = 20_000;
    /** A tunnel that a busy machine leaves without an answer for so long is not dead. */
    private static final int PING_INTERVAL_MILLIS = 20_000;

    final String id;
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<Ask> asks = new CopyOnWriteArrayList<>();
    final List<Drain> drains = new CopyOnWriteArrayList<>();
    private final AtomicLong healthSequence = new AtomicLong();
    private final TunnelTransport transport;
    private final Dialler dialler;
    private final CompletableFuture<Session> first = new CompletableFuture<>();
    /** The tunnel that stands now; a new one after each reconnect. */
    private final AtomicReference<@Nullable Session> current = new AtomicReference<>();

    private final Thread healthThread;
    private volatile Consumer<Call> script;
    private volatile Health.State state = Health.State.ACCEPTING;
    private volatile int limit;
    private volatile boolean closed;

    ScriptedInstance(int tunnelPort, String function, Consumer<Call> script) {
        this(tunnelPort, function, "default", script);
    }

    ScriptedInstance(int tunnelPort, String function, String deployment, Consumer<Call> script) {
        this.id = UUID.randomUUID().toString();
        this.script = script;
        transport = TunnelTransport.builder().name("scripted").build();
        transport.start();
        dialler = Dialler.builder()
                .transport(transport)
                .router(URI.create("tcp://127.0.0.1:" + tunnelPort))
                .hello(() -> Hello.builder()
                        .role(Hello.Role.INSTANCE)
                        .settings(new Settings(
                                131072, 262144, 16777216, 100_000, 98304, PING_INTERVAL_MILLIS, HEALTH_INTERVAL_MILLIS))
                        .instanceId(id)
                        .function(function)
                        .deployment(deployment)
                        .container("scripted/1")
                        .sessionGroup(GROUP))
                .secret(Secret.of(SECRET))
                .backOff(Duration.ofMillis(20), Duration.ofMillis(100))
                .listener(this::listener)
                .build();
        dialler.start();
        healthThread = new Thread(this::sendHealth, "scripted-health");
        healthThread.setDaemon(true);
        healthThread.start();
    }

    /** Waits until the handshake is done. */
    ScriptedInstance connected() throws Exception {
        session();
        return this;
    }

    /** The tunnel that stands, once the first one does. */
    Session session() throws Exception {
        Session opened = first.get(30, TimeUnit.SECONDS);
        Session now = current.get();
        return now == null ? opened : now;
    }

    void script(Consumer<Call> next) {
        script = next;
    }

    void state(Health.State next, int nextLimit) throws Exception {
        state = next;
        limit = nextLimit;
        healthNow();
    }

    Call call() throws InterruptedException {
        Call call = calls.poll(30, TimeUnit.SECONDS);
        if (call == null) {
            throw new AssertionError("no request has come");
        }
        return call;
    }

    void healthNow() throws Exception {
        Session now = session();
        now.sendHealth(
                new Health(healthSequence.incrementAndGet(), 1, state, now.streamsInFlight(), limit, 0, List.of()));
    }

    long lastHealth() {
        return healthSequence.get();
    }

    /** The connection breaks. */
    void kill() {
        closed = true;
        transport.close();
    }

    @Override
    public void close() {
        closed = true;
        healthThread.interrupt();
        dialler.close();
        transport.close();
    }

    private void sendHealth() {
        try {
            first.get();
            while (!closed) {
                // A tunnel that has just ended takes nothing; another one may come.
                healthNow();
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } catch (Exception e) {
            Thread.currentThread().interrupt();
        }
    }

    private Session.Listener listener(Session made) {
        return new Session.Listener() {
            @Override
            public void onOpen(Session open) {
                current.set(open);
                first.complete(open);
            }

            @Override
            public InboundStream.@Nullable Listener onRequest(InboundStream stream, RequestHead head) {
                requests.add(head.method() + " " + head.targetString());
                Call call = new Call(ScriptedInstance.this, stream, head);
                calls.add(call);
                script.accept(call);
                return call.nacked ? null : call;
            }

            @Override
            public void onAsk(Session from, Ask ask) {
                asks.add(ask);
            }

            @Override
            public void onDrain(Session from, Drain drain) {
                drains.add(drain);
            }
        };
    }

    /** One request as it arrived. */
    static final class Call implements InboundStream.Listener {
        final ScriptedInstance instance;
        final InboundStream stream;
        final RequestHead head;
        final CompletableFuture<ErrorCode> cancelled = new CompletableFuture<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private volatile boolean nacked;
        volatile @Nullable String trailers;

        Call(ScriptedInstance instance, InboundStream stream, RequestHead head) {
            this.instance = instance;
            this.stream = stream;
            this.head = head;
        }

        @Override
        public void onContentAvailable() {
            drainBody();
        }

        @Override
        public void onCancel(ErrorCode code, @Nullable Throwable cause) {
            cancelled.complete(code);
            stream.completed(null);
        }

        /** Reads the body; the future completes with all of it. */
        CompletableFuture<byte[]> readBody() {
            drainBody();
            return whole;
        }

        /** Waits for the whole body, off the reader thread. */
        byte[] body() throws Exception {
            return whole.get(30, TimeUnit.SECONDS);
        }

        private void drainBody() {
            while (stream.demand()) {
                Content content = stream.read();
                if (content == null) {
                    continue;
                }
                if (content.failure() != null) {
                    whole.completeExceptionally(content.failure());
                    return;
                }
                byte[] bytes = new byte[content.data().remaining()];
                content.data().get(bytes);
                body.writeBytes(bytes);
                if (content.last()) {
                    trailers = content.trailers() == null
                            ? null
                            : content.trailers().first("X-Trailer");
                    whole.complete(body.toByteArray());
                    return;
                }
            }
        }

        String field(String name) {
            String value = head.fields().first(name);
            return value == null ? "" : value;
        }

        Call start() {
            stream.started();
            return this;
        }

        void nack(NackReason reason) {
            nacked = stream.tryNack(Nack.of(reason, 100, instance.lastHealth()));
        }

        /** Head, text and end in one. */
        void answer(int status, String text, String... fields) {
            byte[] octets = text.getBytes(StandardCharsets.UTF_8);
            start();
            stream.send(
                    responseHead(status, octets.length, fields), ByteBuffer.wrap(octets), true, null, Callback.NOOP);
            stream.completed(null);
        }

        /** The same, with what it used. */
        void answer(int status, String text, Usage used) {
            byte[] octets = text.getBytes(StandardCharsets.UTF_8);
            start();
            stream.send(responseHead(status, octets.length), ByteBuffer.wrap(octets), true, null, Callback.NOOP);
            stream.completed(used);
        }

        void head(int status, long length, String... fields) {
            start();
            stream.send(responseHead(status, length, fields), null, false, null, Callback.NOOP);
        }

        void interim(int status, String... fields) {
            start();
            stream.interim(responseHead(status, -1, fields));
        }

        void send(String text) {
            stream.send(null, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), false, null, Callback.NOOP);
        }

        void end() {
            stream.send(null, null, true, null, Callback.NOOP);
            stream.completed(null);
        }

        void endWithTrailer(String value) {
            stream.send(null, null, true, new HeadWriter().trailers().field("X-Trailer", value), Callback.NOOP);
            stream.completed(null);
        }

        private static HeadWriter responseHead(int status, long length, String... fields) {
            HeadWriter writer = new HeadWriter().response(status, length);
            for (int i = 0; i < fields.length; i += 2) {
                writer.field(fields[i], fields[i + 1]);
            }
            return writer;
        }
    }
}
