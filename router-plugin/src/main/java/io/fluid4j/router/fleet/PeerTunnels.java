/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.fleet;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.Hello;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.TunnelTransport;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/** The tunnels to other routers: one for each, at most so many at once. For any thread. */
public final class PeerTunnels implements AutoCloseable {

    /**
     * How tunnels are made and kept.
     *
     * @param transport runs the sockets
     * @param selectors those of the clients: then what passes through is read and written by one thread
     * @param secret what routers prove to each other
     * @param tls for addresses with {@code tls://}; null: none can be dialled
     * @param hello who dials
     * @param connectTimeout how long a request waits for a connection before it goes elsewhere
     * @param idleTimeout an unused tunnel is closed after so long
     * @param most connections at once
     */
    public record Terms(
            TunnelTransport transport,
            SelectorManager selectors,
            Secret secret,
            SslContextFactory.@Nullable Client tls,
            Supplier<Hello.Builder> hello,
            Duration connectTimeout,
            Duration idleTimeout,
            int most) {}

    private final Terms terms;
    private final LongSupplier nanos;
    private final Map<String, PeerTunnel> byRouter = new ConcurrentHashMap<>();

    /** No tunnel yet. */
    public PeerTunnels(Terms terms, LongSupplier nanos) {
        this.terms = requireNonNull(terms, "terms");
        this.nanos = requireNonNull(nanos, "nanos");
    }

    /** The tunnel to a router, dialled or not. One that has moved gets a new one. */
    public PeerTunnel to(RouterAddress router) {
        PeerTunnel known = byRouter.get(router.router());
        if (known != null && known.router().tunnel().equals(router.tunnel())) {
            return known;
        }
        PeerTunnel[] moved = new PeerTunnel[1];
        PeerTunnel now = byRouter.compute(router.router(), (id, old) -> {
            if (old != null && old.router().tunnel().equals(router.tunnel())) {
                return old;
            }
            moved[0] = old;
            return new PeerTunnel(this, router);
        });
        if (moved[0] != null) {
            moved[0].close();
        }
        return now;
    }

    /** The tunnel to a router if anybody has asked for it lately. */
    @Nullable
    PeerTunnel known(String router) {
        return byRouter.get(router);
    }

    /** Connections to other routers now. */
    public int connected() {
        int count = 0;
        for (PeerTunnel tunnel : byRouter.values()) {
            count += tunnel.connected() ? 1 : 0;
        }
        return count;
    }

    /** Closes what nobody has used lately. To be called now and then, by one thread. */
    public void dropIdle() {
        long idle = terms.idleTimeout.toNanos();
        long now = nanos.getAsLong();
        for (PeerTunnel tunnel : List.copyOf(byRouter.values())) {
            if (now - tunnel.usedNanos() >= idle && tunnel.dropIdle(idle)) {
                byRouter.remove(tunnel.router().router(), tunnel);
            }
        }
    }

    /** Closes all, whatever is under way. */
    @Override
    public void close() {
        byRouter.values().forEach(PeerTunnel::close);
        byRouter.clear();
    }

    long nanos() {
        return nanos.getAsLong();
    }

    /** True when one more may be dialled; an unused one is closed for it if need be, the longest unused first. */
    boolean room(PeerTunnel dialling) {
        if (connected() < terms.most) {
            return true;
        }
        PeerTunnel longest = null;
        for (PeerTunnel tunnel : byRouter.values()) {
            if (tunnel != dialling
                    && tunnel.connected()
                    && tunnel.inFlight() == 0
                    && (longest == null || tunnel.usedNanos() - longest.usedNanos() < 0)) {
                longest = tunnel;
            }
        }
        return longest != null && longest.dropIdle(0);
    }

    /** A dialler for one attempt, not started. */
    Dialler dialler(
            RouterAddress router,
            Function<Session, Session.Listener> listener,
            BiConsumer<Dialler, Throwable> onFailure) {
        AtomicReference<Dialler> self = new AtomicReference<>();
        Dialler made = Dialler.builder()
                .transport(terms.transport)
                .selectors(terms.selectors)
                .router(URI.create(router.tunnel()))
                .hello(terms.hello)
                .secret(terms.secret)
                .tls(terms.tls)
                .connectTimeout(terms.connectTimeout)
                .listener(listener)
                .onFailure(cause -> onFailure.accept(requireNonNull(self.get()), cause))
                .build();
        self.set(made);
        return made;
    }
}
