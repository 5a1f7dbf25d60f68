/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The exchanges that are under way, in linked lists of their own fields: to add and to remove one costs no memory, and
 * one sweep looks after all their deadlines, instead of a timer for each. For any thread; the locks are held for the
 * few instructions of a list operation.
 */
final class LiveExchanges {

    private static final int STRIPES = 8;

    private static final class Stripe {
        private @Nullable RouterExchange head;
    }

    private final Stripe[] stripes = new Stripe[STRIPES];
    private final AtomicInteger size = new AtomicInteger();

    LiveExchanges() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
    }

    int size() {
        return size.get();
    }

    void add(RouterExchange exchange) {
        Stripe stripe = stripe(exchange);
        synchronized (stripe) {
            RouterExchange head = stripe.head;
            exchange.nextLive = head;
            if (head != null) {
                head.previousLive = exchange;
            }
            stripe.head = exchange;
        }
        size.getAndIncrement();
    }

    void remove(RouterExchange exchange) {
        Stripe stripe = stripe(exchange);
        synchronized (stripe) {
            RouterExchange next = exchange.nextLive;
            RouterExchange previous = exchange.previousLive;
            if (previous != null) {
                previous.nextLive = next;
            } else if (stripe.head == exchange) {
                stripe.head = next;
            } else {
                return;
            }
            if (next != null) {
                next.previousLive = previous;
            }
            exchange.nextLive = null;
            exchange.previousLive = null;
        }
        size.getAndDecrement();
    }

    /** Those under way now, in no special order. */
    List<RouterExchange> snapshot() {
        List<RouterExchange> all = new ArrayList<>(size.get());
        for (Stripe stripe : stripes) {
            synchronized (stripe) {
                for (RouterExchange one = stripe.head; one != null; one = one.nextLive) {
                    all.add(one);
                }
            }
        }
        return all;
    }

    /** Those that have something due at this time. */
    List<RouterExchange> due(long nowNanos) {
        List<RouterExchange> due = new ArrayList<>();
        for (Stripe stripe : stripes) {
            synchronized (stripe) {
                for (RouterExchange one = stripe.head; one != null; one = one.nextLive) {
                    if (one.due(nowNanos)) {
                        due.add(one);
                    }
                }
            }
        }
        return due;
    }

    private Stripe stripe(RouterExchange exchange) {
        return stripes[exchange.stripe & (STRIPES - 1)];
    }
}
