/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.tunnel.OutboundStream;
import org.jspecify.annotations.Nullable;

/**
 * Hears what becomes of requests: the one place where metrics, access log, accounts and explanations take their facts
 * from. Called on selector threads, inside the exchange: it must not block, should make no garbage, and must not
 * throw. Calls for one exchange come one after another, for different exchanges at the same time.
 */
public interface ExchangeListener {

    /** Hears nothing. */
    ExchangeListener NONE = new ExchangeListener() {};

    /**
     * A request has reached the router's handler; nothing is known but the request itself.
     *
     * @param outcome not ended yet
     */
    default void onBegin(ExchangeOutcome outcome) {}

    /**
     * A request was handed to an instance; again when it goes elsewhere after a nack.
     *
     * @param outcome not ended yet
     * @param stream its stream there
     */
    default void onSent(ExchangeOutcome outcome, OutboundStream stream) {}

    /**
     * A request is about to be handed to another router, since no instance here can serve it.
     *
     * @param outcome not ended yet
     * @param fleet knows why that one
     */
    default void onForwarded(ExchangeOutcome outcome, Fleet fleet) {}

    /**
     * An instance, or another router, has turned the request down.
     *
     * @param outcome not ended yet
     * @param refusal who, and why
     */
    default void onRefused(ExchangeOutcome outcome, ExchangeOutcome.Refusal refusal) {}

    /**
     * A request has ended for its client, well or badly. Comes exactly once for every request that has reached the
     * router's handler, after everything but late usage is known. Keep what is needed, not the outcome itself: it holds
     * the connection's request.
     *
     * @param outcome complete but for usage that is still to come
     */
    default void onEnd(ExchangeOutcome outcome) {}

    /**
     * The instance has said what the request has used so far: while a long stream runs, with its end, and once more when
     * work went on behind the end, which is after {@link #onEnd} then. Values are sums (PROTOCOL.md P-5.22): what is new
     * is the difference to the one before.
     *
     * @param outcome of the exchange, possibly not ended yet
     * @param total what it has used since it was handed to the instance
     * @param before what was told the last time; null the first time
     */
    default void onUsage(ExchangeOutcome outcome, Usage total, @Nullable Usage before) {}

    /**
     * One after the other, as one.
     *
     * @param listeners in the order in which they hear
     */
    static ExchangeListener all(ExchangeListener... listeners) {
        ExchangeListener[] them = listeners.clone();
        return new ExchangeListener() {
            @Override
            public void onBegin(ExchangeOutcome outcome) {
                for (ExchangeListener one : them) {
                    one.onBegin(outcome);
                }
            }

            @Override
            public void onRefused(ExchangeOutcome outcome, ExchangeOutcome.Refusal refusal) {
                for (ExchangeListener one : them) {
                    one.onRefused(outcome, refusal);
                }
            }

            @Override
            public void onSent(ExchangeOutcome outcome, OutboundStream stream) {
                for (ExchangeListener one : them) {
                    one.onSent(outcome, stream);
                }
            }

            @Override
            public void onForwarded(ExchangeOutcome outcome, Fleet fleet) {
                for (ExchangeListener one : them) {
                    one.onForwarded(outcome, fleet);
                }
            }

            @Override
            public void onEnd(ExchangeOutcome outcome) {
                for (ExchangeListener one : them) {
                    one.onEnd(outcome);
                }
            }

            @Override
            public void onUsage(ExchangeOutcome outcome, Usage total, @Nullable Usage before) {
                for (ExchangeListener one : them) {
                    one.onUsage(outcome, total, before);
                }
            }
        };
    }
}
