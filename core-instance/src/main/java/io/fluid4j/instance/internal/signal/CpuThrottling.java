/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The share of scheduling periods in which a group ran out of its CPU quota, over the last second or so; the worst group
 * counts. A period is 100 ms, so a shorter look would only see steps.
 */
final class CpuThrottling implements BuiltInSignal.Source {

    private static final long WINDOW_NANOS = 1_500_000_000L;

    private final GroupFinder groups;
    private final Map<Path, SlidingWindow> windows = new LinkedHashMap<>();
    private @Nullable ControlGroup resolved;

    CpuThrottling(Path procRoot, Path cgroupRoot) {
        groups = new GroupFinder(procRoot, cgroupRoot);
    }

    @Override
    public Reading read(long nowNanos) throws IOException {
        ControlGroup group = groups.find(nowNanos);
        if (group != resolved) {
            List<ControlGroup.Quota> quotas = group.quotas();
            windows.keySet()
                    .retainAll(
                            quotas.stream().map(ControlGroup.Quota::directory).toList());
            for (ControlGroup.Quota quota : quotas) {
                windows.computeIfAbsent(quota.directory(), path -> new SlidingWindow(2, WINDOW_NANOS));
            }
            resolved = group;
        }
        if (windows.isEmpty()) {
            return Reading.unavailable("no CPU quota is set");
        }
        double worst = 0;
        boolean known = false;
        for (Map.Entry<Path, SlidingWindow> entry : windows.entrySet()) {
            String stat = ControlGroup.read(entry.getKey().resolve("cpu.stat"));
            long periods = ControlGroup.field(stat, "nr_periods");
            long throttled = ControlGroup.field(stat, "nr_throttled");
            if (periods < 0 || throttled < 0) {
                continue;
            }
            known = true;
            SlidingWindow window = entry.getValue();
            window.add(nowNanos, (double) periods, (double) throttled);
            if (window.growth(0) > 0) {
                worst = Math.max(worst, window.growth(1) / window.growth(0));
            }
        }
        return known ? Reading.of(worst) : Reading.unavailable("cpu.stat does not count throttling");
    }
}
