/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

/**
 * How a pool is.
 *
 * @param name the NAME of its keys
 * @param function whose instances it holds
 * @param desired how many there should be, within its bounds
 * @param starting how many have been asked for and are not there yet
 * @param asked how many have been asked for, ever
 * @param started of those, how many came
 * @param failed of those, how many did not
 * @param stopped how many were let go
 * @param startSeconds the sum of the times from asking to connecting, of those that came
 */
public record PoolFigures(
        String name,
        String function,
        int desired,
        int starting,
        long asked,
        long started,
        long failed,
        long stopped,
        double startSeconds) {}
