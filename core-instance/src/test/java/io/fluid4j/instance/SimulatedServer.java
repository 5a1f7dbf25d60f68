/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.LongUnaryOperator;

/**
 * A server in virtual time: a number of threads, requests that hold one for a while, a queue in front of them, and a
 * concurrency limit that lets requests in. Requests come at random, at a rate that does not care how the server fares.
 */
final class SimulatedServer {

    static final long MILLIS = 1_000_000L;
    static final long SECONDS = 1_000_000_000L;

    private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private record Waiting(long admittedNanos, int inFlight) {}

    private final ConcurrencyLimit limit;
    private final int threads;
    private final long maxQueueNanos;
    private final LongUnaryOperator serviceNanos;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();

    private long now = 7 * SECONDS;
    private final long origin = now;
    private long order;
    private int inFlight;
    private int busy;
    private int most;

    final List<Long> answerNanos = new ArrayList<>();
    int refused;
    int tooLate;

    /**
     * A server.
     *
     * @param serviceNanos from the time since the start to how long a request that starts then holds a thread, on average
     */
    SimulatedServer(
            ConcurrencyLimit limit, int threads, long maxQueueNanos, LongUnaryOperator serviceNanos, long seed) {
        this.limit = limit;
        this.threads = threads;
        this.maxQueueNanos = maxQueueNanos;
        this.serviceNanos = serviceNanos;
        this.random = new Random(seed);
    }

    /** Offers requests for a while, and forgets what was counted before. */
    SimulatedServer run(double perSecond, long forNanos) {
        answerNanos.clear();
        refused = 0;
        tooLate = 0;
        most = 0;
        long end = now + forNanos;
        if (perSecond > 0) {
            at(now, () -> arrive(perSecond, end));
        }
        while (!events.isEmpty() && events.peek().atNanos <= end) {
            Event next = events.poll();
            now = next.atNanos;
            next.action.run();
        }
        now = end;
        return this;
    }

    private void arrive(double perSecond, long end) {
        offer();
        long next = now + (long) (-Math.log(1 - random.nextDouble()) / perSecond * SECONDS);
        if (next < end) {
            at(next, () -> arrive(perSecond, end));
        }
    }

    private void offer() {
        if (inFlight >= limit.limit()) {
            refused++;
            limit.onCrowded(now, inFlight);
            return;
        }
        inFlight++;
        most = Math.max(most, inFlight);
        queue.add(new Waiting(now, inFlight));
        dispatch();
    }

    private void dispatch() {
        while (busy < threads && !queue.isEmpty()) {
            Waiting next = queue.poll();
            if (now - next.admittedNanos > maxQueueNanos) {
                inFlight--;
                tooLate++;
                limit.onOverload(now, inFlight);
                continue;
            }
            busy++;
            limit.onStart(now, now - next.admittedNanos);
            // Between half and one and a half of the mean.
            long service = (long) (serviceNanos.applyAsLong(now - origin) * (0.5 + random.nextDouble()));
            at(now + service, () -> answer(next));
        }
    }

    private void answer(Waiting request) {
        busy--;
        long took = now - request.admittedNanos;
        answerNanos.add(took);
        limit.onFirstByte(now, took, request.inFlight);
        inFlight--;
        dispatch();
    }

    private void at(long nanos, Runnable action) {
        events.add(new Event(nanos, order++, action));
    }

    /** Answers within the deadline. */
    long good(long deadlineNanos) {
        return answerNanos.stream().filter(took -> took <= deadlineNanos).count();
    }

    long percentileNanos(double share) {
        if (answerNanos.isEmpty()) {
            return 0;
        }
        List<Long> sorted = new ArrayList<>(answerNanos);
        Collections.sort(sorted);
        return sorted.get((int) Math.min(sorted.size() - 1, (long) (share * sorted.size())));
    }

    int most() {
        return most;
    }
}
