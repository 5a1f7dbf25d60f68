/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Resolving without leaving the process: a {@link io.fluid4j.resolver.client.Replica} fed by the watch of a store. Two
 * stores are here because they need nothing but the JDK: {@link io.fluid4j.resolver.client.MemoryStore}, which a router
 * has inside when nothing else is configured, and {@link io.fluid4j.resolver.client.RemoteStore}, which talks to a
 * resolver process. Imports the JDK and the SPI only. Look-ups are for any thread; each store and each replica has one
 * thread of its own that calls watchers and listeners.
 */
@NullMarked
package io.fluid4j.resolver.client;

import org.jspecify.annotations.NullMarked;
