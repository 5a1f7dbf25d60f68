/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.provision;

import java.util.concurrent.CompletionStage;

/**
 * Starts and stops instances of one function. For any thread. No method blocks but {@link #close}, and none throws: what
 * goes wrong is told by the stage it returns.
 *
 * @since 0.1.0
 */
public interface InstanceProvisioner extends AutoCloseable {

    /**
     * Starts one more instance. An order that has been taken before is not carried out again: its stage is returned.
     *
     * <p>The stage fails as soon as it is known that the instance will not come. It may complete when the order is
     * accepted, or stay open as long as the start may still fail; in either case the start has succeeded only when the
     * instance has dialled the router.
     *
     * @param order with a fresh instance id
     * @return how it goes
     */
    CompletionStage<Void> start(ScaleOrder order);

    /**
     * Ends an instance, which has been drained unless it never came. Does nothing for one that it does not know.
     *
     * @param order with the id of the instance
     * @return completes when it is gone, or when whoever ends it has taken the order
     */
    CompletionStage<Void> stop(ScaleOrder order);

    /**
     * Whether it may be asked to stop that instance.
     *
     * @param instanceId of an instance that is connected
     * @return false for instances that somebody else looks after
     */
    boolean owns(String instanceId);

    /**
     * Whether instances get the id of their order. When not, the oldest order counts as carried out when an instance
     * connects that has not been seen before.
     *
     * @return true unless the id cannot be passed on
     */
    default boolean passesIds() {
        return true;
    }

    /**
     * The router stops. Instances whose life depends on this process are ended, which this call waits for, within
     * bounds; others are left alone. Harmless twice. Orders that come later fail.
     */
    @Override
    void close();
}
