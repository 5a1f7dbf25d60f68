/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.time.Duration;
import java.util.List;

/**
 * Follows a {@link RecordStore}. Called by one thread at a time, in the order of the revisions; must not block. What it
 * throws ends the watch.
 */
public interface RecordWatcher {

    /**
     * Everything there is: at the beginning when no revision was named, and whenever the changes since the last call
     * cannot be told (history compacted, another epoch).
     *
     * @param revision the revision at which this was all
     * @param storeAge how long that store has had this history. A store younger than the time to live of a record has
     *     not yet heard from everybody: what it lacks is no proof that it has gone
     * @param all every registration
     */
    void onRelist(Revision revision, Duration storeAge, List<Registration> all);

    /**
     * What has changed since the last call. Also says that the store can be reached again after {@link #onLost}.
     *
     * @param revision the revision after these changes
     * @param changes in the order they were made; empty when there is nothing new
     */
    void onChange(Revision revision, List<RecordChange> changes);

    /**
     * The store cannot be reached: what is known may be out of date from now on. The watch goes on by itself, and
     * {@link #onChange} or {@link #onRelist} says when it is in touch again.
     *
     * @param reason for people
     */
    void onLost(String reason);
}
