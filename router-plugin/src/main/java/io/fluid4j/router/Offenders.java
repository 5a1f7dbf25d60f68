/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.tunnel.LogThrottle;
import java.lang.System.Logger;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Whose connections flood, by address: what one connection may do is bounded by {@link ClientRates}; here who spreads it
 * over many connections, or comes again each time it was cut off, is bounded too, and kept out for a while before it
 * costs another request. Of an IPv6 address its network of 64 bits counts, unless a translator made it of an IPv4
 * one. Knows the latest {@value #MAX_ADDRESSES} addresses and no more. Who shares an address with an offender keeps the
 * connections it has, as long as they send no more than {@link ClientRates#ALWAYS_FITS_PER_SECOND}; new ones are closed
 * while the address is turned away. Thread-safe.
 */
final class Offenders {

    /** What all connections of an address may send of resets, pings, settings and empty frames in a second. */
    static final int MAX_EVENTS_PER_SECOND = 8 * ClientRates.MAX_EVENTS_PER_SECOND;

    /** The address of a connection may be that of many people: from so many cut off on it is turned away. */
    static final int CUT_OFF_UNTIL_TURNED_AWAY = 3;

    static final int MAX_ADDRESSES = 4096;

    /** After so long without a flood an address is like any other. */
    private static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int LINES_AT_ONCE = 20;
    private static final int LINES_PER_SECOND = 5;
    private static final int NETWORK_OCTETS = 8;
    /** The well-known prefix of RFC 6052 behind which a translator shows all of IPv4: 64:ff9b::/96. */
    private static final ByteBuffer TRANSLATED = ByteBuffer.wrap(
                    new byte[] {0, 0x64, (byte) 0xFF, (byte) 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})
            .asReadOnlyBuffer();

    private static final Logger LOG = System.getLogger(Offenders.class.getName());

    private final long turnAwayNanos;
    private final Predicate<InetAddress> trusted;
    private final NanoClock clock;
    private final RouterMetrics metrics;
    private final LogThrottle cutOffLines = new LogThrottle(LINES_AT_ONCE, LINES_PER_SECOND);
    private final LogThrottle turnedAwayLines = new LogThrottle(LINES_AT_ONCE, LINES_PER_SECOND);
    /** Guarded by itself. */
    private final Map<Object, Sender> senders = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Sender> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    /** Until when anybody at all is turned away: who is accepted otherwise need not be looked for. */
    private volatile long busyUntilNanos;

    /** One address; guarded by the map. */
    private static final class Sender {
        private long secondBeganNanos;
        private int events;
        private int cutOff;
        private long cutOffNanos;
        private long awayUntilNanos;

        Sender(long nowNanos) {
            secondBeganNanos = nowNanos;
            awayUntilNanos = nowNanos;
        }
    }

    /**
     * Nobody is known yet.
     *
     * @param turnAwayNanos how long an address is turned away, 0: never
     * @param trusted proxies, which speak for many clients: only their single connections are bounded
     */
    Offenders(long turnAwayNanos, Predicate<InetAddress> trusted, NanoClock clock, RouterMetrics metrics) {
        this.turnAwayNanos = turnAwayNanos;
        this.trusted = trusted;
        this.clock = clock;
        this.metrics = metrics;
        this.busyUntilNanos = clock.nanos();
    }

    /** The time, by the clock that decides about addresses. */
    long nanos() {
        return clock.nanos();
    }

    /** Counts an event of one of its connections; false when it is one too many for the address. */
    boolean fits(InetAddress address) {
        if (trusted.test(address)) {
            return true;
        }
        long now = clock.nanos();
        synchronized (senders) {
            Sender sender = sender(address, now);
            if (now - sender.secondBeganNanos >= SECOND_NANOS) {
                sender.secondBeganNanos = now;
                sender.events = 0;
            }
            return ++sender.events <= MAX_EVENTS_PER_SECOND;
        }
    }

    /** A connection is cut off: its client is named, and when that was not the first time, turned away. */
    void cutOff(SocketAddress client, int mostPerSecond) {
        metrics.cutOff().inc();
        cutOffLines.log(
                LOG,
                "client {0} is cut off: more than {1} resets, pings, settings or empty frames in a second",
                client,
                mostPerSecond);
        InetAddress address = address(client);
        if (address == null || turnAwayNanos == 0 || trusted.test(address)) {
            return;
        }
        long now = clock.nanos();
        int times;
        synchronized (senders) {
            Sender sender = sender(address, now);
            if (now - sender.cutOffNanos >= FORGET_NANOS) {
                sender.cutOff = 0;
            }
            times = ++sender.cutOff;
            sender.cutOffNanos = now;
            if (times < CUT_OFF_UNTIL_TURNED_AWAY || sender.awayUntilNanos - now > 0) {
                return;
            }
            sender.awayUntilNanos = now + turnAwayNanos;
            busyUntilNanos = now + turnAwayNanos;
        }
        turnedAwayLines.log(
                LOG,
                "client {0} is turned away for {1} ms, whatever connection it comes with: {2} of them were cut off",
                client,
                TimeUnit.NANOSECONDS.toMillis(turnAwayNanos),
                times);
    }

    /** Whether a connection from there is to be closed as it comes. */
    boolean turnsAway(InetAddress address) {
        long now = clock.nanos();
        if (busyUntilNanos - now <= 0) {
            return false;
        }
        synchronized (senders) {
            Sender sender = senders.get(key(address));
            if (sender == null || sender.awayUntilNanos - now <= 0) {
                return false;
            }
        }
        metrics.turnedAway().inc();
        return true;
    }

    private Sender sender(InetAddress address, long now) {
        return senders.computeIfAbsent(key(address), unknown -> new Sender(now));
    }

    private static Object key(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        byte[] octets = address.getAddress();
        return ByteBuffer.wrap(octets, 0, TRANSLATED.remaining()).equals(TRANSLATED)
                ? address
                : ByteBuffer.wrap(octets, 0, NETWORK_OCTETS);
    }

    /** Null for what has none, such as a socket of this machine's files. */
    static @Nullable InetAddress address(SocketAddress client) {
        return client instanceof InetSocketAddress internet ? internet.getAddress() : null;
    }
}
