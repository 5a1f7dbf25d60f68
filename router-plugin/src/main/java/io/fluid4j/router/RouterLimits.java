/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

/**
 * What a client may send.
 *
 * @param maxTargetBytes longest path and query
 * @param maxFieldBytes all header fields together, as HTTP/1 would write them
 * @param maxFields most header fields
 * @param maxBodyBytes largest body, {@link Long#MAX_VALUE} for any
 * @param maxHops how often a request may come through the fleet
 */
record RouterLimits(int maxTargetBytes, int maxFieldBytes, int maxFields, long maxBodyBytes, int maxHops) {}
