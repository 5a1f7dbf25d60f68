/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.resolver.client.Replica;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.testkit.RecordTrace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of answers when etcd stops, is paused, forgets, or cannot be reached. */
@Timeout(300)
class EtcdFaultTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private EtcdProcess etcd;

    @BeforeEach
    void start() throws IOException {
        etcd = EtcdProcess.start();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
        if (etcd != null) {
            etcd.close();
        }
    }

    @Test
    void aStoppedEtcdLeavesAnswersThatSayTheyAreStale() throws Exception {
        EtcdStore store = store(etcd.uri());
        Replica replica = replica(store);
        register(store, "r1", "shop");
        await().atMost(PATIENCE).until(() -> holds(replica, "shop", 1) && !replica.stale());
        etcd.stop();
        await().atMost(PATIENCE).until(replica::stale);
        assertThat(replica.lookup("shop")).isNotNull();
        assertThat(store.update("r1", List.of(new Holding("blog", "v1", 1, 1))))
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(IOException.class);
        etcd.run();
        await().atMost(PATIENCE).until(() -> !replica.stale());
        assertThat(replica.lookup("shop")).isNotNull();
        register(store, "r1", "shop", "blog");
        await().atMost(PATIENCE).until(() -> holds(replica, "blog", 1));
    }

    @Test
    void aPausedEtcdIsNoticedAndNothingIsLost() throws Exception {
        EtcdStore store = store(etcd.uri());
        Replica replica = replica(store);
        register(store, "r1", "shop");
        await().atMost(PATIENCE).until(() -> holds(replica, "shop", 1));
        etcd.pause();
        try {
            await().atMost(PATIENCE).until(replica::stale);
            assertThat(replica.lookup("shop")).isNotNull();
        } finally {
            etcd.resume();
        }
        await().atMost(PATIENCE).until(() -> !replica.stale());
        register(store, "r2", "shop");
        await().atMost(PATIENCE).until(() -> holds(replica, "shop", 2));
    }

    @Test
    void aResolverThatWasCutOffGetsEveryChangeEvenWhenHistoryWasCompacted() throws Exception {
        try (Line line = new Line(etcd.uri().getPort())) {
            EtcdStore away = store(line.uri());
            EtcdStore other = store(etcd.uri());
            RecordTrace trace = new RecordTrace();
            away.watch(null, trace);
            register(other, "r1", "shop", "blog");
            trace.await("both", t -> t.keys().equals(List.of("blog/r1", "shop/r1")));
            // Cut for a while: the watch resumes, and nothing is told anew.
            line.cut();
            trace.await("the loss", RecordTrace::lost);
            register(other, "r2", "shop");
            other.remove("r1").get();
            line.mend();
            trace.await("what has happened since", t -> t.keys().equals(List.of("shop/r2")));
            assertThat(trace.relists()).isEqualTo(1);
            // Cut while history is forgotten: everything is told anew.
            line.cut();
            trace.await("the second loss", t -> t.losses() == 2);
            register(other, "r3", "mail");
            other.remove("r2").get();
            etcd.compact();
            line.mend();
            trace.await("everything anew", t -> t.keys().equals(List.of("mail/r3")));
            assertThat(trace.relists()).isEqualTo(2);
            assertThat(trace.outOfOrder()).isZero();
        }
    }

    @Test
    void anEtcdThatHasLostItsDataEmptiesNothingAndFillsAgain() throws Exception {
        EtcdStore store = store(etcd.uri());
        Replica replica = replica(store);
        register(store, "r1", "shop");
        register(store, "r2", "shop");
        await().atMost(PATIENCE).until(() -> holds(replica, "shop", 2));
        long epoch = replica.revision().epoch();
        etcd.stop();
        etcd.loseData();
        etcd.run();
        await().atMost(PATIENCE).until(() -> replica.revision().epoch() != epoch && !replica.stale());
        assertThat(holds(replica, "shop", 2)).isTrue();
        // The lease is gone with the data: a router that renews is told to register again.
        assertThat(store.update("r1", List.of(new Holding("shop", "v1", 1, 9)))).failsWithin(PATIENCE);
        register(store, "r1", "shop");
        RecordTrace trace = new RecordTrace();
        store.watch(null, trace);
        trace.await("the one that has registered", t -> t.keys().equals(List.of("shop/r1")));
        assertThat(holds(replica, "shop", 2)).isTrue();
    }

    @Test
    void twoResolversSeeTheSameAndARouterMayChangeBetweenThem() throws Exception {
        EtcdStore one = store(etcd.uri());
        EtcdStore two = store(etcd.uri());
        RecordTrace seenByOne = new RecordTrace();
        RecordTrace seenByTwo = new RecordTrace();
        one.watch(null, seenByOne);
        two.watch(null, seenByTwo);
        register(one, "r1", "shop", "blog");
        register(two, "r1", "shop", "mail");
        for (RecordTrace trace : List.of(seenByOne, seenByTwo)) {
            trace.await("the word at the second", t -> t.keys().equals(List.of("mail/r1", "shop/r1")));
        }
        await().atMost(PATIENCE).until(() -> seenByOne.revision().equals(seenByTwo.revision()));
    }

    @Test
    void aLargeRegistrationTakesSeveralTransactions() throws Exception {
        EtcdStore store = store(etcd.uri());
        RecordTrace trace = new RecordTrace();
        store.watch(null, trace);
        String[] functions = new String[1_000];
        for (int i = 0; i < functions.length; i++) {
            functions[i] = "f" + i;
        }
        register(store, "r1", functions);
        trace.await("all of them", t -> t.keys().size() == 1_000);
        store.remove("r1").get();
        trace.await("none of them", t -> t.keys().isEmpty());
    }

    private EtcdStore store(URI uri) {
        EtcdStore store = new EtcdStore(List.of(uri), EtcdStore.DEFAULT_PREFIX);
        opened.add(store);
        return store;
    }

    private Replica replica(EtcdStore store) {
        Replica replica = Replica.of(store, new Locality("eu", "a"));
        opened.add(replica);
        return replica;
    }

    private static boolean holds(Replica replica, String function, int routers) {
        var resolution = replica.lookup(function);
        return resolution != null && resolution.routes().size() == routers;
    }

    /** As a router does: until it is done. */
    private static void register(EtcdStore store, String router, String... functions) {
        List<Holding> holdings = new ArrayList<>();
        for (String function : functions) {
            holdings.add(new Holding(function, "v1", 1, 1));
        }
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> store.register(
                                        new RouterAddress(router, "10.0.0.1:80", "tcp://10.0.0.1:7443", "eu", "a"),
                                        Duration.ofMinutes(30),
                                        holdings)
                                .get()
                        != null);
    }

    /** A line to a port of this machine that can be cut: connections break, and new ones are refused. */
    private static final class Line implements AutoCloseable {
        private final int target;
        private final int port;
        private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        private ServerSocket server;

        Line(int target) throws IOException {
            this.target = target;
            this.server = EtcdProcess.listen();
            this.port = server.getLocalPort();
            accept(server);
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + port);
        }

        void cut() throws IOException {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
            sockets.clear();
        }

        void mend() throws IOException {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            accept(server);
        }

        @Override
        public void close() throws IOException {
            cut();
        }

        private void accept(ServerSocket from) {
            daemon(() -> {
                while (true) {
                    Socket near = from.accept();
                    Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
                    sockets.add(near);
                    sockets.add(far);
                    if (from.isClosed()) { // cut meanwhile
                        near.close();
                        far.close();
                    }
                    daemon(() -> copy(near, far));
                    daemon(() -> copy(far, near));
                }
            });
        }

        private static void copy(Socket from, Socket to) throws IOException {
            try (InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                in.transferTo(out);
            }
        }

        private interface Work {
            void run() throws IOException;
        }

        private static void daemon(Work work) {
            Thread thread = new Thread(() -> {
                try {
                    work.run();
                } catch (IOException e) {
                    // Cut.
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
    }
}
