/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Hello;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/** One dial loop per router, and the sessions they gave. Thread-safe. */
final class RouterLinks implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

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

    private final TunnelTransport transport;
    private final Terms terms;
    private final Supplier<Hello.Builder> hello;
    private final Session.Listener listener;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private final Map<URI, Dialler> diallers = new LinkedHashMap<>();
    private boolean closed;

    RouterLinks(TunnelTransport transport, Terms terms, Supplier<Hello.Builder> hello, Session.Listener listener) {
        this.transport = transport;
        this.terms = terms;
        this.hello = hello;
        this.listener = listener;
    }

    /** Dials a router for life, unless it is dialled already. */
    synchronized void dial(URI router) {
        if (closed || diallers.containsKey(router)) {
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
        diallers.put(router, dialler);
        dialler.start();
        LOG.log(DEBUG, "dialling {0}", router);
    }

    /** Dials no more those that are not among the given ones; their sessions stay until they end. */
    void retain(Collection<URI> routers) {
        List<Dialler> gone;
        synchronized (this) {
            gone = diallers.entrySet().stream()
                    .filter(entry -> !routers.contains(entry.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
            diallers.keySet().retainAll(routers);
        }
        gone.forEach(Dialler::stop);
    }

    void opened(Session session) {
        sessions.add(session);
        LOG.log(INFO, "tunnel to {0} is up (session {1})", session.remoteAddress(), session.id());
    }

    void lost(Session session, ErrorCode code, @Nullable Throwable cause) {
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

    synchronized int dialled() {
        return diallers.size();
    }

    synchronized long reconnects() {
        return diallers.values().stream().mapToLong(Dialler::reconnects).sum();
    }

    /** Dials no more, and closes every session. */
    @Override
    public void close() {
        List<Dialler> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(diallers.values());
            diallers.clear();
        }
        all.forEach(Dialler::close);
        for (Session session : sessions) {
            session.close(ErrorCode.SHUTDOWN, "");
        }
    }
}
