/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.await;
import static io.fluid4j.tunnel.Tunnels.bytes;
import static io.fluid4j.tunnel.Tunnels.get;
import static io.fluid4j.tunnel.Tunnels.ok;
import static io.fluid4j.tunnel.Tunnels.request;
import static io.fluid4j.tunnel.Tunnels.take;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How streams and sessions end: PROTOCOL.md sections 5 and 8. */
@Timeout(90)
final class LifecycleTest {

    private static final Usage USAGE = new Usage(Usage.COMPLETE, 10, 20, 30, 40);

    private final BlockingQueue<InboundStream> streams = new LinkedBlockingQueue<>();
    private final BlockingQueue<Tunnels.Request> requests = new LinkedBlockingQueue<>();

    private Tunnels open() {
        return setup().open();
    }

    private Tunnels.Setup setup() {
        return Tunnels.with((stream, head) -> {
            Tunnels.Request request = new Tunnels.Request();
            requests.add(request);
            streams.add(stream);
            return request;
        });
    }

    @Test
    void p5_2_nackOnlyBeforeTheStart() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response refused = new Tunnels.Response();
            OutboundStream first = session.open(get("/n"), true, refused);
            InboundStream inbound = take(streams);
            assertThat(inbound.tryNack(Nack.of(NackReason.LIMIT, 50, 7))).isTrue();
            assertThat(inbound.tryNack(Nack.of(NackReason.LIMIT, 50, 7))).isFalse();
            assertThat(inbound.started()).isFalse();
            assertThat(refused.done().outcome).isEqualTo("nack");
            assertThat(refused.nack.reason()).isEqualTo(NackReason.LIMIT);
            assertThat(refused.nack.healthSequence()).isEqualTo(7);
            assertThat(first.closed()).isTrue();

