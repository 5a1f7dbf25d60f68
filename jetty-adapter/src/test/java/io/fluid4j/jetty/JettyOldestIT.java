/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.util.List;

/** The checks on the oldest Jetty that is supported. */
final class JettyOldestIT extends JettyChecks {
    JettyOldestIT() {
        super(JettyProcess.OLDEST, List.of("ee8", "ee9", "ee10"));
    }

    @Override
    boolean losesNoCancel() {
        return false;
    }
}
