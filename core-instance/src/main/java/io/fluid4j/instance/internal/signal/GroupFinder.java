/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the control groups now and then, since a process may be moved and limits may be set while it runs. */
final class GroupFinder {

    private static final long INTERVAL_NANOS = 30_000_000_000L;

    private final Path procRoot;
    private final Path cgroupRoot;
    private @Nullable ControlGroup found;
    private long foundNanos;

    GroupFinder(Path procRoot, Path cgroupRoot) {
        this.procRoot = procRoot;
        this.cgroupRoot = cgroupRoot;
    }

    Path procRoot() {
        return procRoot;
    }

    /** The groups; the same object until they are looked for again. */
    ControlGroup find(long nowNanos) throws IOException {
        ControlGroup known = found;
        if (known == null || nowNanos - foundNanos > INTERVAL_NANOS) {
            known = ControlGroup.find(procRoot, cgroupRoot);
            found = known;
            foundNanos = nowNanos;
        }
        return known;
    }
}
