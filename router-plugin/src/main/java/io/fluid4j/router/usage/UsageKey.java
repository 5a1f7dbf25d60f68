/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

/**
 * What a line of the ledger stands for.
 *
 * @param function the function
 * @param deployment the deployment that served, empty when none did
 * @param route the route that took the request
 */
public record UsageKey(String function, String deployment, String route) {}
