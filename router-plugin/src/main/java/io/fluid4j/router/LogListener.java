/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.LogLine;
import io.fluid4j.router.log.RequestLogs;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Session;

/** Brings log lines to where they are kept. For any thread. */
final class LogListener implements ExchangeListener, InstanceListener {

    private final RequestLogs logs;

    LogListener(RequestLogs logs) {
        this.logs = logs;
    }

    @Override
    public void onSent(ExchangeOutcome outcome, OutboundStream stream) {
        if (outcome.router() != null) {
            return; // Its lines go to that router.
        }
        logs.opened(stream.session(), stream.id(), outcome.facts().requestId());
    }

    @Override
    public void onLog(Session session, Instance instance, int stream, LogLine line) {
        logs.add(session, stream, instance.function(), instance.deployment(), instance.instanceId(), line);
    }

    @Override
    public void onSessionClosed(Session session) {
        logs.closed(session);
    }
}
