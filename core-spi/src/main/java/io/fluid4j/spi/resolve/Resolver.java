/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers which routers hold live tunnels to a function, from memory. Safe for any thread. A look-up takes no lock,
 * allocates nothing and never leaves the process.
 */
public interface Resolver extends AutoCloseable {

    /**
     * Looks a function up.
     *
     * @param function its name
     * @return the routers that hold it; null when none does
     */
    @Nullable
    Resolution lookup(String function);

    /**
     * Every function that some router holds.
     *
     * @return a view that follows changes, weakly consistent
     */
    Collection<Resolution> all();

    /**
     * Every router that has registered itself ({@link Holding#ITSELF}), whatever it holds. Its registration has a capacity
     * of 0 while the router goes away.
     *
     * @return an immutable list, nearest tier first
     */
    default List<Resolution.Route> routers() {
        return List.of();
    }

    /** The last revision this resolver has seen; {@link Revision#NONE} before it has seen anything. */
    Revision revision();

    /** True while the store cannot be reached: answers may be out of date, and nothing expires. */
    boolean stale();

    /**
     * Follows what this resolver answers.
     *
     * @param listener is told everything there is, then every change
     */
    void watch(Listener listener);

    /** Stops following the store; look-ups go on with what is known. Harmless twice. */
    @Override
    void close();

    /** Told when the answer for a function changes. Called by one thread at a time; must not block. */
    interface Listener {
        /**
         * The answer has changed.
         *
         * @param function the function
         * @param resolution the answer from now on; null when nobody holds it any more
         */
        void onChange(String function, @Nullable Resolution resolution);

        /**
         * Routers have come, changed or gone. Does nothing unless it is overridden.
         *
         * @param routers what {@link Resolver#routers()} says from now on
         */
        default void onRouters(List<Resolution.Route> routers) {}
    }
}