            Tunnels.Response started = new Tunnels.Response();
            session.open(get("/s"), true, started);
            InboundStream running = take(streams);
            assertThat(running.started()).isTrue();
            assertThat(running.tryNack(Nack.of(NackReason.LIMIT, 0, 0))).isFalse();
            running.send(ok(0), null, true, null, Callback.NOOP);
            running.completed(null);
            assertThat(started.done().outcome).isEqualTo("end");
            assertThat(session.streamsInFlight()).isZero();
        }
    }

    @Test
    void p5_2_acceptedIsSaidWhenNoResponseComes() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            session.open(get("/slow"), true, response);
            InboundStream inbound = take(streams);
            inbound.started();
            until("ACCEPTED", () -> {
                synchronized (response.events) {
                    return response.events.contains("accepted");
                }
            });
            inbound.send(ok(0), null, true, null, Callback.NOOP);
            inbound.completed(null);
            assertThat(response.done().outcome).isEqualTo("end");
        }
    }

    @Test
    void p5_6_aCancelledStreamKeepsItsSlotUntilTheWorkEnds() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            OutboundStream stream = session.open(request("POST", "/c", -1), false, response);
            InboundStream inbound = take(streams);
            Tunnels.Request request = take(requests);
            inbound.started();
            assertThat(inbound.demand()).isFalse();
            stream.cancel(ErrorCode.DEADLINE);
            stream.cancel(ErrorCode.CLIENT_GONE);
            assertThat(get(request.cancelled)).isEqualTo(ErrorCode.DEADLINE);
            assertThat(inbound.cancelled()).isTrue();
            assertThat(inbound.read().failure()).isInstanceOf(IOException.class);
            Tunnels.Done late = new Tunnels.Done();
            inbound.send(ok(3), bytes("abc"), true, null, late);
            assertThat(late.future).isCompletedExceptionally();
            assertThat(session.streamsInFlight()).isEqualTo(1);
            assertThat(response.terminal).isNotDone();
            inbound.completed(USAGE);
            inbound.completed(USAGE);
            assertThat(response.done().outcome).isEqualTo("failure DEADLINE");
            assertThat(response.failure.notStarted()).isFalse();
            assertThat(response.events).contains("usage");
            until("slot free", () -> session.streamsInFlight() == 0);
        }
    }

    @Test
    void p5_7_theServerGivesUp() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            OutboundStream stream = session.open(get("/f"), true, response);
            InboundStream inbound = take(streams);
            inbound.started();
            inbound.send(ok(100), bytes("part"), false, null, Callback.NOOP);
            inbound.fail(ErrorCode.INTERNAL, "broken");
            inbound.fail(ErrorCode.INTERNAL, "twice");
            assertThat(response.done().outcome).isEqualTo("failure INTERNAL");
            assertThat(response.failure.detail()).isEqualTo("broken");
            assertThat(response.text()).isEqualTo("part");
            assertThat(stream.closed()).isFalse();
            inbound.completed(USAGE);
            await(response.workEnd);
            assertThat(response.usage).isEqualTo(USAGE);
            until("slot free", () -> stream.closed() && session.streamsInFlight() == 0);
        }
    }

    @Test
    void p5_10_aLingeringApplicationDoesNotHoldTheResponseBack() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response response = new Tunnels.Response();
            session.open(get("/l"), true, response);
            InboundStream inbound = take(streams);
            inbound.started();
            inbound.send(ok(2), bytes("ok"), true, null, Callback.NOOP);
            // Nobody says completed: the ticker must send the end.
            assertThat(response.done().outcome).isEqualTo("end, more work");
            assertThat(response.workEnd.getCount()).isEqualTo(1);
            assertThat(session.streamsInFlight()).isEqualTo(1);
            inbound.completed(USAGE);
            await(response.workEnd);
            assertThat(response.usage).isEqualTo(USAGE);
            until("slot free", () -> session.streamsInFlight() == 0);
        }
    }

    @Test
    void p5_11_lengthIsChecked() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Tunnels.Response shorter = new Tunnels.Response();
            session.open(get("/1"), true, shorter);
            answer(take(streams), ok(5), "abc");
            assertThat(shorter.done().outcome).isEqualTo("failure LENGTH");

            Tunnels.Response longer = new Tunnels.Response();
            session.open(get("/2"), true, longer);
            answer(take(streams), ok(2), "abc");
            assertThat(longer.done().outcome).isEqualTo("failure LENGTH");

            Tunnels.Response head = new Tunnels.Response();
            session.open(request("HEAD", "/3", 0), true, head);
            answer(take(streams), ok(1000), "dropped");
            assertThat(head.done().outcome).isEqualTo("end");
            assertThat(head.received).isZero();

            Tunnels.Response upload = new Tunnels.Response();
            requests.clear();
            OutboundStream stream = session.open(request("POST", "/4", 10), false, upload);
            stream.send(bytes("abc"), true, Callback.NOOP);
            assertThat(get(take(requests).cancelled)).isEqualTo(ErrorCode.LENGTH);
            assertThat(upload.done().outcome).isEqualTo("failure LENGTH");
            take(streams).completed(null);
            until("slots are free", () -> session.streamsInFlight() == 0);
        }
    }

    @Test
    void p9_2_noMoreStreamsThanTheServerTakes() {
        Settings few = new Settings(131_072, 262_144, 16 << 20, 3, 98_304, 2_000, 250);
        try (Tunnels tunnels =
                setup().settings(Settings.REQUESTER_DEFAULTS, few).open()) {
            Session session = tunnels.requester();
            for (int i = 0; i < 3; i++) {
                assertThat(session.open(get("/"), true, new Tunnels.Response())).isNotNull();
            }
            assertThat(session.open(get("/"), true, new Tunnels.Response())).isNull();
            InboundStream one = take(streams);
            answer(one, ok(0), "");
            until("a slot", () -> session.streamsInFlight() == 2);
            assertThat(session.open(get("/"), true, new Tunnels.Response())).isNotNull();
        }
    }

    @Test
    @SuppressWarnings("try") // Closed in the middle on purpose.
    void p5_3_onlyAHeadThatWasNeverWrittenIsProvedNotStarted() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            Session session = tunnels.requester();
            // The peer reads nothing: what is written fills the sockets, the rest waits in the queue.
            List<Tunnels.Response> responses = new ArrayList<>();
            HeadWriter large = request("GET", "/", 0);
            large.field("X-Filler", "x".repeat(60_000));
            for (int i = 0; i < 400; i++) {
                Tunnels.Response response = new Tunnels.Response();
                responses.add(response);
                assertThat(session.open(large, true, response)).isNotNull();
            }
            until("the socket is full", () -> session.flusher().blocked());
            peer.close();
            for (Tunnels.Response response : responses) {
                assertThat(response.done().failure.tunnelLost()).isTrue();
            }
            assertThat(responses.get(0).failure.notStarted()).isFalse();
            assertThat(responses.get(399).failure.notStarted()).isTrue();
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(ErrorCode.CONNECTION_LOST);
            assertThat(session.open()).isFalse();
            assertThat(session.open(get("/"), true, new Tunnels.Response())).isNull();
        }
    }

    @Test
    void aLostTunnelFailsEveryStreamOnceAtBothEnds() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Session server = tunnels.server();
            Tunnels.Response waiting = new Tunnels.Response();
            // No credit is on its way back when the server closes: unread, it would make a reset of the close.
            waiting.consume = false;
            session.open(get("/w"), true, waiting);
            InboundStream inbound = take(streams);
            inbound.started();
            Tunnels.Done blocked = new Tunnels.Done();
            inbound.send(ok(-1), ByteBuffer.allocate(10_000_000), true, null, blocked);
            await(waiting.head);
            server.close(ErrorCode.INTERNAL, "test");
            assertThat(waiting.done().outcome).isEqualTo("failure INTERNAL");
            assertThat(waiting.failure.notStarted()).isFalse();
            assertThat(waiting.failure.tunnelLost()).isTrue();
            assertThat(get(take(requests).cancelled)).isEqualTo(ErrorCode.INTERNAL);
            assertThatThrownBy(() -> blocked.future.get()).hasCauseInstanceOf(IOException.class);
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(ErrorCode.INTERNAL);
            assertThat(take(tunnels.serverEvents.closed)).isEqualTo(ErrorCode.INTERNAL);
            inbound.completed(null);
            inbound.fail(ErrorCode.INTERNAL, "");
            assertThat(server.streamsInFlight()).isZero();
            assertThat(session.streamsInFlight()).isZero();
            // And the dialler comes back by itself.
            assertThat(tunnels.requester().open()).isTrue();
        }
    }

    @Test
    void p8_5_aCleanCloseSendsEverythingFirst() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Session server = tunnels.server();
            Tunnels.Response response = new Tunnels.Response();
            response.keep = false;
            session.open(get("/last"), true, response);
            InboundStream inbound = take(streams);
            inbound.started();
            Tunnels.Done done = new Tunnels.Done();
            inbound.send(ok(200_000), ByteBuffer.allocate(200_000), true, null, done);
            get(done.future);
            inbound.completed(null);
            server.close(ErrorCode.NONE, "");
            assertThat(response.done().outcome).isEqualTo("end");
            assertThat(response.received).isEqualTo(200_000);
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(ErrorCode.NONE);
        }
    }

    @Test
    void p8_3_p8_4_healthDrainAskAndLogs() {
        try (Tunnels tunnels = open()) {
            Session session = tunnels.requester();
            Session server = tunnels.server();
            BlockingQueue<String> heard = tunnels.requesterEvents.events;
            server.sendHealth(new Health(1, 5, Health.State.ACCEPTING, 0, 0, 0, List.of()));
            assertThat(take(heard)).isEqualTo("health 1 ACCEPTING");
            server.sendHealth(new Health(1, 5, Health.State.ACCEPTING, 0, 0, 0, List.of()));
            server.sendDrain(Drain.everything(Drain.Reason.SHUTDOWN, 1000, List.of()));
            assertThat(take(heard)).isEqualTo("drain SHUTDOWN");
            assertThat(session.draining()).isTrue();
            assertThat(session.open(get("/"), true, new Tunnels.Response())).isNull();
            server.sendHealth(new Health(2, 6, Health.State.ACCEPTING, 0, 0, 0, List.of()));
            assertThat(take(heard)).isEqualTo("health 2 ACCEPTING");
            assertThat(session.draining()).isFalse();
            session.ask(new Ask(Ask.Action.DRAIN, 500));
            assertThat(take(tunnels.serverEvents.events)).isEqualTo("ask DRAIN");
            server.sendDrained(new Drained(3, 0, 10));
            assertThat(take(heard)).isEqualTo("drained 3");
            server.sendLog(0, new LogLine(1, LogLine.INFO, 0, "app", "hello"));
            assertThat(take(heard)).isEqualTo("log 0 hello -0");
            server.sendProcessUsage(Map.of("gc", 5L));
            assertThat(take(heard)).isEqualTo("process {gc=5}");
            session.sendDrain(Drain.everything(Drain.Reason.REDEPLOY, 1000, List.of("tcp://localhost:1")));
            assertThat(take(tunnels.serverEvents.events)).isEqualTo("drain REDEPLOY");
            assertThat(server.draining()).isTrue();
            // It goes away, but not yet.
            assertThat(session.draining()).isFalse();
            session.sendDrain(Drain.everything(Drain.Reason.REDEPLOY, 0, List.of()));
            assertThat(take(tunnels.serverEvents.events)).isEqualTo("drain REDEPLOY");
            assertThat(session.open(get("/"), true, new Tunnels.Response())).isNull();
        }
    }

    @Test
    void logsAreBoundedAndTellWhatWasDropped() {
        LogQueue queue = new LogQueue();
        for (int i = 0; i < 1030; i++) {
            queue.add(1, new LogLine(1, LogLine.INFO, 0, "app", "line " + i));
        }
        try (Tunnels tunnels = open()) {
            tunnels.requester();
            Session server = tunnels.server();
            assertThat(queue.drain(server.outgoing())).isTrue();
            server.flush();
            assertThat(take(tunnels.requesterEvents.events)).isEqualTo("log 1 line 6 -6");
            assertThat(take(tunnels.requesterEvents.events)).isEqualTo("log 1 line 7 -0");
        }
    }

    @Test
    void p8_2_aPeerThatNeverAnswersIsClosed() throws Exception {
        Settings quick = new Settings(131_072, 262_144, 16 << 20, 0, 98_304, 1_000, 0);
        try (Tunnels tunnels =
                        setup().settings(quick, Settings.SERVER_DEFAULTS).idle().open();
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            Tunnels.Response response = new Tunnels.Response();
            tunnels.requester().open(get("/"), true, response);
            assertThat(response.done().outcome).isEqualTo("failure TIMEOUT");
            assertThat(take(tunnels.requesterEvents.closed)).isEqualTo(ErrorCode.TIMEOUT);
            RawPeer.Frame close = peer.next(FrameType.CLOSE);
            assertThat(close.code()).isEqualTo(ErrorCode.TIMEOUT.number());
        }
    }

    @Test
    void p5_9_aStreamErrorTouchesNoOtherStream() throws Exception {
        try (Tunnels tunnels = setup().idle().open();
                RawPeer peer = RawPeer.established(tunnels.acceptor.localPort(), Tunnels.hello())) {
            Session session = tunnels.requester();
            Tunnels.Response broken = new Tunnels.Response();
            Tunnels.Response whole = new Tunnels.Response();
            OutboundStream first = session.open(get("/1"), true, broken);
            session.open(get("/2"), true, whole);
            // RESPONSE_BODY before any head is not allowed in state OPENED.
            peer.send(out -> FrameWriter.body(out, FrameType.RESPONSE_BODY, 1, bytes("x")));
            assertThat(broken.done().outcome).isEqualTo("failure PROTOCOL");
            assertThat(peer.next(FrameType.CANCEL).code()).isEqualTo(ErrorCode.PROTOCOL.number());
            assertThat(first.closed()).isFalse();
            peer.send(out -> FrameWriter.cancel(out, 1, ErrorCode.PROTOCOL, "", null, false));
            await(broken.workEnd);
            assertThat(first.closed()).isTrue();
            peer.send(out -> {
                FrameWriter.responseStarted(out, 2, ok(2));
                FrameWriter.body(out, FrameType.RESPONSE_BODY, 2, bytes("ok"));
                FrameWriter.responseEnd(out, 2, null, null, false);
            });
            assertThat(whole.done().text()).isEqualTo("ok");
        }
    }

    @Test
    void p8_1_urgentFramesOvertakeQueuedBodies() throws Exception {
        // More than the sockets take, and credit for all of it.
        int octets = 32 << 20;
        Settings roomy = new Settings(131_072, octets, 2 * octets, 0, 98_304, 60_000, 0);
        Tunnels.Setup setup = setup().settings(roomy, Settings.SERVER_DEFAULTS).requesterBudget(8L * octets);
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            Session server = tunnels.server();
            CountDownLatch said = new CountDownLatch(1);
            Tunnels.Response bulk = new Tunnels.Response() {
                @Override
                public void onResponse(OutboundStream stream, ResponseHead head) {
                    super.onResponse(stream, head);
                    await(said); // Nothing more is read until HEALTH has been queued behind the body.
                }
            };
            bulk.keep = false;
            AtomicLong receivedBefore = new AtomicLong(-1);
            tunnels.requesterEvents.onHealth = () -> receivedBefore.set(bulk.received);
            session.open(get("/bulk"), true, bulk);
            InboundStream inbound = take(streams);
            inbound.started();
            inbound.send(ok(octets), ByteBuffer.allocate(octets), true, null, Callback.NOOP);
            server.sendHealth(new Health(1, 5, Health.State.OVERLOADED, 0, 0, 0, List.of()));
            said.countDown();
            assertThat(take(tunnels.requesterEvents.events)).isEqualTo("health 1 OVERLOADED");
            assertThat(receivedBefore.get()).isBetween(0L, octets - 1L);
            inbound.completed(null);
            assertThat(bulk.done().received).isEqualTo(octets);
        }
    }

    private static void answer(InboundStream stream, HeadWriter head, String body) {
        stream.started();
        stream.send(head, bytes(body), true, null, Callback.NOOP);
        stream.completed(null);
    }
}
