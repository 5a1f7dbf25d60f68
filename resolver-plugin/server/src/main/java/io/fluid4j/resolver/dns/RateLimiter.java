/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Limits responses for each network of clients (/24, or /56 for IPv6), so that a forged sender address makes no weapon of
 * this resolver. Networks share buckets by their hash, which can only limit earlier. For one thread.
 */
final class RateLimiter {

    private static final int BUCKETS = 1 << 16;
    private static final int NETWORK_BITS = 8;
    private static final int NETWORK_BYTES_6 = 7;
    /** Of ::ffff:a.b.c.d, before the two octets that are all ones. */
    private static final int MAPPED_ZEROS = 10;

    /** For each bucket the time at which it will be empty, if nothing comes. Starts in the past. */
    private final long[] emptyNanos = new long[BUCKETS];

    private final long intervalNanos;
    private final long burstNanos;

    /**
     * @param perSecond responses a second for one network; a second's worth may come at once
     * @param nowNanos the time
     */
    RateLimiter(int perSecond, long nowNanos) {
        this.intervalNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.burstNanos = TimeUnit.SECONDS.toNanos(1);
        Arrays.fill(emptyNanos, nowNanos);
    }

    /**
     * Counts a response.
     *
     * @param network of the client, as one of the methods below has it
     * @param nowNanos the time
     * @return false when it is one too many
     */
    boolean allows(int network, long nowNanos) {
        int bucket = ((network * 0x9e3779b9) >>> 16) & (BUCKETS - 1);
        long empty = emptyNanos[bucket];
        if (empty - nowNanos < 0) {
            empty = nowNanos;
        }
        if (empty - nowNanos >= burstNanos) {
            return false;
        }
        emptyNanos[bucket] = empty + intervalNanos;
        return true;
    }

    /** The network of an address. */
    static int network(InetAddress client) {
        if (client instanceof Inet4Address) {
            // The hash of an IPv4 address is the address: no array has to be made.
            return client.hashCode() >>> NETWORK_BITS;
        }
        return network6(ByteBuffer.wrap(client.getAddress()), 0);
    }

    /** The network of the IPv4 address whose four octets begin there. */
    static int network4(ByteBuffer octets, int at) {
        return (octets.get(at) & 0xff) << 16 | (octets.get(at + 1) & 0xff) << 8 | (octets.get(at + 2) & 0xff);
    }

    /** The network of the IPv6 address whose sixteen octets begin there; one that stands for IPv4 counts as that. */
    static int network6(ByteBuffer octets, int at) {
        boolean mapped = octets.get(at + MAPPED_ZEROS) == -1 && octets.get(at + MAPPED_ZEROS + 1) == -1;
        for (int i = 0; mapped && i < MAPPED_ZEROS; i++) {
            mapped = octets.get(at + i) == 0;
        }
        if (mapped) {
            return network4(octets, at + MAPPED_ZEROS + 2);
        }
        int network = 1;
        for (int i = 0; i < NETWORK_BYTES_6; i++) {
            network = 31 * network + octets.get(at + i);
        }
        return network;
    }
}
