/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

/** Tomcat 11, as downloaded. */
final class Tomcat11IT extends ZeroEditContract {
    Tomcat11IT() {
        super("tomcat11");
    }
}
