/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The DNS face of the resolver. Whenever what it answers changes, {@link io.fluid4j.resolver.dns.DnsZone} has the answers
 * encoded by dnsjava and publishes them in a table that is read without a lock; {@link
 * io.fluid4j.resolver.dns.DnsResponder} turns a query into its response in the buffer it came in, allocating nothing.
 * Threads: the replica's writes the table, one reads UDP, TCP has one for each connection up to a limit.
 */
@NullMarked
package io.fluid4j.resolver.dns;

import org.jspecify.annotations.NullMarked;
