/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** The first stages of a request, in their order: guard, facts, hop limit, route. Stateless. */
final class Intake {

    private Intake() {}

    /**
     * Fills in what an exchange has to know before an instance can be picked.
     *
     * @return why the request goes nowhere; null when it has its function
     */
    static @Nullable Rejection check(RouterContext context, Request request, ExchangeOutcome outcome) {
        // The router that has forwarded it has checked it.
        Rejection rejection =
                request instanceof PeerRequest ? null : context.guard().check(request);
        if (rejection != null) {
            return rejection;
        }
        if (request.getLength() > context.limits().maxBodyBytes()) {
            return Rejection.BODY_TOO_LARGE;
        }
        Object collected = RequestFacts.collect(request, context.proxies());
        if (collected instanceof Rejection refused) {
            return refused;
        }
        RequestFacts facts = (RequestFacts) collected;
        outcome.guarded(facts);
        if (facts.timesHere() >= context.limits().maxHops()) {
            return Rejection.LOOP;
        }
        if (request instanceof PeerRequest peer && peer.hopsTooOften()) {
            return Rejection.LOOP;
        }
        if (request instanceof PeerRequest peer && peer.ownRequest()) {
            return Rejection.NO_INSTANCE;
        }
        RouteTable.Route to = route(context, request, facts);
        if (to == null) {
            return context.instances().isEmpty() && context.routes().isEmpty()
                    ? Rejection.NO_INSTANCE
                    : Rejection.NOT_FOUND;
        }
        outcome.routed(to, context.instances().group(to.function()));
        return null;
    }

    private static RouteTable.@Nullable Route route(RouterContext context, Request request, RequestFacts facts) {
        if (request instanceof PeerRequest peer) {
            String function = peer.head().routedFunction();
            String name = peer.head().routedBy();
            if (function != null && name != null) {
                return context.routes().named(name, function);
            }
        }
        return context.route(Guard.host(facts.authority()), facts.path());
    }
}
