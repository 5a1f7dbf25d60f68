/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A watcher that keeps the picture and everything it was told, for tests to await and to look at. For any thread. */
public final class RecordTrace implements RecordWatcher {

    private final Map<String, Registration> picture = new TreeMap<>();
    private final List<RecordChange> changes = new ArrayList<>();
    private Revision revision = Revision.NONE;
    private int relists;
    private int losses;
    private int outOfOrder;
    private boolean lost;

    /** A watcher that was told nothing yet. */
    public RecordTrace() {}

    @Override
    public synchronized void onRelist(Revision next, Duration storeAge, List<Registration> all) {
        picture.clear();
        for (Registration registration : all) {
            picture.put(key(registration.function(), registration.router().router()), registration);
        }
        revision = next;
        relists++;
        lost = false;
        notifyAll();
    }

    @Override
    public synchronized void onChange(Revision next, List<RecordChange> made) {
        if (!made.isEmpty() && !revision.equals(Revision.NONE) && !next.isAfter(revision)) {
            outOfOrder++;
        }
        for (RecordChange change : made) {
            Registration registration = change.registration();
            if (registration == null) {
                picture.remove(key(change.function(), change.router()));
            } else {
                picture.put(key(change.function(), change.router()), registration);
            }
        }
        changes.addAll(made);
        revision = next;
        lost = false;
        notifyAll();
    }

    @Override
    public synchronized void onLost(String reason) {
        lost = true;
        losses++;
        notifyAll();
    }

    /**
     * Waits until something is so.
     *
     * @param what for the message when it never is
     * @param condition looked at after every call, and every 50 ms
     */
    public synchronized void await(String what, Predicate<RecordTrace> condition) throws InterruptedException {
        long end = System.nanoTime() + RecordStoreContract.DEADLINE.toNanos();
        while (!condition.test(this)) {
            if (end - System.nanoTime() < 0) {
                throw new AssertionError("waited in vain for " + what + ": " + keys() + " at " + revision + ", "
                        + relists + " relists, " + changes.size() + " changes" + (lost ? ", lost" : ""));
            }
            TimeUnit.NANOSECONDS.timedWait(this, TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    /** {@code FUNCTION/ROUTER} of everything there is, sorted. */
    public synchronized List<String> keys() {
        return List.copyOf(picture.keySet());
    }

    /** Everything there is, without the revisions at which it was written. */
    public synchronized Map<String, String> picture() {
        Map<String, String> plain = new TreeMap<>();
        picture.forEach((key, registration) ->
                plain.put(key, registration.router() + " " + registration.deployments() + " " + registration.ttl()));
        return plain;
    }

    /** Whether there is a registration. */
    public synchronized boolean has(String function, String router) {
        return picture.containsKey(key(function, router));
    }

    /** A registration that must be there. */
    public synchronized Registration find(String function, String router) {
        @Nullable Registration registration = picture.get(key(function, router));
        if (registration == null) {
            throw new AssertionError("no " + key(function, router) + " in " + keys());
        }
        return registration;
    }

    /** Every change in the order it was told; relists are no changes. */
    public synchronized List<RecordChange> changes() {
        return List.copyOf(changes);
    }

    /** The revision told last. */
    public synchronized Revision revision() {
        return revision;
    }

    /** How often everything was told anew. */
    public synchronized int relists() {
        return relists;
    }

    /** How often the store was lost. */
    public synchronized int losses() {
        return losses;
    }

    /** Whether the store is lost now. */
    public synchronized boolean lost() {
        return lost;
    }

    /** Changes whose revision was not after the one before. */
    public synchronized int outOfOrder() {
        return outOfOrder;
    }

    private static String key(String function, String router) {
        return function + "/" + router;
    }
}
