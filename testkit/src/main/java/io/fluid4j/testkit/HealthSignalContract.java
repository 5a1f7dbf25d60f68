/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.HealthSignalProvider;
import io.fluid4j.spi.health.Reading;
import io.fluid4j.spi.health.SignalContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** What every {@link HealthSignal} and its provider promise. A test class of an implementor implements it. */
public interface HealthSignalContract {

    /** Time between two samples of an instance by default. */
    long INTERVAL_NANOS = 250_000_000L;

    /**
     * A new provider.
     *
     * @return the provider under test, of a signal that is switched on
     */
    HealthSignalProvider provider();

    /** The names of provider and signal are one, and fit logs and metrics. */
    @Test
    default void theNamesAreOne() throws Exception {
        HealthSignalProvider provider = provider();
        assertThat(provider.name()).matches("[a-z0-9]+(-[a-z0-9]+)*").hasSizeLessThanOrEqualTo(64);
        try (HealthSignal signal = create(provider, here())) {
            assertThat(signal.name()).isEqualTo(provider.name());
        }
    }

    /** An instance finds it. */
    @Test
    default void serviceLoaderFindsIt() {
        Class<?> mine = provider().getClass();
        List<Class<?>> found = new ArrayList<>();
        for (HealthSignalProvider one : ServiceLoader.load(HealthSignalProvider.class, mine.getClassLoader())) {
            found.add(one.getClass());
        }
        assertThat(found).contains(mine);
    }

    /** Every sample is a value or says why there is none, and the threshold is something to compare it with. */
    @Test
    default void everySampleSaysSomething() throws Exception {
        try (HealthSignal signal = create(provider(), here())) {
            for (int i = 0; i < 100; i++) {
                Reading reading = signal.read(i * INTERVAL_NANOS);
                assertThat(reading.available()
                                || !String.valueOf(reading.unavailable()).isBlank())
                        .isTrue();
                assertThat(signal.threshold()).isPositive().isFinite();
            }
        }
    }

    /** A sample costs so little that four in a second do not count. */
    @Test
    default void samplesAreCheap() throws Exception {
        int samples = 500;
        try (HealthSignal signal = create(provider(), here())) {
            long[] nanos = new long[samples];
            for (int i = 0; i < samples; i++) {
                long began = System.nanoTime();
                signal.read(i * INTERVAL_NANOS);
                nanos[i] = System.nanoTime() - began;
            }
            // Not the mean: that is also about who else uses this machine.
            Arrays.sort(nanos);
            assertThat(nanos[samples / 2])
                    .as("nanoseconds for the sample in the middle")
                    .isLessThan(5_000_000L);
        }
    }

    /** Where the machine lacks what the signal reads, it says so. */
    @Test
    default void aMachineWithoutProcIsNoFault() {
        HealthSignal signal;
        try {
            signal = create(provider(), context(Path.of("no-such-proc"), Path.of("no-such-cgroup")));
        } catch (Exception e) {
            assertThat(e).as("a reason for an operator").hasMessageMatching("(?s).+");
            return;
        }
        assertThat(signal.read(0)).isNotNull();
        signal.close();
    }

    private static HealthSignal create(HealthSignalProvider provider, SignalContext context) throws Exception {
        return requireNonNull(provider.create(context), "a signal that is switched on");
    }

    private static SignalContext here() {
        return context(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    private static SignalContext context(Path proc, Path cgroup) {
        return new SignalContext() {
            @Override
            public Path procRoot() {
                return proc;
            }

            @Override
            public Path cgroupRoot() {
                return cgroup;
            }

            @Override
            public String function() {
                return "shop";
            }
        };
    }
}
