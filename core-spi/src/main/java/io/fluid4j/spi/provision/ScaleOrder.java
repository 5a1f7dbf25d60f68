/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.provision;

import static java.util.Objects.requireNonNull;

/**
 * One instance more, or one less. Immutable.
 *
 * @param instanceId to start: a fresh id, which the new instance is to have ({@code fluid.instance.id}) when the
 *     provisioner can pass it on. To stop: the instance that is to end. An order with the same id is the same order.
 * @param desired how many instances the function should have then
 * @param reason why, a word of the router's own such as {@code waiting}; never anything of a request
 * @since 0.1.0
 */
public record ScaleOrder(String instanceId, int desired, String reason) {

    /** Checks that nothing is missing. */
    public ScaleOrder {
        if (requireNonNull(instanceId, "instanceId").isEmpty() || desired < 0) {
            throw new IllegalArgumentException(
                    "instanceId \"" + instanceId + "\", desired " + desired + " (expected: an id, 0 or more)");
        }
        requireNonNull(reason, "reason");
    }
}
