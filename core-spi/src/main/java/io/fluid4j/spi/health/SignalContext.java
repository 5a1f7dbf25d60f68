/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.health;

import java.nio.file.Path;

/**
 * What a {@link HealthSignal} may need to know of the instance it watches. Immutable.
 *
 * @since 0.1.0
 */
public interface SignalContext {
    /**
     * Where the process file system is mounted: {@code /proc}, or a directory of test data.
     *
     * @return the path; it may not exist (other operating systems)
     */
    Path procRoot();

    /**
     * Where the control groups are mounted: {@code /sys/fs/cgroup}, or a directory of test data.
     *
     * @return the path; it may not exist
     */
    Path cgroupRoot();

    /**
     * The name of the function this instance serves.
     *
     * @return the name
     */
    String function();
}
