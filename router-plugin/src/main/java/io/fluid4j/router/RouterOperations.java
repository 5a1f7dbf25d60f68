/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Drained;
import io.fluid4j.tunnel.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What the admin API does to a running router. For any thread. */
final class RouterOperations implements AdminHandler.Operations {

    private final Router router;

    RouterOperations(Router router) {
        this.router = router;
    }

    @Override
    public boolean ready() {
        return router.ready();
    }

    @Override
    public CompletableFuture<Drained> drain(Instance instance, Duration timeout) {
        CompletableFuture<Drained> report = instance.expectDrained();
        instance.onDrain();
        if (!ask(instance, new Ask(Ask.Action.DRAIN, timeout.toMillis()))) {
            report.completeExceptionally(new IOException("no tunnel to the instance"));
        }
        return report;
    }

    @Override
    public void undrain(Instance instance) {
        ask(instance, new Ask(Ask.Action.UNDRAIN, 0));
    }

    @Override
    public List<String> reload() {
        return router.reload();
    }

    private static boolean ask(Instance instance, Ask ask) {
        for (Session session : instance.sessions()) {
            if (session.open()) {
                session.ask(ask);
                return true;
            }
        }
        return false;
    }
}
