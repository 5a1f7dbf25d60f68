/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.Reading;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class BuiltInSignalsTest {

    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong responses = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong timeouts = new AtomicLong();
    private final AtomicLong queueNanos = new AtomicLong();
    private final SchedulerLag lag = new SchedulerLag(50_000_000L);

    private List<HealthSignal> signals(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "fluid.function", "shop",
                "fluid.router.urls", "tcp://127.0.0.1:7443",
                "fluid.tunnel.secret", "a secret of the tests"));
        all.putAll(settings);
        Config config = Config.builder()
                .role(Role.INSTANCE)
                .explicit(all)
                .environment(Map.of())
                .systemProperties(new java.util.Properties())
                .noDefaultFiles()
                .build();
        return BuiltInSignals.create(
                config,
                new BuiltInSignals.Sources(
                        responses::get, errors::get, timeouts::get, queueNanos::get, lag, 10 * SECOND));
    }

    private HealthSignal signal(String name, Map<String, String> settings) {
        return signals(settings).stream()
                .filter(signal -> signal.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void defaultsLeaveOutWhatIsOffAndEachCanBeSwitchedOff() {
        List<String> names = signals(Map.of()).stream().map(HealthSignal::name).toList();
        assertThat(names)
                .contains("cpu-throttled", "scheduler-lag", "memory", "heap", "gc-time", "descriptors", "timeouts")
                .doesNotContain("errors", "db-pool", "pinned", "lifetime", "cpu-pressure");

        List<String> fewer = signals(Map.of("fluid.admission.memory", "off", "fluid.admission.heap", "off")).stream()
                .map(HealthSignal::name)
                .toList();

        assertThat(fewer).doesNotContain("memory", "heap").hasSize(names.size() - 2);
    }

    @Test
    void everyBuiltInSignalCanBeReadOnThisMachine() {
        Map<String, String> all = Map.of(
                "fluid.admission.errors", "0.5",
                "fluid.admission.db-pool", "1",
                "fluid.admission.pinned", "10",
                "fluid.admission.cpu-pressure", "0.9",
                "fluid.instance.lifetime", "1h");
        List<HealthSignal> signals = signals(all);
        try {
            for (HealthSignal signal : signals) {
                Reading reading = signal.read(11 * SECOND);
                assertThat(reading.available()
                                || !String.valueOf(reading.unavailable()).isBlank())
                        .as(signal.name())
                        .isTrue();
                assertThat(signal.threshold()).as(signal.name()).isPositive();
            }
        } finally {
            signals.forEach(HealthSignal::close);
        }
        assertThat(signals).hasSize(14);
    }

    @Test
    void timeoutsCountOnceThereAreEnoughAndAreForgotten() {
        HealthSignal signal = signal("timeouts", Map.of("fluid.admission.min-requests", "10"));
        signal.read(SECOND);
        timeouts.set(5);
        assertThat(signal.read(2 * SECOND)).as("too few to say anything").isEqualTo(Reading.of(0));

        responses.set(15);
        timeouts.set(15);
        assertThat(signal.read(3 * SECOND).value()).isEqualTo(0.5);

        Reading later = Reading.of(1);
        for (int second = 4; second < 20; second++) {
            later = signal.read(second * SECOND);
        }
        assertThat(later).isEqualTo(Reading.of(0));
    }

    @Test
    void errorsAreAShareOfWhatEnded() {
        HealthSignal signal = signal("errors", Map.of("fluid.admission.errors", "0.3"));
        signal.read(SECOND);
        responses.set(100);
        errors.set(25);

        assertThat(signal.read(2 * SECOND).value()).isEqualTo(0.25);
        assertThat(signal.threshold()).isEqualTo(0.3);
    }

    @Test
    void lifetimeGrowsTowardsItsEnd() {
        // Made at 10 s, to live for 60 s, with 5 s in reserve.
        HealthSignal signal = signal("lifetime", Map.of("fluid.instance.lifetime", "60s"));

        assertThat(signal.read(20 * SECOND).value()).isCloseTo(0.1, within(1e-9));
        assertThat(signal.read(65 * SECOND).value()).isGreaterThanOrEqualTo(signal.threshold());
        assertThat(signal.read(80 * SECOND).value()).isGreaterThan(signal.threshold());
    }

    @Test
    void lagIsTheWorstOfTheLastHalfSecond() {
        HealthSignal signal = signal("scheduler-lag", Map.of());
        lag.armed(0);
        lag.fired(650_000_000L);
        assertThat(signal.read(0).value()).isEqualTo(600);
        lag.armed(650_000_000L);
        lag.fired(701_000_000L);
        assertThat(signal.read(0).value()).as("still remembered").isEqualTo(600);
        lag.armed(1_200_000_000L);
        lag.fired(1_251_000_000L);

        assertThat(signal.read(0).value()).isEqualTo(1);
    }

    @Test
    void queueDelayIsInMilliseconds() {
        HealthSignal signal = signal("queue-delay", Map.of("fluid.admission.queue-delay", "100ms"));
        queueNanos.set(42_000_000L);

        assertThat(signal.read(0).value()).isEqualTo(42);
        assertThat(signal.threshold()).isEqualTo(100);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void descriptorsGrowWhenFilesAreOpened(@TempDir Path folder) throws IOException {
        HealthSignal signal = signal("descriptors", Map.of());
        Reading before = signal.read(SECOND);
        List<FileChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                open.add(FileChannel.open(
                        Files.createFile(folder.resolve("f" + i)), java.nio.file.StandardOpenOption.WRITE));
            }
            double max = ((com.sun.management.UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                    .getMaxFileDescriptorCount();

            // Ten seconds later, so that a kernel without the cheap way has counted again.
            assertThat((signal.read(11 * SECOND).value() - before.value()) * max)
                    .isBetween(190.0, 260.0);
        } finally {
            for (FileChannel channel : open) {
                channel.close();
            }
        }
    }

    @Test
    void directBuffersCount() {
        HealthSignal signal = signal("direct-memory", Map.of());
        double before = signal.read(0).value();

        ByteBuffer buffer = ByteBuffer.allocateDirect(8 << 20);

        assertThat(signal.read(0).value()).isGreaterThan(before);
        assertThat(buffer.capacity()).isEqualTo(8 << 20);
    }

    /** As Hikari registers it; the name of the attribute is what counts. */
    public interface PoolBean {
        int getThreadsAwaitingConnection();
    }

    @Test
    void waitersOfADatabasePool() throws Exception {
        ObjectName name = new ObjectName("com.zaxxer.hikari:type=Pool (shop)");
        AtomicLong waiting = new AtomicLong(3);
        HealthSignal signal = signal("db-pool", Map.of("fluid.admission.db-pool", "2"));
        assertThat(signal.read(SECOND).available()).isFalse();
        ManagementFactory.getPlatformMBeanServer()
                .registerMBean(new StandardMBean((PoolBean) () -> (int) waiting.get(), PoolBean.class), name);
        try {
            assertThat(signal.read(10 * SECOND).value()).isEqualTo(3);
            waiting.set(0);
            assertThat(signal.read(11 * SECOND).value()).isZero();
        } finally {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        }
        assertThat(signal.read(30 * SECOND).available()).isFalse();
    }

    @Test
    void collectionsTakeTime() {
        HealthSignal signal = signal("gc-time", Map.of());
        signal.read(SECOND);
        long garbage = 0;
        for (int i = 0; i < 20; i++) {
            garbage += new byte[1 << 20].length;
            System.gc();
        }

        double share = signal.read(SECOND + 1).value();

        assertThat(garbage).isPositive();
        assertThat(share).isPositive();
    }
}
