/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
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

    /** Counts a response; false when it is one too many. */
    boolean allows(InetAddress client, long nowNanos) {
        int bucket = bucket(client);
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

    private static int bucket(InetAddress client) {
        int network;
        if (client instanceof Inet4Address) {
            // The hash of an IPv4 address is the address: no array has to be made.
            network = client.hashCode() >>> NETWORK_BITS;
        } else {
            network = 1;
            byte[] octets = client.getAddress();
            for (int i = 0; i < NETWORK_BYTES_6; i++) {
                network = 31 * network + octets[i];
            }
        }
        int mixed = network * 0x9e3779b9;
        return (mixed >>> 16) & (BUCKETS - 1);
    }
}
