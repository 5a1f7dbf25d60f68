/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** What a pool sees of the router's instances, and does to them. For any thread; nothing blocks. */
public interface Fleet {

    /**
     * A connected instance.
     *
     * @param id its id
     * @param draining whether it finishes what it has and takes nothing new
     * @param load requests it has under way
     * @param connectedNanos how long it has been connected
     */
    record Member(String id, boolean draining, int load, long connectedNanos) {}

    /** The connected instances of a function. */
    List<Member> members(String function);

    /** How many instances the function should have for what runs and waits now. */
    int desired(String function);

    /** Requests that wait because no instance is free. */
    int waiting(String function);

    /**
     * Says what is to come, so that requests know whether waiting is of use.
     *
     * @param function whose
     * @param starting instances that have been asked for and are not there yet
     * @param mayGrow whether more could be asked for
     */
    void expect(String function, int starting, boolean mayGrow);

    /** Drains an instance; completes when it has reported, fails when it does not. */
    CompletionStage<?> drain(String instanceId, Duration timeout);
}
