/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Tunnels that other routers have dialled to forward requests. Each request becomes an ordinary exchange of this
 * router, but for what {@link PeerRequest} says; it is never forwarded again. For any thread.
 */
final class PeerSessions implements AutoCloseable {

    private static final Logger LOG = System.getLogger(PeerSessions.class.getName());

    private final RouterContext context;
    private final String self;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

    PeerSessions(RouterContext context, String self) {
        this.context = context;
        this.self = self;
    }

    /** The listener of a session that another router has dialled. */
    Session.Listener listener(Session session) {
        return new Peer(session.peerHello().instanceId());
    }

    /** Tells the other routers that nothing more is taken. */
    void drain() {
        for (Session session : sessions) {
            session.sendDrain(Drain.everything(Drain.Reason.SHUTDOWN, 0, List.of()));
        }
    }

    /** True while requests of other routers are under way. */
    boolean busy() {
        for (Session session : sessions) {
            if (session.streamsInFlight() > 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        for (Session session : sessions) {
            session.close(ErrorCode.SHUTDOWN, "the router stops");
        }
    }

    private final class Peer implements Session.Listener {
        private final String router;

        Peer(String router) {
            this.router = router;
        }

        @Override
        public void onOpen(Session session) {
            sessions.add(session);
            LOG.log(Level.INFO, "router {0} has dialled from {1}", router, session.remoteAddress());
        }

        @Override
        public InboundStream.Listener onRequest(InboundStream stream, RequestHead head) {
            PeerRequest request;
            try {
                request = new PeerRequest(stream, head, router, self);
            } catch (IllegalArgumentException e) {
                return refuse(stream);
            }
            PeerResponse response = new PeerResponse(request, stream);
            RouterExchange exchange = new RouterExchange(context, request, response, response.completion());
            response.usage(exchange::usage);
            exchange.start();
            return request;
        }

        /** A target that this router's parser does not take is an answer, and no reason to end the session. */
        private static InboundStream.Listener refuse(InboundStream stream) {
            stream.started();
            stream.fail(ErrorCode.MALFORMED, "the target");
            stream.completed(null);
            return new InboundStream.Listener() {
                @Override
                public void onContentAvailable() {}

                @Override
                public void onCancel(ErrorCode code, @Nullable Throwable cause) {}
            };
        }

        @Override
        public void onClosed(Session session, ErrorCode code, @Nullable Throwable cause) {
            sessions.remove(session);
            LOG.log(Level.INFO, "the tunnel of router {0} has ended: {1}", router, code);
        }
    }
}
