/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Drained;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.router.select.Standing;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Session;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One connected server process, with all its tunnels to this router. Measures are live; for any thread.
 *
 * <p>States (SURFACE: {@code state} of the admin API):
 *
 * <pre>
 *   active ⇄ idle          by what it serves
 *   active → paused        by a nack, by HEALTH that says overloaded, or by three missed HEALTH frames
 *   paused → active        by the next HEALTH that is newer than the nack and says accepting
 *   any    → draining      by DRAIN or HEALTH that says draining; back by HEALTH that says accepting
 *   any    → lost          when the last tunnel has ended
 * </pre>
 */
final class Instance implements Candidate, Target {

    /** P-8.3: after three intervals without HEALTH nothing new is started there. */
    private static final int MISSED_HEALTHS = 3;
    /** What others are told of an instance that names no limit: about the threads of a usual container. */
    private static final int ROOM_WITHOUT_LIMIT = 100;
    /** An instance that has served nothing for this long counts as idle. */
    private static final long IDLE_AFTER_NANOS = 10_000_000_000L;

    /** What a new instance is trusted with at first: enough that its code gets warm. */
    private static final double MIN_READINESS = 0.1;

    private static final Session[] NO_SESSIONS = {};

    private final Hello hello;
    private final String id;
    private final Instant connectedAt;
    private final long connectedNanos;
    private final NanoClock clock;
    private final long healthTimeoutNanos;
    private final long slowStartNanos;
    private final AtomicInteger inFlight = new AtomicInteger();
    /** Requests of other routers, as of the last HEALTH: what it reported beyond what this router had there. */
    private volatile int foreignInFlight;

    private final Standing standing = new Standing();
    private final LongAdder nacks = new LongAdder();
    private final LongAdder requests = new LongAdder();

    private volatile Session[] sessions = NO_SESSIONS;
    private volatile @Nullable Health health;
    private volatile long healthNanos;
    private volatile double headroom = FULL_HEADROOM;
    /** Only a HEALTH with a higher sequence ends the pause; -1: not paused. */
    private volatile long pausedUntilAfter = -1;

    private volatile boolean draining;
    private volatile String pauseReason = "";
    private volatile long busyNanos;
    /** Its slow start is over. */
    private volatile boolean warm;

    private @Nullable CompletableFuture<Drained> drained;

    Instance(Hello hello, long healthIntervalMillis, long slowStartNanos, NanoClock clock, Instant connectedAt) {
        this.hello = hello;
        this.id = hello.instanceId();
        this.clock = clock;
        this.connectedAt = connectedAt;
        this.connectedNanos = clock.nanos();
        this.healthNanos = connectedNanos;
        this.busyNanos = connectedNanos - IDLE_AFTER_NANOS;
        this.slowStartNanos = slowStartNanos;
        this.healthTimeoutNanos = Math.max(healthIntervalMillis, 50) * 1_000_000L * MISSED_HEALTHS;
    }

    @Override
    public String instanceId() {
        return id;
    }

    String function() {
        return hello.function();
    }

    @Override
    public String deployment() {
        return hello.deployment();
    }

    @Override
    public String region() {
        return hello.region();
    }

    @Override
    public String zone() {
        return hello.zone();
    }

    Hello hello() {
        return hello;
    }

    Instant connectedAt() {
        return connectedAt;
    }

    @Override
    public boolean available() {
        if (draining || pausedUntilAfter >= 0 || sessions.length == 0 || !healthFresh()) {
            return false;
        }
        Health last = health;
        if (last != null && last.state() != Health.State.ACCEPTING) {
            return false;
        }
        int limit = limit();
        return limit == 0 || load() < limit;
    }

    /** Requests it would take now in addition to those in flight; a guess while it has not found its limit. */
    int room() {
        if (!available()) {
            return 0;
        }
        int limit = limit();
        return limit == 0 ? ROOM_WITHOUT_LIMIT : Math.max(0, limit - load());
    }

    /** True when it may take requests soon: it is only paused, full or silent for the moment. */
    boolean recovering() {
        return !draining && sessions.length > 0;
    }

    @Override
    public boolean active() {
        return inFlight.get() > 0 || clock.nanos() - busyNanos < IDLE_AFTER_NANOS;
    }

    @Override
    public int inFlight() {
        return inFlight.get();
    }

    @Override
    public int load() {
        // This router's own requests are known to it at every moment; only what others send there is a little old.
        return inFlight.get() + foreignInFlight;
    }

    @Override
    public int limit() {
        Health last = health;
        return last == null ? (int) Math.min(hello.capacity(), Integer.MAX_VALUE) : last.limit();
    }

    @Override
    public double headroom() {
        return headroom;
    }

    @Override
    public double readiness() {
        if (warm) {
            return 1.0;
        }
        long age = clock.nanos() - connectedNanos;
        if (age >= slowStartNanos) {
            warm = true;
            return 1.0;
        }
        return Math.max(MIN_READINESS, (double) age / slowStartNanos);
    }

    @Override
    public double handicap() {
        return standing.handicap();
    }

