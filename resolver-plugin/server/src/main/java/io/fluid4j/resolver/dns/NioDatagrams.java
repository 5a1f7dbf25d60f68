/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * One message a round, with two system calls: what every Java can do. A blocking channel is the fastest one there is: a
 * selector would add a third call and its bookkeeping. Nothing is allocated as long as queries come from the socket the
 * last one came from; for another one the JDK makes an address object.
 */
final class NioDatagrams implements Datagrams {

    private static final Logger LOG = System.getLogger(NioDatagrams.class.getName());

    private final DatagramChannel channel;
    private final int port;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private @Nullable InetSocketAddress client;
    private int length;

    private NioDatagrams(DatagramChannel channel) throws IOException {
        this.channel = channel;
        this.port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    static NioDatagrams bind(InetSocketAddress address) throws IOException {
        boolean v4 = address.getAddress() instanceof Inet4Address;
        DatagramChannel channel = DatagramChannel.open(v4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        try {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
            channel.bind(address);
            return new NioDatagrams(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public int receive() throws IOException {
        message.clear();
        client = (InetSocketAddress) channel.receive(message);
        length = message.position();
        return client == null ? 0 : 1;
    }

    @Override
    public ByteBuffer message(int index) {
        return message;
    }

    @Override
    public int length(int index) {
        return length;
    }

    @Override
    public int network(int index) {
        return RateLimiter.network(requireNonNull(client).getAddress());
    }

    @Override
    public void reply(int index, int responseLength) throws IOException {
        message.limit(responseLength).position(0);
        channel.send(message, requireNonNull(client));
    }

    @Override
    public void send() {
        // Nothing was kept back.
    }

    @Override
    public void wake() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the UDP port could not be closed", e);
        }
    }

    @Override
    public void close() {
        wake();
    }
}
