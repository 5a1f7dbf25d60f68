/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.fleet;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The tunnel to one other router: dialled when the first request needs it, kept while it is used, dropped when it is
 * idle. A router that cannot be reached is left alone for a while, longer each time. For any thread.
 *
 * <pre>
 *   IDLE → DIALLING → UP → IDLE      idle for too long, or ended
 *          DIALLING → DOWN           not reached: for 100 ms, doubled each time, at most 5 s
 *                     DOWN → DIALLING  by the first request after that
 * </pre>
 */
public final class PeerTunnel implements Target {

    private enum State {
        IDLE,
        DIALLING,
        UP,
        DOWN
    }

    /** Requests that may wait for one dial; more go elsewhere. */
    static final int MAX_WAITERS = 10_000;

    private static final long SHORTEST_BACK_OFF_NANOS = 100_000_000L;
    private static final long LONGEST_BACK_OFF_NANOS = 5_000_000_000L;
    /** Functions whose refusals are remembered; beyond that all are forgotten. */
    private static final int MAX_REFUSED = 10_000;

    private static final Logger LOG = System.getLogger(PeerTunnel.class.getName());

    private final PeerTunnels owner;
    private final RouterAddress router;
    private final AtomicInteger inFlight = new AtomicInteger();
    /** Until when the router is not asked for a function again, by function. */
    private final Map<String, Long> refusedUntilNanos = new ConcurrentHashMap<>();

    private final Object lock = new Object();
    private List<Runnable> waiters = new ArrayList<>(); // Guarded by lock.
    private @Nullable Dialler dialler; // Guarded by lock.
    private long backOffNanos = SHORTEST_BACK_OFF_NANOS; // Guarded by lock.
    private volatile State state = State.IDLE; // Written under lock.
    private volatile long downUntilNanos; // Written under lock.
    private volatile @Nullable Session session; // Written under lock.
    private volatile long usedNanos;

    PeerTunnel(PeerTunnels owner, RouterAddress router) {
        this.owner = owner;
        this.router = router;
        this.usedNanos = owner.nanos();
    }

    /** The router at the other end. */
    public RouterAddress router() {
        return router;
    }

    @Override
    public String targetName() {
        return "router:" + router.router();
    }

    /** Requests under way there. */
    public int inFlight() {
        return inFlight.get();
    }

    /** True when a request can be sent now. */
    public boolean ready() {
        Session now = session;
        return now != null && now.open() && !now.draining();
    }

    /** One word for people: {@code idle}, {@code dialling}, {@code up}, {@code draining} or {@code down}. */
    public String shownState() {
        Session now = session;
        if (now != null && now.draining()) {
            return "draining";
        }
        return switch (state) {
            case IDLE -> "idle";
            case DIALLING -> "dialling";
            case UP -> "up";
            case DOWN -> "down";
        };
    }

    /** True when it makes sense to send requests of a function there: it can be reached, and has not just refused one. */
    public boolean usable(String function) {
        long now = owner.nanos();
        if (state == State.DOWN && now - downUntilNanos < 0) {
            return false;
        }
        Session current = session;
        if (current != null && current.draining()) {
            return false;
        }
        Long until = refusedUntilNanos.isEmpty() ? null : refusedUntilNanos.get(function);
        if (until == null) {
            return true;
        }
        if (now - until < 0) {
            return false;
        }
        refusedUntilNanos.remove(function, until);
        return true;
    }

    /** The router has refused a request: others of that function go elsewhere for a while. */
    public void refused(String function, long forMillis) {
        if (refusedUntilNanos.size() >= MAX_REFUSED) {
            refusedUntilNanos.clear();
        }
        refusedUntilNanos.put(function, owner.nanos() + Math.max(1, forMillis) * 1_000_000L);
    }

    /**
     * Dials unless the tunnel stands, and tells when that has come to an end, well or badly.
     *
     * @param settled called once, by any thread, never by this one; must not block
     * @return false when there is nothing to wait for: it stands, or cannot be dialled now
     */
    public boolean await(Runnable settled) {
        synchronized (lock) {
            if (state == State.UP
                    || (state == State.DOWN && owner.nanos() - downUntilNanos < 0)
                    || waiters.size() >= MAX_WAITERS) {
                return false;
            }
            if (state == State.DIALLING) {
                waiters.add(settled);
                return true;
            }
        }
        // Room is made by closing others, whose locks must not be taken inside this one.
        if (!owner.room(this)) {
            return false;
        }
        Dialler made;
        synchronized (lock) {
            if (state == State.UP) {
                return false;
            }
            waiters.add(settled);
            if (state == State.DIALLING) {
                return true;
            }
            usedNanos = owner.nanos();
            try {
                made = owner.dialler(router, this::listener, this::onFailure);
            } catch (IllegalArgumentException e) {
                LOG.log(Level.WARNING, "router {0} cannot be dialled: {1}", router.router(), e.getMessage());
                waiters.remove(settled);
                down();
                return false;
            }
            state = State.DIALLING;
            dialler = made;
        }
        made.start();
        return true;
    }