    /** How it answers, to be counted. */
    Standing standing() {
        return standing;
    }

    /** Compares how it has answered with the others of its function; called with each of its HEALTH frames. */
    synchronized void compare(Iterable<Standing> all) {
        long now = clock.nanos();
        standing.look(now);
        standing.compare(all, now);
    }

    @Override
    public long connectedMillis() {
        return (clock.nanos() - connectedNanos) / 1_000_000L;
    }

    /** True when it has connected after that moment. */
    boolean connectedSince(long nanos) {
        return connectedNanos - nanos > 0;
    }

    boolean draining() {
        return draining;
    }

    long nacks() {
        return nacks.sum();
    }

    long requests() {
        return requests.sum();
    }

    @Nullable
    Health health() {
        return health;
    }

    List<Session> sessions() {
        return List.of(sessions);
    }

    /** For people: one word of the state diagram. */
    String state() {
        if (sessions.length == 0) {
            return "lost";
        }
        if (draining) {
            return "draining";
        }
        Health last = health;
        if (pausedUntilAfter >= 0 || !healthFresh() || (last != null && last.state() != Health.State.ACCEPTING)) {
            return "paused";
        }
        return active() ? "active" : "idle";
    }

    /** For people: why it is paused; empty when it is not. */
    String pauseReason() {
        if (!healthFresh()) {
            return "health-missing";
        }
        return pausedUntilAfter >= 0 ? pauseReason : "";
    }

    @Override
    public String targetName() {
        return id;
    }

    @Override
    public @Nullable OutboundStream open(HeadWriter head, boolean endOfRequest, OutboundStream.Listener listener) {
        Session[] all = sessions;
        Session best = null;
        for (Session session : all) {
            if (session.open() && (best == null || session.streamsInFlight() < best.streamsInFlight())) {
                best = session;
            }
        }
        if (best == null) {
            return null;
        }
        inFlight.getAndIncrement();
        OutboundStream stream = best.open(head, endOfRequest, listener);
        if (stream == null) {
            inFlight.getAndDecrement();
            return null;
        }
        requests.increment();
        return stream;
    }

    @Override
    public void released() {
        if (inFlight.decrementAndGet() == 0) {
            busyNanos = clock.nanos();
        }
    }

    /** A request came back: pause until a newer HEALTH (P-5.24). The stream itself is released as every other. */
    void nacked(long healthSequence, String reason) {
        nacks.increment();
        pauseReason = reason;
        Health last = health;
        if (last == null || last.sequence() <= healthSequence) {
            pausedUntilAfter = healthSequence;
        }
    }

    /** A request came back for a reason that is not the instance's state. */
    void nackedWithoutPause() {
        nacks.increment();
    }

    /** Reader thread of one of its sessions. True when it has become available by it. */
    boolean onHealth(Health next) {
        Health last = health;
        if (last != null && next.sequence() <= last.sequence()) {
            return false;
        }
        boolean before = available();
        health = next;
        healthNanos = clock.nanos();
        foreignInFlight = Math.max(0, next.inFlight() - inFlight.get());
        headroom = smallestHeadroom(next);
        if (next.sequence() > pausedUntilAfter) {
            pausedUntilAfter = -1;
        }
        draining = next.state() == Health.State.DRAINING;
        return !before && available();
    }

    void onDrain() {
        draining = true;
    }

    /** Completes with the next report of a drain; an earlier one that is still awaited completes with it, too. */
    synchronized CompletableFuture<Drained> expectDrained() {
        CompletableFuture<Drained> expected = drained;
        if (expected == null || expected.isDone()) {
            expected = new CompletableFuture<>();
            drained = expected;
        }
        return expected;
    }

    synchronized void onDrained(Drained report) {
        if (drained != null) {
            drained.complete(report);
        }
    }

    synchronized void add(Session session) {
        Session[] all = sessions;
        Session[] more = new Session[all.length + 1];
        System.arraycopy(all, 0, more, 0, all.length);
        more[all.length] = session;
        sessions = more;
    }

    /** True when it was the last one. */
    synchronized boolean remove(Session session) {
        Session[] all = sessions;
        int kept = 0;
        Session[] rest = new Session[all.length];
        for (Session one : all) {
            if (one != session) {
                rest[kept++] = one;
            }
        }
        sessions = kept == 0 ? NO_SESSIONS : Arrays.copyOf(rest, kept);
        if (kept == 0 && drained != null) {
            drained.completeExceptionally(new IOException("the instance has gone"));
        }
        return kept == 0;
    }

    private boolean healthFresh() {
        return clock.nanos() - healthNanos < healthTimeoutNanos;
    }

    private static double smallestHeadroom(Health health) {
        int smallest = 1000;
        List<Health.Signal> signals = health.signals();
        for (int i = 0; i < signals.size(); i++) {
            Health.Signal signal = signals.get(i);
            if (signal.status() != Health.Status.UNAVAILABLE && signal.headroomThousandths() < smallest) {
                smallest = signal.headroomThousandths();
            }
        }
        return smallest / 1000.0;
    }
}
