/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import io.fluid4j.resolver.dns.SystemCalls.ErrorNumber;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;

/**
 * Many messages a round, with one system call to receive what is there ({@code recvmmsg}) and one to send all replies
 * ({@code sendmmsg}). Allocates nothing, whoever asks.
 *
 * <pre>
 *  header of a message, 64 octets (struct mmsghdr of 64-bit Linux)
 *   0 address of the peer's address   8 its length (32 bit)   16 address of the vector   24 its entries
 *  32 and 40 control data, none      48 flags (32 bit)        56 octets of the message (32 bit)
 *  entry of a vector, 16 octets (struct iovec): 0 address of the message, 8 its room or length
 * </pre>
 */
final class BatchedDatagrams implements Datagrams {

    /** The first of a round waits for the last: more would cost more time than it saves. */
    static final int BATCH = 16;

    private static final int HEADER_BYTES = 64;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int VECTOR = 16;
    private static final int VECTOR_ENTRIES = 24;
    private static final int LENGTH = 56;

    private static final int ENTRY_BYTES = 16;
    private static final int ENTRY_LENGTH = 8;

    /** Of {@code sockaddr_in6}, rounded up. */
    private static final int NAME_BYTES = 32;

    private static final int NAME_BYTES_4 = 16;
    private static final int NAME_BYTES_6 = 28;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_RCVTIMEO = 20;
    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int SHUT_RDWR = 2;
    private static final int MSG_WAITFORONE = 0x10000;

    /** Should {@link #wake} ever wake nobody, the thread looks by itself. */
    private static final long LOOK_MICROS = 500_000;

    private final int socket;
    private final int port;
    private final ErrorNumber error = new ErrorNumber();
    private final ByteBuffer messages = ByteBuffer.allocateDirect(BATCH * MESSAGE_BYTES);
    private final ByteBuffer[] message = new ByteBuffer[BATCH];
    private final ByteBuffer names = nativeBuffer(BATCH * NAME_BYTES);
    private final ByteBuffer received = nativeBuffer(BATCH * (HEADER_BYTES + ENTRY_BYTES));
    private final ByteBuffer replies = nativeBuffer(BATCH * (HEADER_BYTES + ENTRY_BYTES));
    private final long messagesAddress = SystemCalls.address(messages);
    private final long namesAddress = SystemCalls.address(names);
    private final long receivedAddress = SystemCalls.address(received);
    private final long repliesAddress = SystemCalls.address(replies);
    private int count;
    private int replied;
    private volatile boolean woken;
    private final Object lock = new Object();
    /** Under the lock: the number of the socket may be another one's now. */
    private boolean closed;

    private BatchedDatagrams(int socket, int port) {
        this.socket = socket;
        this.port = port;
        for (int i = 0; i < BATCH; i++) {
            message[i] = messages.slice(i * MESSAGE_BYTES, MESSAGE_BYTES);
            header(received, receivedAddress, i, i, NAME_BYTES, MESSAGE_BYTES);
        }
    }

    /** Only where {@link SystemCalls#missing} has no reason against it. */
    static BatchedDatagrams bind(InetSocketAddress address) throws IOException {
        ErrorNumber error = new ErrorNumber();
        boolean v4 = address.getAddress() instanceof Inet4Address;
        int socket = SystemCalls.socket(error, v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw error.failure("socket");
        }
        try {
            ByteBuffer scratch = nativeBuffer(NAME_BYTES + Long.BYTES);
            long at = SystemCalls.address(scratch);
            option(error, socket, SOL_SOCKET, SO_RCVBUF, scratch.putInt(0, SOCKET_BUFFER_BYTES), Integer.BYTES);
            option(error, socket, SOL_SOCKET, SO_SNDBUF, scratch.putInt(0, SOCKET_BUFFER_BYTES), Integer.BYTES);
            // struct timeval: seconds, then microseconds
            option(error, socket, SOL_SOCKET, SO_RCVTIMEO, scratch.putLong(0, 0).putLong(8, LOOK_MICROS), 16);
            if (!v4) {
                option(error, socket, IPPROTO_IPV6, IPV6_V6ONLY, scratch.putInt(0, 0), Integer.BYTES);
            }
            if (SystemCalls.bind(error, socket, at, putName(scratch, address)) < 0) {
                throw error.value() == SystemCalls.EADDRINUSE
                        ? new BindException("the UDP port " + address.getPort() + " is taken")
                        : error.failure("bind of UDP to " + address);
            }
            scratch.putInt(NAME_BYTES, NAME_BYTES);
            if (SystemCalls.name(error, socket, at, at + NAME_BYTES) < 0) {
                throw error.failure("getsockname");
            }
            return new BatchedDatagrams(socket, bigEndian(scratch.getShort(2)));
        } catch (IOException | RuntimeException e) {
            SystemCalls.close(error, socket);
            throw e;
        }
    }

