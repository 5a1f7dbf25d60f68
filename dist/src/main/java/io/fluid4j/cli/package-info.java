/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The {@code fluid} command: starts roles, and is the operator's client of the admin API. Start at
 * {@link io.fluid4j.cli.Main}. Results go to standard output, everything else to standard error. Exit codes: 0 it
 * worked, 1 the operation failed, 2 wrong usage.
 */
@NullMarked
package io.fluid4j.cli;

import org.jspecify.annotations.NullMarked;
