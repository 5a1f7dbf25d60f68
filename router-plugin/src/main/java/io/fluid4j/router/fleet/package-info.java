/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Routers as a fleet, seen from the one that forwards: {@link io.fluid4j.router.fleet.Fleet} says which other router a
 * request goes to, {@link io.fluid4j.router.fleet.PeerTunnels} keeps the tunnels there. Knows tunnels and the SPI,
 * nothing of HTTP. Choosing is for any thread and takes no lock; a tunnel's state changes under the tunnel's own lock,
 * and nobody is called while it is held.
 */
@NullMarked
package io.fluid4j.router.fleet;

import org.jspecify.annotations.NullMarked;
