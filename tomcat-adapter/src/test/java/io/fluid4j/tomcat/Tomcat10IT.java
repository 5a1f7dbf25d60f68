/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

/** Tomcat 10.1, as downloaded. */
final class Tomcat10IT extends ZeroEditContract {
    Tomcat10IT() {
        super("tomcat10");
    }
}
