/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.List;

/** The checks on Jetty 12.1. */
final class Jetty121IT extends JettyChecks {
    Jetty121IT() {
        super(JettyProcess.LINE1, List.of("ee8", "ee9", "ee10", "ee11"));
    }
}
