/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.Session;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Takes what comes from the routers. One for all sessions; its methods run on their reader threads (C-1) and never block. */
final class InboundRequests implements Session.Listener {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");
    private static final int NOT_IMPLEMENTED = 501;

    /** What else happens on sessions. */
    interface Sessions {
        void opened(Session session);

        void closed(Session session, ErrorCode code, @Nullable Throwable cause);

        void asked(Session session, Ask ask);

        void routerDrains(Session session, Drain drain);
    }

    private final Accounts accounts;
    private final ContextPaths paths;
    private final ExchangeHandler handler;
    private final ExchangeRunner runner;
    private final Sessions sessions;

    InboundRequests(
            Accounts accounts, ContextPaths paths, ExchangeHandler handler, ExchangeRunner runner, Sessions sessions) {
        this.accounts = accounts;
        this.paths = paths;
        this.handler = handler;
        this.runner = runner;
        this.sessions = sessions;
    }

    @Override
    public InboundStream.@Nullable Listener onRequest(InboundStream stream, RequestHead head) {
        AdmissionController admission = accounts.admission();
        if (paths.refuses(head)) {
            Nack elsewhere =
                    Nack.of(NackReason.NOT_DEPLOYED, 0, admission.verdict().healthSequence());
            stream.tryNack(admission.count(elsewhere));
            return null;
        }
        Nack refusal = admission.tryAdmit();
        if (refusal != null) {
            stream.tryNack(refusal);
            admission.look(accounts.nanoTime());
            return null;
        }
        RequestScope scope = new RequestScope(accounts, stream, head, accounts.nanoTime());
        accounts.began(scope);
        if (head.upgrade() != null) {
            refuseUpgrade(stream, scope);
            return scope;
        }
        try {
            scope.exchange(handler.accept(stream, head, scope));
        } catch (RuntimeException | Error failure) {
            LOG.log(WARNING, () -> "request " + head.requestId() + " was not taken by the container", failure);
            accounts.failed(failure);
            scope.abandon(admission.count(Nack.of(
                    NackReason.FAILING,
                    AdmissionController.DEFAULT_RETRY_AFTER_MILLIS,
                    admission.verdict().healthSequence())));
            return null;
        }
        runner.offer(scope);
        return scope;
    }

    /** P-5.12: upgrades are not known yet. */
    private static void refuseUpgrade(InboundStream stream, RequestScope scope) {
        if (stream.started()) {
            stream.send(new HeadWriter().response(NOT_IMPLEMENTED, 0), null, true, null, Callback.NOOP);
        }
        scope.completed(null);
    }

    @Override
    public void onBatchEnd(Session session) {
        runner.handOver();
    }

    @Override
    public void onOpen(Session session) {
        sessions.opened(session);
    }

    @Override
    public void onAsk(Session session, Ask ask) {
        sessions.asked(session, ask);
    }

    @Override
    public void onDrain(Session session, Drain drain) {
        sessions.routerDrains(session, drain);
    }

    @Override
    public void onClosed(Session session, ErrorCode code, @Nullable Throwable cause) {
        sessions.closed(session, code, cause);
    }
}
