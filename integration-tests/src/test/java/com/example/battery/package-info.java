/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A web application that shows its client everything it sees. It is written as any application is, knows nothing of
 * tunnels, and is packed twice: as it stands for {@code jakarta.servlet}, and with its imports replaced for
 * {@code javax.servlet}. Its package is deliberately not one of ours, so that class loading treats it as a user's.
 */
@NullMarked
package com.example.battery;

import org.jspecify.annotations.NullMarked;
