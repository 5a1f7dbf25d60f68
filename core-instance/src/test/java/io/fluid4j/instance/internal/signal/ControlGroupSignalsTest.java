/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Throttling, pressure and memory on control groups made of files: version 2, version 1, mixed, and in a container. */
class ControlGroupSignalsTest {

    private static final long STEP = 250_000_000L;

    @TempDir
    Path root;

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Path proc() {
        return root.resolve("proc");
    }

    private Path cgroup() {
        return root.resolve("cgroup");
    }

    @Test
    void throttlingInVersion2() throws IOException {
        file("proc/self/cgroup", "0::/app\n");
        file("cgroup/app/cpu.max", "50000 100000\n");
        file("cgroup/app/cpu.stat", "usage_usec 5\nnr_periods 100\nnr_throttled 10\nthrottled_usec 9\n");
        CpuThrottling signal = new CpuThrottling(proc(), cgroup());
        assertThat(signal.read(STEP)).isEqualTo(Reading.of(0));

        file("cgroup/app/cpu.stat", "usage_usec 5\nnr_periods 110\nnr_throttled 16\nthrottled_usec 9\n");

        assertThat(signal.read(2 * STEP).value()).isEqualTo(0.6);
    }

    @Test
    void throttlingInVersion1() throws IOException {
        file("proc/self/cgroup", "4:memory:/\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n");
        file("cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "200000\n");
        file("cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
        file("cgroup/cpu,cpuacct/docker/abc/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
        CpuThrottling signal = new CpuThrottling(proc(), cgroup());
        signal.read(STEP);

        file("cgroup/cpu,cpuacct/docker/abc/cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_time 77\n");

        assertThat(signal.read(2 * STEP).value()).isEqualTo(0.25);
    }

    @Test
    void theQuotaOfAParentThrottlesToo() throws IOException {
        file("proc/self/cgroup", "0::/pod/container\n");
        file("cgroup/pod/cpu.max", "100000 100000\n");
        file("cgroup/pod/cpu.stat", "nr_periods 10\nnr_throttled 0\n");
        file("cgroup/pod/container/cpu.max", "max 100000\n");
        file("cgroup/pod/container/cpu.stat", "nr_periods 0\nnr_throttled 0\n");
        CpuThrottling signal = new CpuThrottling(proc(), cgroup());
        signal.read(STEP);

        file("cgroup/pod/cpu.stat", "nr_periods 20\nnr_throttled 10\n");

        assertThat(signal.read(2 * STEP).value()).isEqualTo(1.0);
    }

    @Test
    void aPathOfTheHostFallsBackToTheRootOfTheContainer() throws IOException {
        file("proc/self/cgroup", "0::/kubepods/pod1/abc\n");
        file("cgroup/cpu.max", "100000 100000\n");
        file("cgroup/cpu.stat", "nr_periods 10\nnr_throttled 5\n");
        CpuThrottling signal = new CpuThrottling(proc(), cgroup());
        signal.read(STEP);

        file("cgroup/cpu.stat", "nr_periods 12\nnr_throttled 6\n");

        assertThat(signal.read(2 * STEP).value()).isEqualTo(0.5);
    }

    @Test
    void throttlingIsForgottenAfterAWhile() throws IOException {
        file("proc/self/cgroup", "0::/\n");
        file("cgroup/cpu.max", "50000 100000\n");
        file("cgroup/cpu.stat", "nr_periods 0\nnr_throttled 0\n");
        CpuThrottling signal = new CpuThrottling(proc(), cgroup());
        signal.read(STEP);
        file("cgroup/cpu.stat", "nr_periods 10\nnr_throttled 10\n");
        assertThat(signal.read(2 * STEP).value()).isEqualTo(1.0);

        Reading last = null;
        for (int i = 3; i < 20; i++) {
            file("cgroup/cpu.stat", "nr_periods " + 10 * i + "\nnr_throttled 10\n");
            last = signal.read(i * STEP);
        }

        assertThat(last).isEqualTo(Reading.of(0));
    }

    @Test
    void withoutAQuotaThrottlingIsUnavailable() throws IOException {
        file("proc/self/cgroup", "0::/\n");
        file("cgroup/cpu.max", "max 100000\n");

        assertThat(new CpuThrottling(proc(), cgroup()).read(STEP).unavailable()).isEqualTo("no CPU quota is set");
    }

    @Test
    void withoutControlGroupsTheSignalSaysSo() {
        Reading reading = new BuiltInSignal("cpu-throttled", 0.5, new CpuThrottling(proc(), cgroup())).read(STEP);

        assertThat(reading.available()).isFalse();
        assertThat(reading.unavailable()).contains("NoSuchFileException");
    }

    @Test
    void workingSetInVersion2() throws IOException {
        file("proc/self/cgroup", "0::/app\n");
        file("cgroup/app/memory.max", "1000000\n");
        file("cgroup/app/memory.current", "900000\n");
        file("cgroup/app/memory.stat", "anon 1\ninactive_file 400000\nactive_file 3\n");

        assertThat(new MemoryInUse(proc(), cgroup()).read(STEP).value()).isEqualTo(0.5);
    }

    @Test
    void workingSetInVersion1BesideAnEmptyUnifiedTree() throws IOException {
        file("proc/self/cgroup", "4:memory:/x\n0::/\n");
        Files.createDirectories(cgroup().resolve("unified"));
        file("cgroup/memory/x/memory.limit_in_bytes", "2000\n");
        file("cgroup/memory/x/memory.usage_in_bytes", "1900\n");
        file("cgroup/memory/x/memory.stat", "cache 1\ntotal_inactive_file 100\n");

        assertThat(new MemoryInUse(proc(), cgroup()).read(STEP).value()).isEqualTo(0.9);
    }

    @Test
    void theTighterParentCounts() throws IOException {
        file("proc/self/cgroup", "0::/pod/c\n");
        file("cgroup/pod/memory.max", "1000\n");
        file("cgroup/pod/memory.current", "950\n");
        file("cgroup/pod/memory.stat", "inactive_file 0\n");
        file("cgroup/pod/c/memory.max", "1000\n");
        file("cgroup/pod/c/memory.current", "100\n");
        file("cgroup/pod/c/memory.stat", "inactive_file 0\n");

        assertThat(new MemoryInUse(proc(), cgroup()).read(STEP).value()).isEqualTo(0.95);
    }

    @Test
    void withoutALimitTheMachineCounts() throws IOException {
        file("proc/self/cgroup", "4:memory:/x\n0::/\n");
        file("cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
        file("cgroup/memory/x/memory.usage_in_bytes", "1900\n");

        Reading reading = new MemoryInUse(proc(), cgroup()).read(STEP);

        assertThat(reading.available()).isTrue();
        assertThat(reading.value()).isBetween(0.001, 0.999);
    }

    @Test
    void pressureOfTheGroupThenOfTheMachine() throws IOException {
        file("proc/self/cgroup", "0::/app\n");
        file("proc/pressure/cpu", "some avg10=12.50 avg60=1 avg300=1 total=1\nfull avg10=0.00\n");
        file("cgroup/app/cgroup.procs", "");
        CpuPressure signal = new CpuPressure(proc(), cgroup());
        assertThat(signal.read(STEP).value()).isEqualTo(0.125);

        file("cgroup/app/cpu.pressure", "some avg10=80.00 avg60=1 avg300=1 total=1\n");

        assertThat(signal.read(STEP).value()).isEqualTo(0.8);
    }
}
