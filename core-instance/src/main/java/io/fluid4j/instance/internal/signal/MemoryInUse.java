/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import oshi.hardware.GlobalMemory;
import oshi.nativefree.SystemInfo;

/**
 * The working set as a share of the group's memory limit, as a kubelet computes it (pages of files that can be dropped do not
 * count); without a limit, the share of the machine's memory that is not available.
 */
final class MemoryInUse implements BuiltInSignal.Source {

    private final GroupFinder groups;
    private @Nullable GlobalMemory machine;

    MemoryInUse(Path procRoot, Path cgroupRoot) {
        groups = new GroupFinder(procRoot, cgroupRoot);
    }

    @Override
    public Reading read(long nowNanos) {
        ControlGroup.Memory memory;
        try {
            memory = groups.find(nowNanos).memory();
        } catch (IOException e) {
            memory = null; // Another operating system: the machine's memory counts.
        }
        if (memory != null) {
            return Reading.of((double) memory.workingSetBytes() / memory.limitBytes());
        }
        if (machine == null) {
            machine = new SystemInfo().getHardware().getMemory();
        }
        long total = machine.getTotal();
        return total <= 0
                ? Reading.unavailable("neither a memory limit nor the machine's memory is known")
                : Reading.of(1 - (double) machine.getAvailable() / total);
    }
}
