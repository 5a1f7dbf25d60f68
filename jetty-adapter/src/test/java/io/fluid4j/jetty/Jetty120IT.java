/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.List;

/** The checks on Jetty 12.0. */
final class Jetty120IT extends JettyChecks {
    Jetty120IT() {
        super(JettyProcess.LINE0, List.of("ee8", "ee9", "ee10"));
    }
}
