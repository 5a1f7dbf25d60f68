/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.plugin;

import io.fluid4j.spi.health.HealthSignalProvider;
import io.fluid4j.testkit.HealthSignalContract;

class DiskSpaceSignalTest implements HealthSignalContract {

    @Override
    public HealthSignalProvider provider() {
        return new DiskSpaceSignal.Provider();
    }
}
