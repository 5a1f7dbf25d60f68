/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** A web application that does everything a servlet can do to a connector. It runs inside the real servers. */
package io.fluid4j.tomcat.webapp;
