/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps nacks from becoming a storm: each request earns a fifth of a retry, each retry costs one. The purse begins
 * full, so that a burst which meets one overloaded instance goes elsewhere without loss.
 */
final class RetryBudget {

    /** A fifth: at most 20 % more requests reach the instances than clients sent, in the long run. */
    private static final int EARNED_PER_REQUEST = 1;

    private static final int COST_OF_RETRY = 5;
    /** In fifths; room for 2,000 retries at once. */
    private static final int MAX_BALANCE = 10_000;

    private final AtomicInteger balance = new AtomicInteger(MAX_BALANCE);

    void onRequest() {
        int now = balance.getPlain();
        if (now < MAX_BALANCE) {
            balance.getAndAdd(EARNED_PER_REQUEST);
        }
    }

    /** True when the retry may go ahead; it is paid then. */
    boolean tryRetry() {
        if (balance.addAndGet(-COST_OF_RETRY) >= 0) {
            return true;
        }
        balance.getAndAdd(COST_OF_RETRY);
        return false;
    }
}
