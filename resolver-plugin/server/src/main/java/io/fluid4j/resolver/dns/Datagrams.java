/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A UDP socket, used in rounds: {@link #receive} some messages, {@link #reply} to each or not, {@link #send} what was
 * replied. For one thread, but for {@link #wake}.
 */
interface Datagrams extends AutoCloseable {

    /** Room for what arrives while the thread is off the processor: 4 MiB is some thousand queries. */
    int SOCKET_BUFFER_BYTES = 4 << 20;
    /** Larger than any query or response. What is cut off here is malformed. */
    int MESSAGE_BYTES = 2_048;

    /** Where it listens. */
    int port();

    /**
     * Waits for messages. Those of the round before are forgotten.
     *
     * @return how many have come; may be 0
     * @throws java.nio.channels.ClosedChannelException after {@link #wake}
     * @throws IOException when the socket fails
     */
    int receive() throws IOException;

    /**
     * A message of this round, from index 0 on; {@value #MESSAGE_BYTES} octets large, whatever its length.
     *
     * @param index from 0
     */
    ByteBuffer message(int index);

    /** Octets of a message of this round. */
    int length(int index);

    /** The network of a message's sender, as {@link RateLimiter} counts. */
    int network(int index);

    /**
     * Answers a message with what its buffer now holds. Each at most once, and in their order.
     *
     * @param index from 0
     * @param length octets of the response
     * @throws IOException when it cannot be sent
     */
    void reply(int index, int length) throws IOException;

    /**
     * Sends replies that were kept back until now.
     *
     * @throws IOException when one could not be sent; the others were
     */
    void send() throws IOException;

    /** Ends the wait of the thread that receives, for ever. For any thread. */
    void wake();

    /** Gives the port back. Only when no thread receives any more. */
    @Override
    void close();
}
