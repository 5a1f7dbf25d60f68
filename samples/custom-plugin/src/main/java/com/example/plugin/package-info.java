/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What somebody else may add to Fluid4J: a selector for routers and a health signal for instances. The jar goes beside
 * Fluid4J's own: to the router's {@code plugins/} folder, or to the server's {@code lib/}.
 */
@NullMarked
package com.example.plugin;

import org.jspecify.annotations.NullMarked;
