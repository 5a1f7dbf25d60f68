/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.bytes;
import static io.fluid4j.tunnel.Tunnels.ok;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Settings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies, credit and fairness: PROTOCOL.md section 7. */
@Timeout(120)
final class StreamingTest {

    private static final int MIB = 1024 * 1024;

    @Test
    void bodiesFlowBothWaysAtOnce() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            return new Echo(stream);
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            response.keep = false;
            OutboundStream stream = session.open(Tunnels.request("POST", "/echo", -1), false, response);
            int chunks = 200;
            int chunkBytes = 100_000;
            for (int i = 0; i < chunks; i++) {
                Tunnels.Done done = new Tunnels.Done();
                stream.send(ByteBuffer.allocate(chunkBytes), i == chunks - 1, done);
                Tunnels.get(done.future);
            }
            assertThat(response.done().outcome).isEqualTo("end");
            assertThat(response.received).isEqualTo((long) chunks * chunkBytes);
            assertNothingLeaks(tunnels, session);
        }
    }

    @Test
    void trailersAndInterimResponsesArrive() {
        CompletableFuture<Content> last = new CompletableFuture<>();
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            return new Tunnels.Request() {
                {
                    answer();
                }

                private void answer() {
                    stream.accepted();
                    stream.interim(new HeadWriter().response(103, -1).field("Link", "</a>"));
                    stream.send(ok(-1), bytes("one"), false, null, Callback.NOOP);
                    pull();
                }

                private void pull() {
                    while (stream.demand()) {
                        Content content = stream.read();
                        if (content.last()) {
                            last.complete(content);
                            HeadWriter trailers = new HeadWriter().trailers().field("X-Sum", "42");
                            stream.send(null, bytes("two"), true, trailers, Callback.NOOP);
                            stream.completed(null);
                            return;
                        }
                    }
                }

                @Override
                public void onContentAvailable() {
                    pull();
                }
            };
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            OutboundStream stream = session.open(Tunnels.request("POST", "/t", -1), false, response);
            stream.send(bytes("body"), false, Callback.NOOP);
            stream.end(new HeadWriter().trailers().field("X-Checksum", "abc"));
            assertThat(response.done().text()).isEqualTo("onetwo");
            assertThat(response.trailers.first("X-Sum")).isEqualTo("42");
            assertThat(response.events).containsSubsequence("accepted", "interim 103", "head", "end, more work");
            assertThat(Tunnels.get(last).trailers().first("x-checksum")).isEqualTo("abc");
            Tunnels.await(response.workEnd);
            until("slot free", () -> session.streamsInFlight() == 0);
        }
    }

    @Test
    void aStalledStreamDoesNotBlockOthers() {
        Settings small = new Settings(16_384, 65_536, 262_144, 0, 98_304, 2_000, 0);
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            int octets = head.targetString().equals("/stalled") ? MIB : 200_000;
            stream.send(ok(octets), ByteBuffer.allocate(octets), true, null, Callback.NOOP);
            stream.completed(null);
            return new Tunnels.Request();
        });
        setup.settings(small, Settings.SERVER_DEFAULTS);
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            List<Tunnels.Response> stalled = new ArrayList<>();
            List<OutboundStream> stalledStreams = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.consume = false;
                stalled.add(response);
                stalledStreams.add(session.open(Tunnels.get("/stalled"), true, response));
            }
            until("all windows are used", () -> stalled.stream().allMatch(r -> r.received == 65_536));
            for (int i = 0; i < 20; i++) {
                Tunnels.Response response = new Tunnels.Response();
                session.open(Tunnels.get("/quick"), true, response);
                assertThat(response.done().received).isEqualTo(200_000);
            }
            for (int i = 0; i < 20; i++) {
                Tunnels.Response response = stalled.get(i);
                response.consume = true;
                stalledStreams.get(i).consumed(65_536);
            }
            for (Tunnels.Response response : stalled) {
                assertThat(response.done().received).isEqualTo(MIB);
            }
            assertNothingLeaks(tunnels, session);
        }
    }

    @Test
    void creditNeverLeaksOverTenThousandCancelledStreams() throws Exception {
        AtomicInteger cancels = new AtomicInteger();
        int streams = 10_000;
        CountDownLatch over = new CountDownLatch(streams);
        ExecutorService container = Executors.newFixedThreadPool(2);
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            Tunnels.Request request = new Tunnels.Request() {
                @Override
                public void onCancel(ErrorCode code, Throwable cause) {
                    super.onCancel(code, cause);
                    cancels.incrementAndGet();
                    container.execute(() -> {
                        stream.completed(null);
                        over.countDown();
                    });
                }
            };
            container.execute(() -> {
                stream.send(ok(-1), ByteBuffer.allocate(50_000), false, null, Callback.NOOP);
                stream.read();
            });
            return request;
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            Session server = tunnels.server();
            for (int i = 0; i < streams; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.consume = i % 2 == 0;
                OutboundStream stream = session.open(Tunnels.request("POST", "/c", -1), false, response);
                assertThat(stream).isNotNull();
                stream.send(ByteBuffer.allocate(i % 3 == 0 ? 10 : 5_000), false, Callback.NOOP);
                if (i % 4 == 0) {
                    Tunnels.await(response.head);
                }
                stream.cancel(ErrorCode.CLIENT_GONE);
                if (i % 500 == 0) {
                    until("cancelled streams end", () -> session.streamsInFlight() == 0);
                }
            }
            Tunnels.await(over);
            until("all slots are free", () -> session.streamsInFlight() == 0 && server.streamsInFlight() == 0);
            assertThat(cancels.get()).isEqualTo(streams);
            assertNothingLeaks(tunnels, session);
            Tunnels.Response response = new Tunnels.Response();
            OutboundStream stream = session.open(Tunnels.request("POST", "/c", -1), false, response);
            Tunnels.await(response.head);
            stream.cancel(ErrorCode.CLIENT_GONE);
            response.done();
        } finally {
            container.shutdownNow();
        }
    }

    @Test
    void twoThousandStreamsAtOnce() throws Exception {
        int streams = 2_000;
        BlockingQueue<InboundStream> waiting = new LinkedBlockingQueue<>();
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            waiting.add(stream);
            return new Tunnels.Request();
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            List<Tunnels.Response> responses = new ArrayList<>();
            for (int i = 0; i < streams; i++) {
                Tunnels.Response response = new Tunnels.Response();
                responses.add(response);
                session.open(Tunnels.get("/wait"), true, response);
            }
            until("all are there", () -> waiting.size() == streams);
            assertThat(session.streamsInFlight()).isEqualTo(streams);
            for (InboundStream stream : waiting) {
                stream.send(ok(2), bytes("ok"), true, null, Callback.NOOP);
                stream.completed(null);
            }
            for (Tunnels.Response response : responses) {
                assertThat(response.done().text()).isEqualTo("ok");
            }
            assertThat(session.streamsInFlight()).isZero();
        }
    }

    @Test
    void manySendersAtOnceKeepEveryBodyWhole() throws Exception {
        int threads = 8;
        int perThread = 150;
        ExecutorService container = Executors.newFixedThreadPool(4);
        AtomicLong expected = new AtomicLong();
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            container.execute(() -> pour(stream));
            return new Tunnels.Request();
        });
        ExecutorService clients = Executors.newFixedThreadPool(threads);
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            AtomicLong received = new AtomicLong();
            CountDownLatch done = new CountDownLatch(threads * perThread);
            for (int t = 0; t < threads; t++) {
                clients.execute(() -> {
                    for (int i = 0; i < perThread; i++) {
                        int octets = ThreadLocalRandom.current().nextInt(1, 100_000);
                        expected.addAndGet(octets);
                        Tunnels.Response response = new Tunnels.Response();
                        response.keep = false;
                        session.open(Tunnels.get("/" + octets), true, response);
                        response.terminal.thenAccept(r -> {
                            if (r.outcome.equals("end") || r.outcome.equals("end, more work")) {
                                received.addAndGet(r.received);
                            }
                            done.countDown();
                        });
                    }
                });
            }
            Tunnels.await(done);
            assertThat(received.get()).isEqualTo(expected.get());
            until("slots are free", () -> session.streamsInFlight() == 0);
            assertNothingLeaks(tunnels, session);
        } finally {
            clients.shutdownNow();
            container.shutdownNow();
        }
    }

    @Test
    void windowsGrowWhileTheConsumerKeepsUp() {
        long second = 1_000_000_000L;
        ReceiveWindow window = new ReceiveWindow(65_536, 65_536, 0);
        long now = 0;
        for (int i = 0; i < 12; i++) {
            int half = window.windowBytes() / 2;
            assertThat(window.received(half)).isEqualTo(half);
            assertThat(window.consumed(half)).isEqualTo(half);
            now += second / 20;
            assertThat(window.grant(now, second / 10, ReceiveWindow.MAX_WINDOW_BYTES))
                    .isGreaterThanOrEqualTo(half);
            assertThat(window.accountedBytes()).isEqualTo(window.windowBytes());
        }
        assertThat(window.windowBytes()).isEqualTo(ReceiveWindow.MAX_WINDOW_BYTES);
    }

    @Test
    void aSlowConsumerKeepsItsWindow() {
        ReceiveWindow window = new ReceiveWindow(65_536, 65_536, 0);
        window.received(65_536);
        window.consumed(40_000);
        assertThat(window.grant(1_000_000_000L, 1_000_000, ReceiveWindow.MAX_WINDOW_BYTES))
                .isEqualTo(40_000);
        assertThat(window.windowBytes()).isEqualTo(65_536);
    }

    @Test
    void stalledReadersStayWithinTheByteBudgetHoweverManyTheyAre() {
        int stalledStreams = 400;
        int budget = MIB;
        ByteBuffer content = ByteBuffer.allocate(MIB);
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            stream.send(ok(MIB), content.duplicate(), true, null, Callback.NOOP);
            stream.completed(null);
            return new Tunnels.Request();
        });
        setup.requesterBudget(budget);
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            List<Tunnels.Response> stalled = new ArrayList<>();
            List<OutboundStream> streams = new ArrayList<>();
            for (int i = 0; i < stalledStreams; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.consume = false;
                response.keep = false;
                stalled.add(response);
                streams.add(session.open(Tunnels.get("/stalled"), true, response));
            }
            long bound = budget + (long) stalledStreams * ReceiveWindow.MIN_WINDOW_BYTES;
            assertThat(tunnels.requesterTransport.committedBytes()).isBetween((long) budget * 3 / 4, bound);
            until(
                    "every window is used",
                    () -> stalled.stream().mapToLong(r -> r.received).sum()
                            == tunnels.requesterTransport.committedBytes());
            // Others still move, as fast as their readers do.
            for (int i = 0; i < 5; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.keep = false;
                session.open(Tunnels.get("/quick"), true, response);
                assertThat(response.done().received).isEqualTo(MIB);
            }
            assertThat(tunnels.requesterTransport.committedBytes()).isLessThanOrEqualTo(bound);
            // Some read on after all, the rest is dropped.
            for (int i = 0; i < stalledStreams; i++) {
                if (i % 4 == 0) {
                    Tunnels.Response response = stalled.get(i);
                    response.consume = true;
                    streams.get(i).consumed((int) response.received);
                    assertThat(response.done().received).isEqualTo(MIB);
                } else {
                    streams.get(i).cancel(ErrorCode.CLIENT_GONE);
                }
            }
            assertNothingLeaks(tunnels, session);
        }
    }

    @Test
    void whatLiesInTheRequesterCountsUntilItIsTakenAlsoWhenTheResponseIsComplete() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            stream.send(ok(10_000), ByteBuffer.allocate(10_000), true, null, Callback.NOOP);
            stream.completed(null);
            return new Tunnels.Request();
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            List<OutboundStream> streams = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.consume = false;
                streams.add(session.open(Tunnels.get("/"), true, response));
                response.done();
            }
            until("only what has come counts", () -> tunnels.requesterTransport.committedBytes() == 20_000);
            streams.get(0).consumed(10_000);
            assertThat(tunnels.requesterTransport.committedBytes()).isEqualTo(10_000);
            streams.get(1).discard();
            assertThat(tunnels.requesterTransport.committedBytes()).isZero();
        }
    }

    @Test
    void readBuffersAreScarceWhenAQuarterOfTheBudgetLiesInThem() {
        BufferPool pool = new BufferPool(16L * MIB);
        List<ByteBuffer> held = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            held.add(pool.acquire());
        }
        assertThat(pool.scarce()).isFalse();
        held.add(pool.acquire());
        assertThat(pool.scarce()).isTrue();
        pool.release(held.remove(0));
        assertThat(pool.scarce()).isFalse();
    }

    @Test
    void anyNumberOfWindowsStayWithinTheBudgetAndNoneStandsStill() {
        Random random = new Random(7);
        int count = 3_000;
        long limit = 16L * MIB;
        ByteBudget budget = new ByteBudget(limit);
        List<ReceiveWindow> windows = new ArrayList<>();
        long[] credit = new long[count];
        long[] queued = new long[count];
        long[] moved = new long[count];
        for (int i = 0; i < count; i++) {
            int granted = Math.min(262_144, budget.share());
            windows.add(new ReceiveWindow(262_144, granted, 0));
            budget.add(granted);
            credit[i] = granted;
        }
        long bound = limit + (long) count * ReceiveWindow.MIN_WINDOW_BYTES;
        // Two thirds never read; the others take what has come, and the peer sends what it may.
        for (int step = 0; step < 300_000; step++) {
            int i = random.nextInt(count);
            ReceiveWindow window = windows.get(i);
            int octets = (int) Math.min(credit[i], 1 + random.nextInt(65_536));
            assertThat(window.received(octets)).isEqualTo(octets);
            credit[i] -= octets;
            queued[i] += octets;
            if (i % 3 == 0) {
                int taken = (int) queued[i];
                queued[i] = 0;
                moved[i] += taken;
                budget.remove(window.consumed(taken));
                int grant = window.grant(step, 1_000, budget.share());
                budget.add(grant);
                credit[i] += grant;
                assertThat(credit[i])
                        .as("credit of a stream whose reader keeps up")
                        .isPositive();
            }
            assertThat(budget.committedBytes()).isLessThanOrEqualTo(bound);
        }
        for (int i = 0; i < count; i += 3) {
            assertThat(moved[i]).isGreaterThan(10L * ReceiveWindow.MIN_WINDOW_BYTES);
        }
        long left = windows.stream().mapToLong(ReceiveWindow::close).sum();
        assertThat(budget.committedBytes()).isEqualTo(left);
    }

    @Test
    void anExceededByteBudgetHoldsCreditBackAndStreamsStillMove() {
        Settings server = new Settings(131_072, 262_144, 16 << 20, 1000, 98_304, 2_000, 250);
        BlockingQueue<InboundStream> streams = new LinkedBlockingQueue<>();
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            streams.add(stream);
            return new Tunnels.Request();
        });
        setup.settings(Settings.REQUESTER_DEFAULTS, server).serverBudget(MIB);
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            List<Tunnels.Done> sends = new ArrayList<>();
            int count = 16;
            for (int i = 0; i < count; i++) {
                Tunnels.Response response = new Tunnels.Response();
                OutboundStream stream = session.open(Tunnels.request("POST", "/b", MIB), false, response);
                Tunnels.Done done = new Tunnels.Done();
                sends.add(done);
                stream.send(ByteBuffer.allocate(MIB), true, done);
            }
            until("first windows are full", () -> tunnels.serverTransport.committedBytes() == count * 262_144L);
            // Nothing more than what is read may come: each stream reads all, in turn.
            List<InboundStream> all = new ArrayList<>(streams);
            long[] read = new long[count];
            until("all bodies were read", () -> {
                boolean over = true;
                for (int i = 0; i < count; i++) {
                    Content content = all.get(i).read();
                    if (content != null) {
                        assertThat(content.failure()).isNull();
                        read[i] += content.data().remaining();
                    }
                    over &= read[i] == MIB;
                }
                return over;
            });
            sends.forEach(done -> Tunnels.get(done.future));
            assertThat(tunnels.serverTransport.committedBytes()).isZero();
        }
    }

    /** Windows of session and transport are back where they began. */
    static void assertNothingLeaks(Tunnels tunnels, Session requester) {
        Session server = tunnels.dialler.session().orElseThrow();
        until(
                "no queued octets",
                () -> tunnels.requesterTransport.committedBytes() == 0
                        && tunnels.serverTransport.committedBytes() == 0);
        long toRequester = requester.side().own.sessionWindowBytes();
        long toServer = server.side().own.sessionWindowBytes();
        assertThat(requester.side().accountedBytes()).isEqualTo(toRequester);
        assertThat(server.side().accountedBytes()).isEqualTo(toServer);
        // A sender has what the receiver has granted: all but what the receiver gathers before it gives back.
        until(
                "senders have their credit back",
                () -> server.outgoing().sessionWindow() > toRequester * 3 / 4
                        && requester.outgoing().sessionWindow() > toServer * 3 / 4);
    }

    private static void pour(InboundStream stream) {
        int octets = Integer.parseInt(stream.head().targetString().substring(1));
        ByteBuffer body = ByteBuffer.allocate(octets);
        int cut = octets / 3;
        ByteBuffer first = body.slice(0, cut);
        ByteBuffer rest = body.slice(cut, octets - cut);
        Callback last = Callback.from(() -> stream.completed(null), e -> stream.completed(null));
        stream.send(ok(octets), first, false, null, Callback.from(() -> stream.send(null, rest, true, null, last)));
    }

    /** Sends back what it reads, one piece at a time. */
    private static final class Echo extends Tunnels.Request implements Callback {
        private final InboundStream stream;
        private boolean headSent;
        private boolean over;

        Echo(InboundStream stream) {
            this.stream = stream;
            pump();
        }

        private void pump() {
            if (!stream.demand()) {
                return;
            }
            Content content = stream.read();
            over = content.last();
            HeadWriter head = headSent ? null : ok(-1);
            headSent = true;
            stream.send(head, content.data(), over, null, this);
        }

        @Override
        public void onContentAvailable() {
            pump();
        }

        @Override
        public void succeeded() {
            if (over) {
                stream.completed(null);
            } else {
                pump();
            }
        }
    }
}
