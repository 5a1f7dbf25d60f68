/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Log lines that instances sent: kept for a while, and passed on to those who follow. Start with {@link
 * io.fluid4j.router.log.RequestLogs}. Lines come on reader threads of tunnels, which are never held up; whoever follows has a
 * queue of its own. Not API.
 */
@NullMarked
package io.fluid4j.router.log;

import org.jspecify.annotations.NullMarked;
