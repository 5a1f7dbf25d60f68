/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What a router tells the resolver and learns from it: {@link io.fluid4j.router.resolve.FleetView} registers the functions
 * that this router holds tunnels to, and keeps a replica of what all routers hold. Imports the SPI only. One thread of
 * its own writes; look-ups are for any thread.
 */
@NullMarked
package io.fluid4j.router.resolve;

import org.jspecify.annotations.NullMarked;
