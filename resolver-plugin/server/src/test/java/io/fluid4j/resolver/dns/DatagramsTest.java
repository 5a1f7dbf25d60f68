/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What both kinds of sockets keep. Batched ones are there on Linux with Java 22 and later. */
abstract class DatagramsTest {

    private static final int PATIENCE_MILLIS = 60_000;

    static class Plain extends DatagramsTest {
        @Override
        Datagrams bind(InetSocketAddress address) throws IOException {
            return NioDatagrams.bind(address);
        }
    }

    static class Batched extends DatagramsTest {
        @Override
        Datagrams bind(InetSocketAddress address) throws IOException {
            String missing = SystemCalls.missing();
            if (Runtime.version().feature() >= 22
                    && System.getProperty("os.name").equals("Linux")) {
                assertThat(missing).isNull();
            }
            assumeTrue(missing == null, () -> "no batched system calls: " + missing);
            return BatchedDatagrams.bind(address);
        }

        @Test
        void allocatesNothingWhoeverAsks() throws Exception {
            allocatesNothing(5);
        }
    }

    abstract Datagrams bind(InetSocketAddress address) throws IOException;

    @Test
    void everyoneGetsTheirOwnReply() throws Exception {
        for (String host : List.of("127.0.0.1", "::1")) {
            InetAddress address = InetAddress.getByName(host);
            try (Datagrams datagrams = bind(new InetSocketAddress(address, 0));
                    Clients clients = new Clients(address, datagrams.port(), 7)) {
                for (int round = 0; round < 20; round++) {
                    clients.ask(round);
                    echo(datagrams, 7);
                    clients.expect(round);
                }
            }
        }
    }

    @Test
    void ipv6TakesBothAndTellsTheirNetworks() throws Exception {
        try (Datagrams datagrams = bind(new InetSocketAddress("::", 0))) {
            for (String host : List.of("127.0.0.1", "::1")) {
                InetAddress address = InetAddress.getByName(host);
                try (Clients clients = new Clients(address, datagrams.port(), 1)) {
                    clients.ask(1);
                    assertThat(receive(datagrams)).isEqualTo(1);
                    assertThat(datagrams.network(0)).isEqualTo(RateLimiter.network(address));
                    datagrams.reply(0, datagrams.length(0));
                    datagrams.send();
                    clients.expect(1);
                }
            }
        }
    }

