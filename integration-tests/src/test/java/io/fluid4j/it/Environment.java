/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import org.jspecify.annotations.Nullable;

/** A server and, in Jetty, the servlet environment in it: what an application is deployed to. */
enum Environment {
    TOMCAT_10_1("tomcat10.1", Distribution.TOMCAT_10_1, null),
    TOMCAT_11("tomcat11", Distribution.TOMCAT_11, null),
    JETTY_12_0_EE8("jetty12.0-ee8", Distribution.JETTY_12_0, "ee8"),
    JETTY_12_0_EE9("jetty12.0-ee9", Distribution.JETTY_12_0, "ee9"),
    JETTY_12_0_EE10("jetty12.0-ee10", Distribution.JETTY_12_0, "ee10"),
    JETTY_12_1_EE8("jetty12.1-ee8", Distribution.JETTY_12_1, "ee8"),
    JETTY_12_1_EE9("jetty12.1-ee9", Distribution.JETTY_12_1, "ee9"),
    JETTY_12_1_EE10("jetty12.1-ee10", Distribution.JETTY_12_1, "ee10"),
    JETTY_12_1_EE11("jetty12.1-ee11", Distribution.JETTY_12_1, "ee11");

    private final String id;
    private final Distribution distribution;
    private final @Nullable String servlets;

    Environment(String id, Distribution distribution, @Nullable String servlets) {
        this.id = id;
        this.distribution = distribution;
        this.servlets = servlets;
    }

    String id() {
        return id;
    }

    Distribution distribution() {
        return distribution;
    }

    /** Jetty's name of the environment; null in Tomcat. */
    @Nullable
    String servlets() {
        return servlets;
    }

    /** Every environment has its own, so that one router tells them apart by path and nothing else is different. */
    String contextPath() {
        return "/" + id;
    }

    /** Whether the sample application runs beside the battery's. */
    boolean hasSample() {
        return this == TOMCAT_11 || this == JETTY_12_1_EE11;
    }

    String samplePath() {
        return "/sample-" + id;
    }

    boolean javax() {
        return "ee8".equals(servlets);
    }

    boolean tomcat() {
        return distribution.tomcat();
    }
}
