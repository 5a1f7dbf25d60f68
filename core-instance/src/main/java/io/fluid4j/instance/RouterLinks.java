/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * One dial loop per router, and the sessions they gave. A router that is not wanted any more is left make-before-break: it
 * is told first (DRAIN), and its session is closed when nothing runs there any more. Thread-safe.
 */
final class RouterLinks implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    /** A link without a session counts as down after this time when a dial has failed, or the session was lost. */
    private static final long FAILED_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** And after this time when nothing was heard at all. */
    private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(3);
    /** What was down is thought of as down for so long when it is not dialled. */
    private static final long DOWN_NANOS = TimeUnit.SECONDS.toNanos(15);
    /** What a router has sent before it knew that the instance goes arrives within this time. */
    private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * How routers are dialled. Immutable.
     *
     * @param secret shared secret, or null to show the certificate
     * @param tls for {@code tls://} routers; asked for only when there is one
     * @param redialMin shortest wait before dialling again
     * @param redialMax longest wait
     */
    record Terms(
            @Nullable Secret secret, Supplier<SslContextFactory.Client> tls, Duration redialMin, Duration redialMax) {}

    /** A router that is dialled. */
    private static final class Link {
        final Dialler dialler;
        /** When it was made, or seen live for the last time. */
        long upNanos;

        Link(Dialler dialler, long nowNanos) {
            this.dialler = dialler;
            this.upNanos = nowNanos;
        }

        @Nullable
        Session live() {
            Session session = dialler.session().orElse(null);
            return session != null && session.open() ? session : null;
        }

        /** Live, and the router has not said that it goes away. */
        boolean staying() {
            Session session = live();
            return session != null && !session.draining();
        }
    }

    /** A router that the instance leaves; null time: the router itself goes away, and closes. */
    private record Leaving(
            URI router, Session session, @Nullable Long sinceNanos) {}

    private final TunnelTransport transport;
    private final Terms terms;
    private final Supplier<Hello.Builder> hello;
    private final Session.Listener listener;
    private final LongSupplier nanos;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    /** Those that were told that the instance goes: HEALTH would take that back (P-8.4). */
    private final Set<Session> left = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private final Map<URI, Link> links = new LinkedHashMap<>();
    private final List<Leaving> leaving = new ArrayList<>();
    private final Map<URI, Long> downUntilNanos = new LinkedHashMap<>();
    private final Set<URI> refused = new HashSet<>();
    private long reconnectsOfGone;
    private boolean closed;

    RouterLinks(
            TunnelTransport transport,
            Terms terms,
            Supplier<Hello.Builder> hello,
            Session.Listener listener,
            LongSupplier nanos) {
        this.transport = transport;
        this.terms = terms;
        this.hello = hello;
        this.listener = listener;
        this.nanos = nanos;
    }

    /**
     * Dials a router until it is not wanted any more, unless it is dialled already.
     *
     * @throws IllegalArgumentException when the address cannot be dialled
     */
    synchronized void dial(URI router) {
        if (closed || links.containsKey(router)) {
            return;
        }
        Dialler dialler = Dialler.builder()
                .transport(transport)
                .router(router)
                .hello(hello)
                .secret(terms.secret)
                .tls("tls".equals(router.getScheme()) ? terms.tls.get() : null)
                .backOff(terms.redialMin, terms.redialMax)
                .listener(session -> listener)
                .build();
        links.put(router, new Link(dialler, nanos.getAsLong()));
        dialler.start();
        LOG.log(DEBUG, "dialling {0}", router);
    }

    /**
     * Dials these routers, and leaves the others as soon as enough of these are live. One that cannot be dialled is said
     * once, and counts as unusable.
     *
     * @param wanted the routers
     * @param enough how many of them must be live before a tunnel to another one is given up
     */
    void want(Collection<URI> wanted, int enough) {
        List<Dialler> stopping = new ArrayList<>();
        List<Dialler> closing = new ArrayList<>();
        List<Session> leave = new ArrayList<>();
        synchronized (this) {
            for (URI router : wanted) {
                dialOrRefuse(router);
            }
            int standing = 0;
            for (Map.Entry<URI, Link> entry : links.entrySet()) {
                if (wanted.contains(entry.getKey()) && entry.getValue().staying()) {
                    standing++;
                }
            }
            Iterator<Map.Entry<URI, Link>> all = links.entrySet().iterator();
            while (all.hasNext()) {
                Map.Entry<URI, Link> entry = all.next();
                Link link = entry.getValue();
                Session session = link.live();
                boolean goes = session != null && session.draining();
                if (wanted.contains(entry.getKey()) || (session != null && !goes && standing < enough)) {
                    continue;
                }
                all.remove();
                reconnectsOfGone += link.dialler.reconnects();
                if (session == null) {
                    closing.add(link.dialler);
                    continue;
                }
                stopping.add(link.dialler);
                leaving.add(new Leaving(entry.getKey(), session, goes ? null : (Long) nanos.getAsLong()));
                if (!goes) {
                    left.add(session);
                    leave.add(session);
                }
            }
        }
        stopping.forEach(Dialler::stop);
        closing.forEach(Dialler::close);
        for (Session session : leave) {
            LOG.log(INFO, "leaving {0}: other routers are dialled now", session);
            session.sendDrain(Drain.everything(Drain.Reason.MOVED, 0, List.of()));
        }
    }

    private void dialOrRefuse(URI router) {
        if (refused.contains(router) || leaving.stream().anyMatch(one -> one.router.equals(router))) {
            return;
        }
        try {
            dial(router);
        } catch (IllegalArgumentException e) {
            refused.add(router);
            LOG.log(WARNING, "a router that was named cannot be dialled: {0}", e.getMessage());
        }
    }

    /** Closes the tunnels that were left and on which nothing runs any more; notes who is down. Call it often. */
    void look() {
        List<Session> idle = new ArrayList<>();
        synchronized (this) {
            long now = nanos.getAsLong();
            leaving.removeIf(one -> !one.session.open());
            for (Leaving one : leaving) {
                Long since = one.sinceNanos;
                if (since != null && now - since >= LEAVE_NANOS && one.session.streamsInFlight() == 0) {
                    idle.add(one.session);
                }
            }
            downUntilNanos.values().removeIf(until -> now - until >= 0);
            links.forEach((router, link) -> {
                if (link.live() != null) {
                    link.upNanos = now;
                    downUntilNanos.remove(router);
                } else if (now - link.upNanos >= (link.dialler.lastFailure() == null ? SILENT_NANOS : FAILED_NANOS)) {
                    downUntilNanos.put(router, now + DOWN_NANOS);
                }
            });
        }
        for (Session session : idle) {
            session.close(ErrorCode.NONE, "served by other routers");
        }
    }

    /** Routers that are of no use now: they are down, go away, are just being left, or cannot be dialled. */
    synchronized Set<URI> unusable() {
        Set<URI> unusable = new HashSet<>(refused);
        unusable.addAll(downUntilNanos.keySet());
        leaving.forEach(one -> unusable.add(one.router));
        unusable.addAll(goingAway());
        return unusable;
    }

    /** Routers that have said that they go away. */
    synchronized Set<URI> goingAway() {
        Set<URI> going = new HashSet<>();
        links.forEach((router, link) -> {
            Session session = link.live();
            if (session != null && session.draining()) {
                going.add(router);
            }
        });
        for (Leaving one : leaving) {
            if (one.sinceNanos == null) {
                going.add(one.router);
            }
        }
        return going;
    }

    /** How many of these routers have a tunnel that stays. */
    synchronized int staying(Collection<URI> routers) {
        int staying = 0;
        for (Map.Entry<URI, Link> entry : links.entrySet()) {
            if (routers.contains(entry.getKey()) && entry.getValue().staying()) {
                staying++;
            }
        }
        return staying;
    }

    void opened(Session session) {
        sessions.add(session);
        LOG.log(INFO, "tunnel to {0} is up (session {1})", session.remoteAddress(), session.id());
    }

    void lost(Session session, ErrorCode code, @Nullable Throwable cause) {
        left.remove(session);
        if (sessions.remove(session)) {
            LOG.log(
                    code == ErrorCode.NONE || code == ErrorCode.SHUTDOWN ? INFO : WARNING,
                    () -> "tunnel to " + session.remoteAddress() + " is down (session " + session.id() + ", " + code
                            + (sessions.isEmpty() ? "); no tunnel is left" : ")"),
                    cause);
        }
    }

    /** Sessions whose handshake is done. */
    Set<Session> sessions() {
        return sessions;
    }

    /** Whether its router was told that the instance goes. */
    boolean leaving(Session session) {
        return left.contains(session);
    }

    synchronized int dialled() {
        return links.size();
    }

    synchronized long reconnects() {
        return reconnectsOfGone
                + links.values().stream()
                        .mapToLong(link -> link.dialler.reconnects())
                        .sum();
    }

    /** Dials no more, and closes every session. */
    @Override
    public void close() {
        List<Dialler> all;
        synchronized (this) {
            closed = true;
            all = links.values().stream().map(link -> link.dialler).toList();
            links.clear();
            leaving.clear();
        }
        all.forEach(Dialler::close);
        for (Session session : sessions) {
            session.close(ErrorCode.SHUTDOWN, "");
        }
    }
}
