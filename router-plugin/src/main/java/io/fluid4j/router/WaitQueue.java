/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one function that wait for an instance: clients take turns, and each one's requests are first come first
 * served. So who sends more than there is room for waits behind its own requests, and nobody else does. Bounded in number and in time, by what
 * was served lately: who could not be served in time is told so at once.
 *
 * <p>Not every instance will do for every request: a route may lead to some deployments only. Those who wait for the same
 * ones share a <em>lane</em>, and a lane whose instances are all taken holds up none of the others: room and rate are
 * counted for each lane, and turns are numbered across lanes, so that lanes that share instances take turns there. There
 * are as many lanes as there are kinds of routes to a function, so a round looks at a few, however many wait.
 *
 * <p>There are two kinds of waiting. While nobody is served at all, because every instance is paused or just starting,
 * the end of that is all that counts, and a request may wait as long as the configuration allows. While instances take
 * requests as fast as they can, a longer queue makes every request slower and not one more is served: then the queue is
 * kept so short that {@link #STANDING_WAIT_NANOS} of work is in it, unless further instances are on their way. A burst is
 * not such a queue: it may wait as long as the configuration allows, and only a queue that has not been empty for {@link
 * #BURST_NANOS} counts as standing. For any thread.
 *
 * @param <T> what waits
 */
final class WaitQueue<T> {

    /** How much work may queue up before instances that are fully used: enough to bridge a burst, no more. */
    static final long STANDING_WAIT_NANOS = 100_000_000L;
    /** A queue that is empty again after so long was a burst. */
    static final long BURST_NANOS = 500_000_000L;
    /** Without anybody served for so long, the rate of before says nothing any more. */
    static final long RATE_KEPT_NANOS = 500_000_000L;

    /**
     * The turn of somebody who waited, out of the queue now.
     *
     * @param waiter whose turn it is
     * @param number the place of the turn among all of the queue
     */
    record Turn<T>(T waiter, long number) {}

    private final Object lock = new Object();
    private final Map<Object, WaitLane<T>> lanes = new HashMap<>();
    private long turns;
    private long round;

    private final AtomicInteger size = new AtomicInteger();
    /** Calls of {@link #serve} that have not been answered yet. */
    private final AtomicInteger calls = new AtomicInteger();

    private final NanoClock clock;
    private final Function<? super T, ?> client;
    private final Function<? super T, ?> lane;

    /**
     * An empty one.
     *
     * @param client whose request it is
     * @param lane equal for those who wait for the same instances
     */
    WaitQueue(NanoClock clock, Function<? super T, ?> client, Function<? super T, ?> lane) {
        this.clock = clock;
        this.client = client;
        this.lane = lane;
    }

    int size() {
        return size.get();
    }

    /** How many lanes are known, for tests. */
    int lanes() {
        synchronized (lock) {
            return lanes.size();
        }
    }

    /** True when somebody waits already for what this one, who does not wait, would take. */
    boolean standsBefore(T newcomer) {
        if (size.get() == 0) {
            return false;
        }
        Object key = lane.apply(newcomer);
        synchronized (lock) {
            WaitLane<T> own = lanes.get(key);
            return own != null && own.size() > 0;
        }
    }

    /**
     * Adds a request unless it would wait longer than it may. Who has less than its share of the lane waits as if the
     * others had no more than that, and finds room when they have filled the lane.
     *
     * @param waiter the request
     * @param most the most requests in the lane, or twice as many when some have far more of them than others
     * @param maxWaitNanos the longest wait
     * @param growing whether there will soon be more instances to serve the queue
     * @return false when it is of no use to wait
     */
    boolean offer(T waiter, int most, long maxWaitNanos, boolean growing) {
        Object whose = client.apply(waiter);
        Object key = lane.apply(waiter);
        synchronized (lock) {
            long now = clock.nanos();
            WaitLane<T> own = lane(key, now);
            if (!own.hasRoom(whose, most, maxWaitNanos, growing, now)) {
                return false;
            }
            own.add(whose, waiter, ++turns, now);
            size.incrementAndGet();
            return true;
        }
    }

    /** Those that nobody has waited in for long make room for a new one: routes may change for ever. */
    private WaitLane<T> lane(Object key, long now) {
        WaitLane<T> known = lanes.get(key);
        if (known == null) {
            lanes.values().removeIf(other -> other.forgettable(now));
            known = new WaitLane<>(now);
            lanes.put(key, known);
        }
        return known;
    }

    /**
     * Gives those who wait a try, turn by turn, until nobody more can be served; somebody may have become free. One
     * thread does so at a time: who calls meanwhile has that thread look once more. So nobody is put back by one thread
     * just after another one has looked for somebody to serve.
     *
     * @param attempt tries to serve who has been taken out of the queue; false when there was no instance and it has been
     *     {@link #putBack put back}, so that others of its lane need not try
     */
    void serve(Predicate<? super Turn<T>> attempt) {
        if ((calls.get() == 0 && size.get() == 0) || calls.getAndIncrement() > 0) {
            return;
        }
        boolean whole = false;
        try {
            int answered = 1;
            do {
                serveRound(attempt);
                answered = calls.addAndGet(-answered);
            } while (answered > 0);
            whole = true;
        } finally {
            if (!whole) {
                calls.set(0);
            }
        }
    }

    private void serveRound(Predicate<? super Turn<T>> attempt) {
        synchronized (lock) {
            round++;
        }
        for (Turn<T> turn = poll(); turn != null; turn = poll()) {
            if (!attempt.test(turn)) {
                Object key = lane.apply(turn.waiter());
                synchronized (lock) {
                    lane(key, clock.nanos()).inVain(round);
                }
            }
        }
    }

    /** The next turn of all lanes that had an instance for everybody in this round; null when there is none. */
    private @Nullable Turn<T> poll() {
        if (size.get() == 0) {
            return null;
        }
        synchronized (lock) {
            WaitLane<T> next = null;
            long number = WaitLane.NOBODY;
            for (WaitLane<T> one : lanes.values()) {
                long first = one.nextTurn();
                if (first < number && !one.wasInVain(round)) {
                    number = first;
                    next = one;
                }
            }
            if (next == null) {
                return null;
            }
            size.decrementAndGet();
            return new Turn<>(next.poll(++turns), number);
        }
    }

    /** Puts somebody back who was polled in vain: its turn is as near as it was. */
    void putBack(Turn<T> turn) {
        T waiter = turn.waiter();
        Object whose = client.apply(waiter);
        Object key = lane.apply(waiter);
        synchronized (lock) {
            lane(key, clock.nanos()).putBack(whose, waiter, turn.number());
            size.incrementAndGet();
        }
    }

    /** Takes out a request that has ended; true when it was waiting. */
    boolean remove(T waiter) {
        if (size.get() == 0) {
            return false;
        }
        Object whose = client.apply(waiter);
        Object key = lane.apply(waiter);
        synchronized (lock) {
            WaitLane<T> own = lanes.get(key);
            boolean removed = own != null && own.remove(whose, waiter);
            if (removed) {
                size.decrementAndGet();
            }
            return removed;
        }
    }

    /** Somebody who waited is being served: the rate of that tells how long others of its lane will wait. */
    void onServed(T waiter) {
        Object key = lane.apply(waiter);
        synchronized (lock) {
            long now = clock.nanos();
            lane(key, now).onServed(now);
        }
    }
}