    @Test
    void moreThanARoundHoldsIsAnsweredInOrderAndGapsDoNotMatter() throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (Datagrams datagrams = bind(new InetSocketAddress(loopback, 0));
                Clients clients = new Clients(loopback, datagrams.port(), 1)) {
            for (int i = 0; i < 100; i++) {
                clients.ask(i);
            }
            for (int seen = 0; seen < 100; ) {
                int count = receive(datagrams);
                for (int i = 0; i < count; i++, seen++) {
                    if (seen % 3 != 0) {
                        datagrams.reply(i, datagrams.length(i));
                    }
                }
                datagrams.send();
            }
            for (int i = 0; i < 100; i++) {
                if (i % 3 != 0) {
                    clients.expect(i);
                }
            }
        }
    }

    @Test
    void anOversizedMessageIsCutAndSpoilsNothing() throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (Datagrams datagrams = bind(new InetSocketAddress(loopback, 0));
                Clients clients = new Clients(loopback, datagrams.port(), 1)) {
            clients.send(0, new byte[60_000]);
            clients.send(0, new byte[0]);
            clients.ask(5);
            List<Integer> lengths = new ArrayList<>();
            while (lengths.size() < 3) {
                int count = datagrams.receive();
                for (int i = 0; i < count; i++) {
                    lengths.add(datagrams.length(i));
                    if (lengths.size() == 3) {
                        datagrams.reply(i, datagrams.length(i));
                    }
                }
                datagrams.send();
            }
            assertThat(lengths).containsExactly(Datagrams.MESSAGE_BYTES, 0, Clients.text(0, 5).length);
            clients.expect(5);
        }
    }

    @Test
    void oneWhoWaitsIsWokenForEver() throws Exception {
        try (Datagrams datagrams = bind(new InetSocketAddress("127.0.0.1", 0))) {
            CompletableFuture<Integer> rounds = CompletableFuture.supplyAsync(() -> {
                try {
                    while (true) {
                        datagrams.receive();
                    }
                } catch (ClosedChannelException e) {
                    return 1;
                } catch (IOException e) {
                    return -1;
                }
            });
            datagrams.wake();
            assertThat(rounds.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(1);
        }
    }

    @Test
    void aTakenPortIsSaidToBeTaken() throws Exception {
        InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        Datagrams first = bind(any);
        InetSocketAddress taken = new InetSocketAddress("127.0.0.1", first.port());
        assertThatThrownBy(() -> bind(taken)).isInstanceOf(BindException.class);
        first.close();
        first.close();
        try (Datagrams second = bind(taken)) {
            assertThat(second.port()).isEqualTo(taken.getPort());
        }
    }

    @Test
    void allocatesNothingForOneWhoAsksAgain() throws Exception {
        allocatesNothing(1);
    }

    void allocatesNothing(int clientCount) throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (Datagrams datagrams = bind(new InetSocketAddress(loopback, 0));
                Clients clients = new Clients(loopback, datagrams.port(), clientCount)) {
            long allocated = 1;
            // What is not compiled yet allocates: go on until nothing does, or there was time enough for that.
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
            while (allocated > 0 && System.nanoTime() - end < 0) {
                allocated = 0;
                for (int i = 0; i < 500; i++) {
                    clients.ask(i);
                    long before = threads.getCurrentThreadAllocatedBytes();
                    echo(datagrams, clientCount);
                    allocated += threads.getCurrentThreadAllocatedBytes() - before;
                    clients.expect(i);
                }
            }
            assertThat(allocated).isZero();
        }
    }

    private static int receive(Datagrams datagrams) throws IOException {
        int count = 0;
        while (count == 0) {
            count = datagrams.receive();
        }
        return count;
    }

    private static void echo(Datagrams datagrams, int messages) throws IOException {
        for (int seen = 0; seen < messages; ) {
            int count = datagrams.receive();
            for (int i = 0; i < count; i++) {
                datagrams.reply(i, datagrams.length(i));
            }
            datagrams.send();
            seen += count;
        }
    }

    /** Some who ask, each on a socket of its own. */
    private static final class Clients implements AutoCloseable {
        private final InetSocketAddress server;
        private final List<DatagramSocket> sockets = new ArrayList<>();
        private final byte[] answer = new byte[100];

        Clients(InetAddress address, int port, int count) throws IOException {
            server = new InetSocketAddress(address, port);
            for (int i = 0; i < count; i++) {
                DatagramSocket socket = new DatagramSocket(new InetSocketAddress(address, 0));
                socket.setSoTimeout(PATIENCE_MILLIS);
                sockets.add(socket);
            }
        }

        static byte[] text(int client, int round) {
            return ("client " + client + " round " + round).getBytes(StandardCharsets.US_ASCII);
        }

        void send(int client, byte[] octets) throws IOException {
            sockets.get(client).send(new DatagramPacket(octets, octets.length, server));
        }

        void ask(int round) throws IOException {
            for (int i = 0; i < sockets.size(); i++) {
                send(i, text(i, round));
            }
        }

        void expect(int round) throws IOException {
            for (int i = 0; i < sockets.size(); i++) {
                DatagramPacket packet = new DatagramPacket(answer, answer.length);
                sockets.get(i).receive(packet);
                assertThat(ByteBuffer.wrap(answer, 0, packet.getLength())).isEqualTo(ByteBuffer.wrap(text(i, round)));
            }
        }

        @Override
        public void close() {
            sockets.forEach(DatagramSocket::close);
        }
    }
}
