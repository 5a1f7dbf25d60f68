/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Those of a {@link WaitQueue} who wait for the same instances: when there is none for one of them, there is none for all.
 * How fast they are served, and so how many of them may wait, is their own affair. Guarded by the queue's lock.
 *
 * @param <T> what waits
 */
final class WaitLane<T> {

    /** Nobody waits here. */
    static final long NOBODY = Long.MAX_VALUE;

    /** Weight of the newest period in the average rate. */
    private static final double NEWEST = 0.5;

    private static final long RATE_PERIOD_NANOS = 100_000_000L;

    /** The requests of one client, and the number of its next turn. */
    private static final class Own<T> {
        private final Object client;
        private final ArrayDeque<T> waiters = new ArrayDeque<>();
        private long turn;

        private Own(Object client, long turn) {
            this.client = client;
            this.turn = turn;
        }
    }

    private final Map<Object, Own<T>> byClient = new HashMap<>();
    private final TreeMap<Long, Own<T>> byTurn = new TreeMap<>();
    private int size;
    /** The round in which there was no instance for who was next here. */
    private long inVain;

    /** When the first one came of those that have been here without a break. */
    private long standingSince;

    private int served;
    private long periodStart;
    private long lastServed;
    private double perSecond;

    WaitLane(long now) {
        periodStart = now;
        lastServed = now - WaitQueue.RATE_KEPT_NANOS;
    }

    int size() {
        return size;
    }

    /** True when nothing is known here that a new lane would not know. */
    boolean forgettable(long now) {
        return size == 0 && now - lastServed >= WaitQueue.RATE_KEPT_NANOS;
    }

    /** See {@link WaitQueue#offer}. */
    boolean hasRoom(Object client, int most, long maxWaitNanos, boolean growing, long now) {
        Own<T> own = byClient.get(client);
        int clients = byClient.size() + (own == null ? 1 : 0);
        long place = Math.min(size + 1L, (1L + (own == null ? 0 : own.waiters.size())) * clients);
        if (place > most || size >= 2L * most || maxWaitNanos <= 0) {
            return false;
        }
        if (growing || perSecond == 0 || now - lastServed >= WaitQueue.RATE_KEPT_NANOS) {
            return true;
        }
        double expectedNanos = place / perSecond * 1e9;
        boolean standing = now - standingSince > WaitQueue.BURST_NANOS;
        long longest = standing ? Math.min(maxWaitNanos, WaitQueue.STANDING_WAIT_NANOS) : maxWaitNanos;
        return expectedNanos <= longest || size == 0;
    }

    /** @param turn the client's, if none of its requests wait here yet */
    void add(Object client, T waiter, long turn, long now) {
        if (size == 0) {
            standingSince = now;
        }
        own(client, turn).waiters.addLast(waiter);
        size++;
    }

    /** The number of the turn that is next; {@link #NOBODY} when nobody waits. */
    long nextTurn() {
        return size == 0 ? NOBODY : byTurn.firstKey();
    }

    /** Takes the one whose turn is next; there is one. */
    T poll(long followingTurn) {
        Own<T> own = byTurn.pollFirstEntry().getValue();
        T first = own.waiters.removeFirst();
        if (own.waiters.isEmpty()) {
            byClient.remove(own.client);
        } else {
            own.turn = followingTurn;
            byTurn.put(followingTurn, own);
        }
        size--;
        return first;
    }

    /** Who was polled in vain has its turn again. */
    void putBack(Object client, T waiter, long turn) {
        Own<T> own = own(client, turn);
        own.waiters.addFirst(waiter);
        if (turn < own.turn) {
            byTurn.remove(own.turn);
            byTurn.put(turn, own);
            own.turn = turn;
        }
        size++;
    }

    private Own<T> own(Object client, long turn) {
        Own<T> own = byClient.get(client);
        if (own == null) {
            own = new Own<>(client, turn);
            byClient.put(client, own);
            byTurn.put(turn, own);
        }
        return own;
    }

    boolean remove(Object client, T waiter) {
        Own<T> own = byClient.get(client);
        if (own == null || !own.waiters.remove(waiter)) {
            return false;
        }
        if (own.waiters.isEmpty()) {
            byClient.remove(client);
            byTurn.remove(own.turn);
        }
        size--;
        return true;
    }

    void inVain(long round) {
        inVain = round;
    }

    boolean wasInVain(long round) {
        return inVain == round;
    }

    void onServed(long now) {
        if (now - lastServed >= WaitQueue.RATE_KEPT_NANOS) {
            periodStart = now;
            served = 0;
            perSecond = 0;
        }
        lastServed = now;
        served++;
        long elapsed = now - periodStart;
        if (elapsed >= RATE_PERIOD_NANOS) {
            double newest = served * 1e9 / elapsed;
            perSecond = perSecond == 0 ? newest : perSecond * (1 - NEWEST) + newest * NEWEST;
            served = 0;
            periodStart = now;
        }
    }
}
