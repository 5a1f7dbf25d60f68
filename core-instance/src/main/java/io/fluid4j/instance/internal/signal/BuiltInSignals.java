/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigKey;
import io.fluid4j.spi.config.InstanceKeys;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.Reading;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Makes the signals that are switched on. */
public final class BuiltInSignals {

    private static final double NANOS_PER_MILLI = 1_000_000.0;

    /** Shorter pins are the normal price of a synchronized block. */
    private static final Duration PINNED_AT_LEAST = Duration.ofMillis(20);

    /**
     * What signals read inside the instance. Immutable; counters only grow.
     *
     * @param responses responses that have begun
     * @param errors requests that failed
     * @param timeouts requests whose deadline passed before they answered
     * @param queueNanos how long no thread of the container has come for requests that wait
     * @param lag the timer that is watched
     * @param startedNanos when the instance was made
     */
    public record Sources(
            LongSupplier responses,
            LongSupplier errors,
            LongSupplier timeouts,
            LongSupplier queueNanos,
            SchedulerLag lag,
            long startedNanos) {}

    private final Config config;
    private final List<HealthSignal> signals = new ArrayList<>();

    private BuiltInSignals(Config config) {
        this.config = config;
    }

    /**
     * Makes the signals that are switched on, in the order in which they are asked.
     *
     * @param config thresholds and roots
     * @param sources what they read
     * @return the signals
     */
    public static List<HealthSignal> create(Config config, Sources sources) {
        Path proc = config.get(InstanceKeys.PROC_ROOT);
        Path cgroup = config.get(InstanceKeys.CGROUP_ROOT);
        long windowNanos = config.get(InstanceKeys.ADMIT_WINDOW).toNanos();
        int enough = config.get(InstanceKeys.ADMIT_MIN_REQUESTS);
        LongSupplier ended = () -> sources.responses.getAsLong() + sources.timeouts.getAsLong();
        BuiltInSignals made = new BuiltInSignals(config);
        made.share("cpu-throttled", InstanceKeys.ADMIT_CPU_THROTTLED, () -> new CpuThrottling(proc, cgroup));
        made.share("cpu-pressure", InstanceKeys.ADMIT_CPU_PRESSURE, () -> new CpuPressure(proc, cgroup));
        made.time("scheduler-lag", InstanceKeys.ADMIT_SCHEDULER_LAG, () -> sources.lag);
        made.share("memory", InstanceKeys.ADMIT_MEMORY, () -> new MemoryInUse(proc, cgroup));
        made.share("heap", InstanceKeys.ADMIT_HEAP, HeapAfterCollection::new);
        made.share("gc-time", InstanceKeys.ADMIT_GC_TIME, CollectionTime::new);
        made.share("direct-memory", InstanceKeys.ADMIT_DIRECT_MEMORY, DirectMemory::new);
        made.share("descriptors", InstanceKeys.ADMIT_DESCRIPTORS, () -> new OpenDescriptors(proc));
        made.share(
                "timeouts",
                InstanceKeys.ADMIT_TIMEOUTS,
                () -> new RecentShare(sources.timeouts, ended, windowNanos, enough));
        made.share(
                "errors", InstanceKeys.ADMIT_ERRORS, () -> new RecentShare(sources.errors, ended, windowNanos, enough));
        made.time(
                "queue-delay",
                InstanceKeys.ADMIT_QUEUE_DELAY,
                () -> now -> Reading.of(sources.queueNanos.getAsLong() / NANOS_PER_MILLI));
        made.count("db-pool", InstanceKeys.ADMIT_DB_POOL, DatabasePools::new);
        made.count("pinned", InstanceKeys.ADMIT_PINNED, () -> new PinnedCarriers(PINNED_AT_LEAST));
        made.lifetime(sources.startedNanos);
        return List.copyOf(made.signals);
    }

    private void share(String name, ConfigKey<OptionalDouble> key, Supplier<BuiltInSignal.Source> source) {
        OptionalDouble threshold = config.get(key);
        if (threshold.isPresent()) {
            signals.add(new BuiltInSignal(name, threshold.getAsDouble(), source.get()));
        }
    }

    private void time(String name, ConfigKey<Optional<Duration>> key, Supplier<BuiltInSignal.Source> source) {
        Optional<Duration> threshold = config.get(key);
        if (threshold.isPresent()) {
            signals.add(new BuiltInSignal(name, threshold.get().toNanos() / NANOS_PER_MILLI, source.get()));
        }
    }

    private void count(String name, ConfigKey<OptionalInt> key, Supplier<BuiltInSignal.Source> source) {
        OptionalInt threshold = config.get(key);
        if (threshold.isPresent()) {
            signals.add(new BuiltInSignal(name, threshold.getAsInt(), source.get()));
        }
    }

    /** Higher is worse: the reserve that must be left, as a share of what is left. */
    private void lifetime(long startedNanos) {
        Optional<Duration> reserve = config.get(InstanceKeys.ADMIT_LIFETIME);
        Optional<Duration> lifetime = config.get(InstanceKeys.LIFETIME);
        if (reserve.isPresent() && lifetime.isPresent()) {
            double reserveNanos = reserve.get().toNanos();
            long endNanos = startedNanos + lifetime.get().toNanos();
            signals.add(
                    new BuiltInSignal("lifetime", 1.0, now -> Reading.of(reserveNanos / Math.max(1, endNanos - now))));
        }
    }
}
