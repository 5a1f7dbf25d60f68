/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.nio.file.Path;

/** The share of time in which some task waited for a processor: the group's, else the machine's (10 s average). */
final class CpuPressure implements BuiltInSignal.Source {

    private static final String AVERAGE = "avg10=";

    private final GroupFinder groups;

    CpuPressure(Path procRoot, Path cgroupRoot) {
        groups = new GroupFinder(procRoot, cgroupRoot);
    }

    @Override
    public Reading read(long nowNanos) throws IOException {
        Path file = groups.find(nowNanos).cpuPressure();
        String text = ControlGroup.read(file == null ? groups.procRoot().resolve("pressure/cpu") : file);
        if (text == null || !text.startsWith("some ")) {
            return Reading.unavailable("this kernel does not tell the pressure on processors");
        }
        int begin = text.indexOf(AVERAGE) + AVERAGE.length();
        int end = text.indexOf(' ', begin);
        return Reading.of(Double.parseDouble(text.substring(begin, end)) / 100);
    }
}
