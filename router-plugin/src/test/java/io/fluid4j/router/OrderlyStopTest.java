/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A router that stops under load, and no other router: whoever is answered is answered as always, and nobody's connection
 * ends with a request on it that has gone to an instance.
 */
@Timeout(180)
class OrderlyStopTest {

    private static final int KEPT = 12;
    private static final int FRESH = 6;
    private static final int HELD = 6;
    private static final int SESSIONS = 3;
    private static final int BEFORE_THE_STOP = 600;
    private static final long PATIENCE_SECONDS = 90;
    private static final long GRACE_NANOS = 1_000_000_000L;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Set<String> unanswered = ConcurrentHashMap.newKeySet();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger lastAnswers = new AtomicInteger();
    private final CountDownLatch underLoad = new CountDownLatch(BEFORE_THE_STOP);
    private final Queue<ScriptedInstance.Call> held = new ConcurrentLinkedQueue<>();
    private Router router;
    private ScriptedInstance instance;
    private int port;

    @BeforeEach
    void start() throws Exception {
        router = Router.create(RequestPathTest.config(
                        "fluid.router.shutdown-delay",
                        "0",
                        "fluid.drain-timeout",
                        "60s",
                        "fluid.router.max-wait",
                        "30s"))
                .start();
        port = router.httpPort();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", call -> {
                    if (call.head.targetString().startsWith("/held")) {
                        held.add(call.start());
                    } else {
                        // By another thread, so that some are always under way.
                        threads.execute(() -> call.answer(200, call.head.targetString()));
                    }
                })
                .connected();
        await().until(() -> router.instances() == 1);
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
        instance.close();
        threads.shutdown();
        assertThat(threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    /** True when the connection may take another request. */
    private boolean ask(RawClient client, String path) {
        RawClient.Answer answer;
        try {
            answer = client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n").answer();
        } catch (IOException ended) {
            unanswered.add(path);
            return false;
        }
        check(path, answer.status(), answer.complete() ? answer.text() : "cut off");
        if (!"close".equals(answer.field("Connection"))) {
            return true;
        }
        lastAnswers.incrementAndGet();
        return false;
    }

    private void check(String path, int status, String text) {
        if (status != 200 || !text.equals(path)) {
            wrong.add(path + ": " + status + " " + text);
        }
        answered.incrementAndGet();
        underLoad.countDown();
    }

    /** Asks on one connection after the other until no more can be made, so many requests on each at most. */
    private void askUntilNobodyListens(String name, int each) {
        for (int connection = 0; ; connection++) {
            try (RawClient client = new RawClient(port)) {
                for (int i = 0; i < each && ask(client, "/" + name + "/" + connection + "/" + i); i++) {}
            } catch (IOException nobodyListens) {
                return;
            }
        }
    }

    @RepeatedTest(2)
    void overHttp1() throws Exception {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < HELD; i++) {
            String name = "/held" + i;
            clients.add(threads.submit(() -> {
                try (RawClient client = new RawClient(port)) {
                    if (ask(client, name)) {
                        wrong.add(name + " has not been told that its connection ends");
                    }
                }
                return null;
            }));
        }
        await().until(() -> held.size() == HELD);
        for (int i = 0; i < KEPT; i++) {
            String name = "kept" + i;
            clients.add(threads.submit(() -> askUntilNobodyListens(name, Integer.MAX_VALUE)));
        }
        for (int i = 0; i < FRESH; i++) {
            String name = "fresh" + i;
            clients.add(threads.submit(() -> askUntilNobodyListens(name, 1)));
        }
        assertThat(underLoad.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(router::drainAndClose);
        for (Future<?> client : clients.subList(HELD, clients.size())) {
            client.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        assertThat(stopped).as("with requests under way").isNotDone();
        held.forEach(call -> call.answer(200, call.head.targetString()));
        for (Future<?> client : clients.subList(0, HELD)) {
            client.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        stopped.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertNothingLost();
        assertThat(lastAnswers).as("answers that say Connection: close").hasValueGreaterThanOrEqualTo(HELD);
    }

    /** As when the stop begins while the last of a response is being written: its connection ends, and is still read. */
    @Test
    void whatCannotBeAnsweredAnyMoreIsNotServed() throws Exception {
        Server server = new Server();
        ServerConnector connector =
                new ServerConnector(server, 1, 1, new ClientConnectionFactory(new HttpConfiguration()));
        server.addConnector(connector);
        server.setHandler(new RouterHandler(router.context()));
        server.start();
        try (RawClient client = new RawClient(connector.getLocalPort())) {
            assertThat(ask(client, "/first")).isTrue();
            connector.getConnectedEndPoints().iterator().next().shutdownOutput();
            assertThat(client.closedByPeer()).isTrue();
            client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n");
            await().until(() -> connector.getConnectedEndPoints().isEmpty());
        } finally {
            server.stop();
        }
        assertThat(instance.requests).containsExactly("GET /first");
    }

    /** Whoever balances in front keeps connections: these have to end while there still is time to be asked elsewhere. */
    @Test
    void connectionsEndWithTheirNextAnswerWhileRequestsAreStillAccepted() throws Exception {
        try (Router delayed = Router.create(RequestPathTest.config("fluid.router.shutdown-delay", "120s"))
                        .start();
                ScriptedInstance its = new ScriptedInstance(
                                delayed.tunnelPort(), "shop", call -> call.answer(200, call.head.targetString()))
                        .connected();
                RawClient kept = new RawClient(delayed.httpPort())) {
            await().until(() -> delayed.instances() == 1);
            assertThat(ask(kept, "/before")).isTrue();
            Future<?> stopping = threads.submit(delayed::drainAndClose);
            await().until(() -> !delayed.ready());
            assertThat(ask(kept, "/during")).isFalse();
            assertThat(kept.closedByPeer()).isTrue();
            try (RawClient fresh = new RawClient(delayed.httpPort())) {
                assertThat(ask(fresh, "/fresh")).as("still accepted").isFalse();
            }
            assertThat(its.requests).containsExactly("GET /before", "GET /during", "GET /fresh");
            assertThat(lastAnswers).as("told to be the last").hasValue(2);
            assertThat(stopping.isDone()).isFalse();
            stopping.cancel(true);
        }
        assertThat(wrong).isEmpty();
    }

    /** A connection that has been silent for longer than the grace does not end in the moment in which the stop begins. */
    @Test
    void whoHasBeenSilentForLongHasTimeForOneMore() throws Exception {
        try (RawClient client = new RawClient(port)) {
            assertThat(ask(client, "/first")).isTrue();
            long silentSince = System.nanoTime();
            await().until(() -> System.nanoTime() - silentSince > 2 * GRACE_NANOS);
            long began = System.nanoTime();
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(router::drainAndClose);
            assertThat(client.closedByPeer()).isTrue();
            assertThat(System.nanoTime() - began).isGreaterThan(GRACE_NANOS / 2);
            stopped.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void assertNothingLost() {
        assertThat(wrong).isEmpty();
        List<String> lost = unanswered.stream()
                .filter(path -> instance.requests.contains("GET " + path))
                .toList();
        assertThat(lost).as("requests that had been read and have no answer").isEmpty();
        assertThat(instance.requests).hasSize(answered.get());
    }

    @RepeatedTest(2)
    void overHttp2() throws Exception {
        HTTP2Client client = new HTTP2Client();
        client.start();
        try {
            Queue<GoAwayFrame> away = new ConcurrentLinkedQueue<>();
            List<Future<?>> clients = new ArrayList<>();
            List<CompletableFuture<Void>> waiting = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                String name = "session" + i;
                AtomicBoolean told = new AtomicBoolean();
                Session session = client.connect(new InetSocketAddress("127.0.0.1", port), new Session.Listener() {
                            @Override
                            public void onGoAway(Session from, GoAwayFrame frame) {
                                told.set(true);
                                away.add(frame);
                            }
                        })
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                waiting.add(ask(session, "/held" + i));
                for (int j = 0; j < 4; j++) {
                    String stream = "/" + name + "/" + j + "/";
                    clients.add(threads.submit(() -> {
                        for (int k = 0; !told.get() && !session.isClosed(); k++) {
                            ask(session, stream + k).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                        }
                        return null;
                    }));
                }
            }
            await().until(() -> held.size() == SESSIONS);
            assertThat(underLoad.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(router::drainAndClose);
            for (Future<?> one : clients) {
                one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            assertThat(stopped).as("with requests under way").isNotDone();
            held.forEach(call -> call.answer(200, call.head.targetString()));
            for (CompletableFuture<Void> one : waiting) {
                one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            stopped.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNothingLost();
            assertThat(unanswered).noneMatch(path -> path.startsWith("/held"));
            assertThat(away)
                    .hasSizeGreaterThanOrEqualTo(SESSIONS)
                    .allMatch(frame -> frame.getError() == ErrorCode.NO_ERROR.code);
        } finally {
            client.stop();
        }
    }

    /** Completes when the request has been answered, or cannot be any more. */
    private CompletableFuture<Void> ask(Session session, String path) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        HttpURI uri = HttpURI.from("http://127.0.0.1:" + port + path);
        HeadersFrame request =
                new HeadersFrame(new MetaData.Request("GET", uri, HttpVersion.HTTP_2, HttpFields.EMPTY), null, true);
        session.newStream(request, new Stream.Listener() {
                    private int status;
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public void onHeaders(Stream stream, HeadersFrame frame) {
                        status = ((MetaData.Response) frame.getMetaData()).getStatus();
                        if (frame.isEndStream()) {
                            end();
                        } else {
                            stream.demand();
                        }
                    }

                    @Override
                    public void onDataAvailable(Stream stream) {
                        Stream.Data data = stream.readData();
                        if (data == null) {
                            stream.demand();
                            return;
                        }
                        text.append(
                                StandardCharsets.US_ASCII.decode(data.frame().getByteBuffer()));
                        boolean last = data.frame().isEndStream();
                        data.release();
                        if (last) {
                            end();
                        } else {
                            stream.demand();
                        }
                    }

                    private void end() {
                        check(path, status, text.toString());
                        done.complete(null);
                    }

                    @Override
                    public void onReset(Stream stream, ResetFrame frame, Callback callback) {
                        lost();
                        callback.succeeded();
                    }

                    @Override
                    public void onFailure(
                            Stream stream, int error, String reason, Throwable failure, Callback callback) {
                        lost();
                        callback.succeeded();
                    }

                    private void lost() {
                        unanswered.add(path);
                        done.complete(null);
                    }
                })
                .whenComplete((stream, failure) -> {
                    if (failure != null) {
                        unanswered.add(path);
                        done.complete(null);
                    }
                });
        return done;
    }
}
