/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A router and its instances in virtual time. An instance has {@value #THREADS} threads and a queue before them, says
 * how it is every {@value #HEALTH_MILLIS} ms, nacks what is beyond its limit and hands back what has waited too long
 * for a thread; the router pauses who has nacked until the next health, offers a request to others, and lets it wait
 * for a second when nobody is free. The same seed gives the same figures everywhere. One thread.
 */
final class SelectionSimulation {

    static final int INSTANCES = 4;
    static final int THREADS = 4;
    static final int LIMIT = 16;
    static final double MEAN_MILLIS = 20;
    static final long HEALTH_MILLIS = 250;
    /** A request that has taken longer has suffered, as has one that failed. */
    static final long SUFFERING_MILLIS = 250;

    private static final long MILLI = 1_000_000L;
    private static final long QUEUE_DELAY = 250 * MILLI;
    private static final long MAX_WAIT = 1_000 * MILLI;
    private static final long TIMEOUT = 2_000 * MILLI;
    private static final int MAX_ATTEMPTS = 5;

    /** How a piece of work goes: a factor of its usual time, or one of the two constants. */
    interface Behaviour {
        /** Answers with a failure at once. */
        double FAILS = -1;
        /** Holds no thread and never answers. */
        double SILENT = -2;

        double factor(int instance, double second);
    }

    /** @param healthAgeMillis how old a HEALTH is when the router has it */
    record Scenario(
            String name,
            String story,
            int seconds,
            DoubleUnaryOperator load,
            Behaviour behaviour,
            long healthAgeMillis) {}

    /**
     * What came of it.
     *
     * @param suffered share of the requests that failed or took too long
     * @param lastShare share of the first instance in the last third
     */
    record Result(int requests, double suffered, double p50Millis, double p99Millis, double lastShare) {}

    private record Event(long at, long number, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
        }
    }

    private final Scenario scenario;
    private final RandomGenerator random = new Random(42);
    /** Of its own, so that every policy meets the same requests. */
    private final RandomGenerator arrivals = new Random(43);

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<Simulated> instances = new ArrayList<>();
    private final List<Standing> standings = new ArrayList<>();
    private final ArrayDeque<Request> waiting = new ArrayDeque<>();
    private final List<Double> millis = new ArrayList<>();
    private final Picker picker;
    private long now;
    private long numbers;
    private int requests;
    private int suffered;
    private int lastThird;
    private int lastThirdFirst;

    private SelectionSimulation(Scenario scenario, InstanceSelector selector) {
        this.scenario = scenario;
        for (int i = 0; i < INSTANCES; i++) {
            Simulated one = new Simulated(i);
            instances.add(one);
            standings.add(one.standing);
        }
        picker = selector.picker(List.copyOf(instances));
    }

    /** Plays a scenario with a policy. */
    static Result play(Scenario scenario, InstanceSelector selector) {
        return new SelectionSimulation(scenario, selector).run();
    }

    private Result run() {
        long end = scenario.seconds * 1_000L * MILLI;
        for (Simulated one : instances) {
            at(one.number * HEALTH_MILLIS * MILLI / INSTANCES, one::health);
        }
        at(0, () -> arrive(end));
        while (!events.isEmpty()) {
            Event next = events.poll();
            now = next.at;
            if (now > end + 2 * TIMEOUT + MAX_WAIT) {
                break;
            }
            next.what.run();
        }
        double[] sorted = millis.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return new Result(
                requests,
                (double) suffered / requests,
                sorted[sorted.length / 2],
                sorted[sorted.length * 99 / 100],
                (double) lastThirdFirst / lastThird);
    }

    private void at(long time, Runnable what) {
        events.add(new Event(time, numbers++, what));
    }

    private double seconds() {
        return now / 1e9;
    }

    /** Of a Poisson process or of work; the same on every machine. */
    private static double exponential(RandomGenerator random, double mean) {
        return -mean * StrictMath.log(1 - random.nextDouble());
    }

    private void arrive(long end) {
        if (now >= end) {
            return;
        }
        requests++;
        dispatch(new Request(now));
        double capacity = INSTANCES * THREADS * 1_000 / MEAN_MILLIS;
        at(
                now + (long) exponential(arrivals, 1e9 / (capacity * scenario.load.applyAsDouble(seconds()))),
                () -> arrive(end));
    }

    private final class Request implements Attempt {
        private final long began;
        private final Set<Candidate> nacked = new HashSet<>();
        private long waitsUntil;
        private int attempts;
        private boolean ended;

        Request(long began) {
            this.began = began;
        }

        @Override
        public boolean excludes(Candidate candidate) {
            return nacked.contains(candidate);
        }

        @Override
        public int retries() {
            return attempts;
        }

        void end(boolean good) {
            if (ended) {
                return;
            }
            ended = true;
            double took = (now - began) / 1e6;
            if (good) {
                millis.add(took);
            }
            if (!good || took > SUFFERING_MILLIS) {
                suffered++;
            }
        }
    }

    private void dispatch(Request request) {
        Simulated to = (Simulated) picker.pick(request);
        if (to != null) {
            to.send(request);
            return;
        }
        request.nacked.clear();
        if (request.waitsUntil == 0) {
            request.waitsUntil = now + MAX_WAIT;
            at(request.waitsUntil, () -> {
                if (waiting.remove(request)) {
                    request.end(false);
                }
            });
        }
        if (now >= request.waitsUntil) {
            request.end(false);
        } else {
            waiting.add(request);
        }
    }

    private void serveWaiting() {
        for (Request next = waiting.peek(); next != null; next = waiting.peek()) {
            Simulated to = (Simulated) picker.pick(next);
            if (to == null) {
                return;
            }
            waiting.remove();
            to.send(next);
        }
    }

    private record Queued(Request request, long since) {}

    private final class Simulated implements Candidate {
        private final int number;
        private final Standing standing = new Standing();
        private final ArrayDeque<Queued> queue = new ArrayDeque<>();
        private int busy;
        private int inFlight;
        private double headroom = 1;
        private boolean paused;

        Simulated(int number) {
            this.number = number;
        }

        void send(Request request) {
            if (now >= scenario.seconds * 1_000L * MILLI * 2 / 3) {
                lastThird++;
                lastThirdFirst += number == 0 ? 1 : 0;
            }
            request.attempts++;
            inFlight++;
            if (scenario.behaviour.factor(number, seconds()) == Behaviour.SILENT) {
                at(now + TIMEOUT, () -> fail(request));
            } else if (busy < THREADS) {
                begin(request);
            } else {
                queue.add(new Queued(request, now));
            }
        }

        private void begin(Request request) {
            busy++;
            long sent = now;
            double factor = scenario.behaviour.factor(number, seconds());
            double usual = exponential(random, MEAN_MILLIS);
            boolean good = factor >= 0;
            at(now + (long) (good ? usual * factor * MILLI : MILLI), () -> {
                busy--;
                if (good) {
                    standing.answered(now - sent);
                    inFlight--;
                    request.end(true);
                } else {
                    fail(request);
                }
                beginNext();
                serveWaiting();
            });
        }

        private void beginNext() {
            while (busy < THREADS && !queue.isEmpty()) {
                Queued next = queue.remove();
                if (now - next.since > QUEUE_DELAY) {
                    nack(next.request);
                } else {
                    begin(next.request);
                }
            }
        }

        private void fail(Request request) {
            inFlight--;
            standing.failed();
            request.end(false);
        }

        private void nack(Request request) {
            inFlight--;
            paused = true;
            request.nacked.add(this);
            if (request.attempts >= MAX_ATTEMPTS) {
                request.end(false);
            } else {
                dispatch(request);
            }
        }

        void health() {
            Queued oldest = queue.peek();
            double left = oldest == null ? 1 : Math.max(0, 1 - (double) (now - oldest.since) / QUEUE_DELAY);
            at(now + scenario.healthAgeMillis * MILLI, () -> {
                headroom = left;
                paused = false;
                standing.look(now);
                standing.compare(standings, now);
                serveWaiting();
            });
            at(now + HEALTH_MILLIS * MILLI, this::health);
        }

        @Override
        public String instanceId() {
            return "i" + number;
        }

        @Override
        public String deployment() {
            return "default";
        }

        @Override
        public String region() {
            return "default";
        }

        @Override
        public String zone() {
            return "default";
        }

        @Override
        public boolean available() {
            return !paused && inFlight < LIMIT;
        }

        @Override
        public boolean active() {
            return true;
        }

        @Override
        public int inFlight() {
            return inFlight;
        }

        @Override
        public int load() {
            return inFlight;
        }

        @Override
        public int limit() {
            return LIMIT;
        }

        @Override
        public double headroom() {
            return headroom;
        }

        @Override
        public double handicap() {
            return standing.handicap();
        }

        @Override
        public long connectedMillis() {
            return now / MILLI + 60_000;
        }
    }

    /** For comparison: the fewest requests under way, and nothing else. */
    static final class LeastConnections implements InstanceSelector {
        private final RandomGenerator random;

        LeastConnections(RandomGenerator random) {
            this.random = random;
        }

        @Override
        public String name() {
            return "least-connections";
        }

        @Override
        public Picker picker(List<? extends Candidate> candidates) {
            return attempt -> pick(candidates, attempt);
        }

        private @Nullable Candidate pick(List<? extends Candidate> candidates, Attempt attempt) {
            Candidate best = null;
            int start = random.nextInt(candidates.size());
            for (int i = 0; i < candidates.size(); i++) {
                Candidate one = candidates.get((start + i) % candidates.size());
                if (one.available() && !attempt.excludes(one) && (best == null || one.inFlight() < best.inFlight())) {
                    best = one;
                }
            }
            return best;
        }
    }
}
