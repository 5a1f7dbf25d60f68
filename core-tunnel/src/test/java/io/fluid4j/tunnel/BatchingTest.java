/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.bytes;
import static io.fluid4j.tunnel.Tunnels.get;
import static io.fluid4j.tunnel.Tunnels.ok;
import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames leave together: CONCURRENCY.md C-4, C-5. */
@Timeout(60)
final class BatchingTest {

    private static final int EXCHANGES = 100;

    private final BlockingQueue<InboundStream> streams = new LinkedBlockingQueue<>();

    private Tunnels.Setup setup() {
        return Tunnels.with((stream, head) -> {
            stream.started();
            streams.add(stream);
            return new Tunnels.Request();
        });
    }

    @Test
    void framesOfOneSelectorCycleLeaveInOneWrite() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            answer(stream);
            return new Tunnels.Request();
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            CountDownLatch done = new CountDownLatch(EXCHANGES * 50);
            Session.Traffic before = tunnels.serverTransport.traffic();
            for (int i = 0; i < EXCHANGES; i++) {
                next(session, done);
            }
            Tunnels.await(done);
            Session.Traffic after = tunnels.serverTransport.traffic();
            double frames = after.framesOut() - before.framesOut();
            assertThat(frames / (after.writes() - before.writes())).isGreaterThan(4);
            Session.Traffic requester = tunnels.requesterTransport.traffic();
            assertThat((double) requester.framesOut() / requester.writes()).isGreaterThan(4);
        }
    }

    @Test
    void responsesOfOneThreadLeaveTogetherWhenMoreFollow() {
        try (Tunnels tunnels = setup().open()) {
            Session session = tunnels.requester();
            // The half millisecond of a batch may pass often on a slow machine, but not in each of some rounds.
            long fewest = Long.MAX_VALUE;
            for (int round = 0; round < 10; round++) {
                List<Tunnels.Response> responses = open(session);
                until("all are there", () -> streams.size() == EXCHANGES);
                long before = tunnels.serverTransport.traffic().writes();
                SendBatch batch = SendBatch.ofThisThread();
                for (int i = 0; i < EXCHANGES; i++) {
                    batch.more(i < EXCHANGES - 1);
                    answer(streams.remove());
                }
                batch.more(false);
                responses.forEach(response -> assertThat(response.done().text()).isEqualTo("ok"));
                fewest = Math.min(fewest, tunnels.serverTransport.traffic().writes() - before);
            }
            assertThat(fewest).isLessThan(EXCHANGES / 2);
        }
    }

    @Test
    void aResponseThatWaitsForABlockedExchangeLeavesSoon() {
        try (Tunnels tunnels = setup().open()) {
            List<Tunnels.Response> responses = open(tunnels.requester());
            until("all are there", () -> streams.size() == EXCHANGES);
            SendBatch batch = SendBatch.ofThisThread();
            batch.more(true);
            answer(streams.remove());
            // This thread says nothing more: it is "blocked" in its next exchange.
            assertThat(responses.get(0).done().text()).isEqualTo("ok");
            batch.more(false);
            streams.forEach(BatchingTest::answer);
            responses.forEach(Tunnels.Response::done);
        }
    }

    @Test
    void whatAnApplicationFlushesNeverWaits() {
        try (Tunnels tunnels = setup().open()) {
            Tunnels.Response response = new Tunnels.Response();
            tunnels.requester().open(get("/"), true, response);
            InboundStream stream = Tunnels.take(streams);
            SendBatch batch = SendBatch.ofThisThread();
            batch.more(true);
            long before = tunnels.serverTransport.traffic().writes();
            stream.send(ok(-1), bytes("part"), false, null, Callback.NOOP);
            Tunnels.await(response.head);
            assertThat(tunnels.serverTransport.traffic().writes()).isGreaterThan(before);
            batch.more(false);
            stream.fail(ErrorCode.INTERNAL, "");
            stream.completed(null);
            response.done();
        }
    }

    @Test
    void selectorsGatherForEachOthersTunnels() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            answer(stream);
            return new Tunnels.Request();
        });
        setup.requesterSelectors(2);
        try (Tunnels tunnels = setup.open();
                Dialler second = tunnels.dialler(setup)) {
            second.start();
            Session one = tunnels.requester();
            Session other = tunnels.requester();
            CountDownLatch done = new CountDownLatch(EXCHANGES * 200);
            for (int i = 0; i < EXCHANGES; i++) {
                alternate(one, other, done);
            }
            Tunnels.await(done);
            until("all ended", () -> one.streamsInFlight() == 0 && other.streamsInFlight() == 0);
            Session.Traffic traffic = tunnels.requesterTransport.traffic();
            assertThat((double) traffic.framesOut() / traffic.writes()).isGreaterThan(2);
        }
    }

    /** An exchange on one session is begun by the reader of the other one. */
    private static void alternate(Session on, Session next, CountDownLatch left) {
        Tunnels.Response response = new Tunnels.Response();
        response.terminal.thenAccept(done -> {
            left.countDown();
            if (left.getCount() >= EXCHANGES) {
                alternate(next, on, left);
            }
        });
        on.open(get("/"), true, response);
    }

    private static List<Tunnels.Response> open(Session session) {
        List<Tunnels.Response> responses = new ArrayList<>();
        for (int i = 0; i < EXCHANGES; i++) {
            Tunnels.Response response = new Tunnels.Response();
            responses.add(response);
            session.open(get("/" + i), true, response);
        }
        return responses;
    }

    private static void next(Session session, CountDownLatch left) {
        Tunnels.Response response = new Tunnels.Response();
        response.terminal.thenAccept(done -> {
            left.countDown();
            if (left.getCount() >= EXCHANGES) {
                next(session, left);
            }
        });
        session.open(get("/"), true, response);
    }

    private static void answer(InboundStream stream) {
        stream.started();
        stream.send(ok(2), bytes("ok"), true, null, Callback.NOOP);
        stream.completed(null);
    }
}