    @Override
    public @Nullable OutboundStream open(HeadWriter head, boolean endOfRequest, OutboundStream.Listener listener) {
        // Counted before the session is read, so that one that is being dropped for idleness is seen or not taken.
        inFlight.getAndIncrement();
        usedNanos = owner.nanos();
        Session now = session;
        OutboundStream stream = now == null ? null : now.open(head, endOfRequest, listener);
        if (stream == null) {
            inFlight.getAndDecrement();
        }
        return stream;
    }

    @Override
    public void released() {
        usedNanos = owner.nanos();
        inFlight.getAndDecrement();
    }

    /** True while there is, or is about to be, a connection. */
    boolean connected() {
        State now = state;
        return now == State.UP || now == State.DIALLING;
    }

    long usedNanos() {
        return usedNanos;
    }

    /**
     * Closes the tunnel when nobody uses it.
     *
     * @param idleNanos for so long
     * @return true when there is no connection now
     */
    boolean dropIdle(long idleNanos) {
        Session idle;
        Dialler dialled;
        synchronized (lock) {
            if (state == State.DIALLING) {
                return false;
            }
            if (state != State.UP) {
                return true;
            }
            idle = session;
            if (inFlight.get() > 0 || owner.nanos() - usedNanos < idleNanos) {
                return false;
            }
            session = null;
            if (inFlight.get() > 0) {
                session = idle;
                return false;
            }
            dialled = dialler;
            dialler = null;
            state = State.IDLE;
        }
        if (dialled != null) {
            dialled.stop();
        }
        if (idle != null) {
            idle.close(ErrorCode.NONE, "idle");
        }
        return true;
    }

    /** Closes, whatever is under way. */
    void close() {
        Dialler dialled;
        synchronized (lock) {
            dialled = dialler;
            dialler = null;
            session = null;
            state = State.DOWN;
            downUntilNanos = Long.MAX_VALUE / 2 + owner.nanos();
        }
        if (dialled != null) {
            dialled.close();
        }
        settle();
    }

    private Session.Listener listener(Session made) {
        return new Session.Listener() {
            @Override
            public void onOpen(Session open) {
                synchronized (lock) {
                    if (state != State.DIALLING) {
                        return;
                    }
                    state = State.UP;
                    session = open;
                    backOffNanos = SHORTEST_BACK_OFF_NANOS;
                }
                settle();
            }

            @Override
            public void onDrain(Session from, Drain drain) {
                LOG.log(Level.INFO, "router {0} drains", router.router());
            }

            @Override
            public void onClosed(Session ended, ErrorCode code, @Nullable Throwable cause) {
                synchronized (lock) {
                    if (session == ended) {
                        session = null;
                    }
                }
            }
        };
    }

    /** An attempt has failed, or the session has ended: the next request decides whether it is dialled again. */
    private void onFailure(Dialler of, Throwable cause) {
        of.stop();
        boolean wasUp;
        synchronized (lock) {
            if (dialler != of) {
                return;
            }
            dialler = null;
            session = null;
            wasUp = state == State.UP;
            if (wasUp) {
                state = State.IDLE;
            } else {
                down();
            }
        }
        LOG.log(
                Level.INFO,
                wasUp ? "the tunnel to router {0} has ended: {1}" : "router {0} cannot be reached: {1}",
                router.router(),
                cause);
        settle();
    }

    /** Holds the lock. */
    private void down() {
        state = State.DOWN;
        downUntilNanos = owner.nanos() + backOffNanos;
        backOffNanos = Math.min(LONGEST_BACK_OFF_NANOS, backOffNanos * 2);
    }

    private void settle() {
        List<Runnable> told;
        synchronized (lock) {
            told = waiters;
            waiters = new ArrayList<>();
        }
        told.forEach(Runnable::run);
    }
}
