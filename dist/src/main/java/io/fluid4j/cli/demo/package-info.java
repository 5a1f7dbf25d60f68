/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * {@code fluid demo}: a router, a real Tomcat and a real Jetty on this machine, each a process of its own, and traffic
 * that shows what they do together. Start at {@link io.fluid4j.cli.demo.DemoCommand}. Not API.
 */
@NullMarked
package io.fluid4j.cli.demo;

import org.jspecify.annotations.NullMarked;
