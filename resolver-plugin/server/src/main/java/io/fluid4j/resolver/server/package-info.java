/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The resolver process: {@link io.fluid4j.resolver.server.ResolverServer} opens the store that the configuration names,
 * follows it with a replica, and puts the DNS and HTTP faces before it. Threads: those of Jetty for HTTP, those of the
 * DNS face, one for the store and one for the replica.
 */
@NullMarked
package io.fluid4j.resolver.server;

import org.jspecify.annotations.NullMarked;