    private static void option(ErrorNumber error, int socket, int level, int option, ByteBuffer value, int length)
            throws IOException {
        if (SystemCalls.option(error, socket, level, option, SystemCalls.address(value), length) < 0) {
            throw error.failure("option " + option + " of a UDP socket");
        }
    }

    /** Writes a {@code sockaddr_in} or {@code sockaddr_in6}; returns its length. */
    private static int putName(ByteBuffer into, InetSocketAddress address) {
        byte[] octets = address.getAddress().getAddress();
        for (int i = 0; i < NAME_BYTES; i++) {
            into.put(i, (byte) 0);
        }
        into.putShort(2, (short) bigEndian((short) address.getPort()));
        if (address.getAddress() instanceof Inet6Address v6) {
            into.putShort(0, (short) AF_INET6);
            into.put(8, octets);
            into.putInt(24, v6.getScopeId());
            return NAME_BYTES_6;
        }
        into.putShort(0, (short) AF_INET);
        into.put(4, octets);
        return NAME_BYTES_4;
    }

    private static int bigEndian(short value) {
        return (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? value : Short.reverseBytes(value)) & 0xffff;
    }

    private static ByteBuffer nativeBuffer(int octets) {
        return ByteBuffer.allocateDirect(octets).order(ByteOrder.nativeOrder());
    }

    /** Fills the header at a place; messages and names are those of an index. */
    private void header(ByteBuffer headers, long address, int place, int index, int nameLength, int length) {
        int at = place * HEADER_BYTES;
        int entry = BATCH * HEADER_BYTES + place * ENTRY_BYTES;
        headers.putLong(at + NAME, namesAddress + (long) index * NAME_BYTES);
        headers.putInt(at + NAME_LENGTH, nameLength);
        headers.putLong(at + VECTOR, address + entry);
        headers.putLong(at + VECTOR_ENTRIES, 1);
        headers.putLong(entry, messagesAddress + (long) index * MESSAGE_BYTES);
        headers.putLong(entry + ENTRY_LENGTH, length);
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public int receive() throws IOException {
        if (woken) {
            throw new ClosedChannelException();
        }
        for (int i = 0; i < count; i++) {
            received.putInt(i * HEADER_BYTES + NAME_LENGTH, NAME_BYTES);
        }
        count = 0;
        int came = SystemCalls.receiveMany(error, socket, receivedAddress, BATCH, MSG_WAITFORONE);
        if (came < 0) {
            int number = error.value();
            if (number == SystemCalls.EINTR || number == SystemCalls.EAGAIN) {
                return 0;
            }
            throw error.failure("recvmmsg");
        }
        count = came;
        return came;
    }

    @Override
    public ByteBuffer message(int index) {
        return message[index];
    }

    @Override
    public int length(int index) {
        return received.getInt(index * HEADER_BYTES + LENGTH);
    }

    @Override
    public int network(int index) {
        int at = index * NAME_BYTES;
        return names.getShort(at) == AF_INET
                ? RateLimiter.network4(names, at + 4)
                : RateLimiter.network6(names, at + 8);
    }

    @Override
    public void reply(int index, int length) {
        header(replies, repliesAddress, replied++, index, received.getInt(index * HEADER_BYTES + NAME_LENGTH), length);
    }

    @Override
    public void send() throws IOException {
        int all = replied;
        replied = 0;
        int failed = 0;
        for (int at = 0; at < all; ) {
            int sent = SystemCalls.sendMany(error, socket, repliesAddress + (long) at * HEADER_BYTES, all - at, 0);
            if (sent > 0) {
                at += sent;
            } else if (error.value() != SystemCalls.EINTR) {
                // It was the first one that could not be sent.
                failed = error.value();
                at++;
            }
        }
        if (failed != 0) {
            throw new IOException("sendmmsg failed: error " + failed);
        }
    }

    @Override
    public void wake() {
        woken = true;
        synchronized (lock) {
            if (!closed) {
                // It is not connected, which is said to be an error; the one who waits wakes up all the same.
                SystemCalls.shutdown(new ErrorNumber(), socket, SHUT_RDWR);
            }
        }
    }

    @Override
    public void close() {
        woken = true;
        synchronized (lock) {
            if (!closed) {
                closed = true;
                SystemCalls.close(error, socket);
            }
        }
    }
}
