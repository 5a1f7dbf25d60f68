/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

/**
 * Who this process is. Immutable.
 *
 * @param instanceId random per boot, never an address
 * @param function the function it serves
 * @param deployment the version it serves
 */
record Identity(String instanceId, String function, String deployment) {}
