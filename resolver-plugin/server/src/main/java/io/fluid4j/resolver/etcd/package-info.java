/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Registrations in etcd, for more than one resolver. Talks to etcd's JSON gateway with the JDK's HTTP client, so that no
 * further library is needed. Start reading at {@link io.fluid4j.resolver.etcd.EtcdStore}. Threads: one follows the watch,
 * two serve the client, one calls the watchers of the store.
 */
@NullMarked
package io.fluid4j.resolver.etcd;

import org.jspecify.annotations.NullMarked;
