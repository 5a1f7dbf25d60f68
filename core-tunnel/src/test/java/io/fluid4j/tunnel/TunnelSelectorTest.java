/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who has a turn when many connections of one selector are ready together (CONCURRENCY.md C-5a). */
class TunnelSelectorTest {

    private static final int CLIENTS = 20;
    private static final String TUNNEL = "tunnel";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final QueuedThreadPool threads = new QueuedThreadPool();
    private final Scheduler scheduler = new ScheduledExecutorScheduler();
    private final Selectors selectors = new Selectors();
    private final List<SocketChannel> peers = new ArrayList<>();
    private final CountDownLatch served = new CountDownLatch(CLIENTS);

    /** Who was read, in order. */
    private final List<String> turns = new CopyOnWriteArrayList<>();

    private ServerSocketChannel listener;

    @BeforeEach
    void start() throws Exception {
        threads.start();
        scheduler.start();
        selectors.start();
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void stop() throws Exception {
        for (SocketChannel peer : peers) {
            peer.close();
        }
        listener.close();
        selectors.stop();
        scheduler.stop();
        threads.stop();
    }

    @Test
    void aTunnelWaitsForOneSlowClientAtMost() throws Exception {
        // Each client takes longer than all of them have of a cycle; the tunnel always has something to read.
        readyTogether(Duration.ofMillis(3));

        assertThat(served.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        List<String> order = List.copyOf(turns);
        int first = order.indexOf(TUNNEL);
        assertThat(first)
                .as("clients before the tunnel's first turn, of %s", order)
                .isBetween(0, 1);
        for (int i = first; i + 1 < order.size(); i++) {
            boolean twoClients =
                    !order.get(i).equals(TUNNEL) && !order.get(i + 1).equals(TUNNEL);
            assertThat(twoClients)
                    .as("two clients in a row at %d of %s", i, order)
                    .isFalse();
        }
    }

    @Test
    void everyClientHasExactlyOneTurn() throws Exception {
        readyTogether(Duration.ofMillis(3));

        assertThat(served.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(turns.stream().filter(name -> !name.equals(TUNNEL)))
                .doesNotHaveDuplicates()
                .hasSize(CLIENTS);
    }

    @Test
    void aTaskThatThrowsTakesNobodyElsesTurn() throws Exception {
        selectors.failing = "client 7";
        readyTogether(Duration.ofMillis(3));

        assertThat(served.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    /** Opens a tunnel with much to read and the clients, and lets the selector see all of them in one cycle. */
    private void readyTogether(Duration each) throws Exception {
        selectors.each = each;
        SocketChannel tunnel = open(TUNNEL);
        CountDownLatch go = new CountDownLatch(1);
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(open("client " + i));
        }
        await().atMost(PATIENCE).until(() -> selectors.opened.size() == CLIENTS + 1);
        selectors.only().submit(ignored -> awaitQuietly(go));
        tunnel.write(ByteBuffer.allocate(4096));
        for (SocketChannel client : clients) {
            client.write(ByteBuffer.allocate(1));
        }
        go.countDown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private SocketChannel open(String name) throws IOException {
        SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
        peers.add(peer);
        SocketChannel accepted = listener.accept();
        accepted.configureBlocking(false);
        selectors.accept(accepted, name);
        return peer;
    }

    private final class Selectors extends SelectorManager {
        final List<String> opened = new CopyOnWriteArrayList<>();
        volatile Duration each = Duration.ZERO;
        volatile @Nullable String failing;
        private volatile @Nullable ManagedSelector only;

        Selectors() {
            super(threads, scheduler, 1);
        }

        ManagedSelector only() {
            return Objects.requireNonNull(only);
        }

        @Override
        protected ManagedSelector newSelector(int id) {
            only = new TunnelSelector(this, id);
            return only();
        }

        @Override
        protected EndPoint newEndPoint(SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
            boolean tunnel = TUNNEL.equals(key.attachment());
            return new SocketChannelEndPoint((SocketChannel) channel, selector, key, scheduler) {
                @Override
                public @Nullable Runnable onSelected() {
                    Runnable task = super.onSelected();
                    return tunnel ? task : ((TunnelSelector) selector).inTurn(task);
                }
            };
        }

        @Override
        public Connection newConnection(SelectableChannel channel, EndPoint endPoint, @Nullable Object attachment) {
            return new Reader(endPoint, String.valueOf(attachment));
        }
    }

    /** Reads one octet a turn; a client's turn takes a while. */
    private final class Reader extends AbstractConnection {
        private final String name;
        private final ByteBuffer octet = BufferUtil.allocate(1);
        private final Callback fillable = Callback.from(InvocationType.NON_BLOCKING, this::read, failure -> {});

        Reader(EndPoint endPoint, String name) {
            super(endPoint, threads);
            this.name = name;
        }

        @Override
        public void onOpen() {
            super.onOpen();
            selectors.opened.add(name);
            getEndPoint().fillInterested(fillable);
        }

        @Override
        public void onFillable() {
            throw new IllegalStateException("the callback of this class reads");
        }

        private void read() {
            BufferUtil.clear(octet);
            try {
                if (getEndPoint().fill(octet) <= 0) {
                    return;
                }
            } catch (IOException e) {
                return;
            }
            turns.add(name);
            if (!name.equals(TUNNEL)) {
                long end = System.nanoTime() + selectors.each.toNanos();
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                served.countDown();
                if (name.equals(selectors.failing)) {
                    throw new IllegalStateException("thrown on purpose");
                }
            }
            getEndPoint().fillInterested(fillable);
        }
    }
}
