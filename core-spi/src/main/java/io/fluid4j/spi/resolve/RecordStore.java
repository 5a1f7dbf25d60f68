/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where registrations live. Safe for any thread; no method blocks. Futures fail with {@link UnknownRouterException}, with
 * {@link IllegalArgumentException} when what was passed is not allowed, or with {@link java.io.IOException} when the
 * store cannot be reached.
 */
public interface RecordStore extends AutoCloseable {

    /**
     * Replaces everything a router holds. It counts until the time to live has passed without {@link #update}.
     *
     * @param router who registers
     * @param ttl how long it counts, {@link Registration#MIN_TTL} to {@link Registration#MAX_TTL}
     * @param holdings what it holds, one for each deployment; those with 0 tunnels are left out
     * @return the revision from which on everybody sees it
     */
    CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings);

    /**
     * Renews what a router holds, and changes some of it.
     *
     * @param router the name it has registered with
     * @param changes deployments that are new or have changed; 0 tunnels: gone. Empty: nothing has changed
     * @return the revision from which on everybody sees it. Fails with {@link UnknownRouterException} when it has to
     *     register again
     */
    CompletableFuture<Revision> update(String router, List<Holding> changes);

    /**
     * Removes everything a router holds; nothing happens when there is nothing.
     *
     * @param router the name it has registered with
     * @return the revision from which on nobody sees it
     */
    CompletableFuture<Revision> remove(String router);

    /**
     * Follows what is written, without loss and without repetition.
     *
     * @param from the last revision the watcher knows; null for everything from a relist on
     * @param watcher is called until the watch or the store is closed
     * @return ends the watch when closed; harmless twice
     */
    Watch watch(@Nullable Revision from, RecordWatcher watcher);

    /**
     * As {@link #watch(Revision, RecordWatcher)}, of one function only: the rest need not be told. A store may tell it all
     * the same, as this default does.
     *
     * @param from the last revision the watcher knows; null for everything from a relist on
     * @param function the function, or {@link Holding#ITSELF} for the routers themselves
     * @param watcher is called until the watch or the store is closed
     * @return ends the watch when closed; harmless twice
     */
    default Watch watch(@Nullable Revision from, String function, RecordWatcher watcher) {
        return watch(from, watcher);
    }

    /**
     * Asks whoever keeps this store where instances of a function should dial. Only a store that belongs to a resolver
     * elsewhere has somebody to ask.
     *
     * @param function the function
     * @param here where the instance runs
     * @param count how many routers it dials
     * @return the answer; fails with {@link UnsupportedOperationException} when there is nobody to ask, as this default does
     */
    default CompletableFuture<DialOrder> dial(String function, Locality here, int count) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException("nobody places functions here"));
    }

    /** Stops; what is registered counts until its time to live has passed. Harmless twice. */
    @Override
    void close();

    /** A watch that can be ended. */
    interface Watch extends AutoCloseable {
        /** Ends it; a call that is under way may still finish. Harmless twice. */
        @Override
        void close();
    }
}
