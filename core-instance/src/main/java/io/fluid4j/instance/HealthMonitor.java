/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.Health;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the signals, decides on the state of the instance, and publishes the verdict that admission obeys. {@link #sample}
 * belongs to one thread; the rest is thread-safe.
 */
final class HealthMonitor {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private final List<WatchedSignal> signals;
    private final AdmissionController admission;
    private final IntSupplier tasksAfterResponse;
    private final LongSupplier nanoClock;
    private final DoubleSupplier hysteresis;
    private final long bootNanos;
    private final Object publishing = new Object();

    private volatile List<WatchedSignal.Standing> standings = List.of();
    private volatile Health latest;
    private volatile boolean draining;
    private volatile @Nullable Throwable failing;

    // Guarded by 'publishing'.
    private long sequence;

    HealthMonitor(
            List<WatchedSignal> signals,
            AdmissionController admission,
            IntSupplier tasksAfterResponse,
            LongSupplier nanoClock,
            DoubleSupplier hysteresis) {
        this.signals = List.copyOf(signals);
        this.admission = admission;
        this.tasksAfterResponse = tasksAfterResponse;
        this.nanoClock = nanoClock;
        this.hysteresis = hysteresis;
        this.bootNanos = nanoClock.getAsLong();
        this.latest = publish();
    }

    /** Reads every signal, and publishes what they say. */
    Health sample() {
        long now = nanoClock.getAsLong();
        double recoveryShare = 1 - hysteresis.getAsDouble();
        List<WatchedSignal.Standing> read = new ArrayList<>(signals.size());
        for (WatchedSignal signal : signals) {
            read.add(signal.look(now, recoveryShare));
        }
        logChanges(standings, read);
        standings = List.copyOf(read);
        return publish();
    }

    /** Makes the next HEALTH of what is known, and lets nacks refer to it. Any thread. */
    Health publish() {
        synchronized (publishing) {
            sequence++;
            Nack refusal = refusal();
            List<Health.Signal> onWire = new ArrayList<>(standings.size());
            for (WatchedSignal.Standing standing : standings) {
                onWire.add(standing.onWire());
            }
            Health health = new Health(
                    sequence,
                    Math.max(0, (nanoClock.getAsLong() - bootNanos) / 1_000_000),
                    state(refusal),
                    Math.max(0, admission.inFlight()),
                    admission.limit(),
                    Math.min(0xFFFF, Math.max(0, tasksAfterResponse.getAsInt())),
                    onWire);
            admission.publish(AdmissionController.Verdict.of(refusal, sequence));
            latest = health;
            return health;
        }
    }

    private @Nullable Nack refusal() {
        if (failing != null) {
            return Nack.of(NackReason.FAILING, AdmissionController.DEFAULT_RETRY_AFTER_MILLIS, sequence);
        }
        if (draining) {
            return Nack.of(NackReason.DRAINING, 0, sequence);
        }
        for (WatchedSignal.Standing standing : standings) {
            if (standing.breached()) {
                return standing.nack(sequence);
            }
        }
        return null;
    }

    private Health.State state(@Nullable Nack refusal) {
        if (failing != null) {
            return Health.State.FAILING;
        }
        if (draining) {
            return Health.State.DRAINING;
        }
        return refusal == null ? Health.State.ACCEPTING : Health.State.OVERLOADED;
    }

    void draining(boolean now) {
        draining = now;
    }

    boolean draining() {
        return draining;
    }

    /** The process is in danger: takes no more requests. */
    void failing(Throwable cause) {
        failing = cause;
    }

    @Nullable
    Throwable failing() {
        return failing;
    }

    /** What was last published. */
    Health latest() {
        return latest;
    }

    /** How the signals stood at the last sample. */
    List<WatchedSignal.Standing> standings() {
        return standings;
    }

    void close() {
        for (WatchedSignal signal : signals) {
            try {
                signal.close();
            } catch (RuntimeException e) {
                LOG.log(WARNING, "a health signal could not be closed", e);
            }
        }
    }

    private static void logChanges(List<WatchedSignal.Standing> before, List<WatchedSignal.Standing> now) {
        for (int i = 0; i < now.size(); i++) {
            WatchedSignal.Standing standing = now.get(i);
            WatchedSignal.@Nullable Standing old = i < before.size() ? before.get(i) : null;
            if (standing.breached() && (old == null || !old.breached())) {
                LOG.log(
                        WARNING,
                        "no new requests: {0} is {1} (threshold {2})",
                        standing.name(),
                        standing.reading().value(),
                        standing.threshold());
            } else if (old != null && old.breached() && !standing.breached()) {
                LOG.log(
                        INFO,
                        "{0} is well again: {1}",
                        standing.name(),
                        standing.reading().value());
            } else if (old == null && !standing.reading().available()) {
                LOG.log(
                        INFO,
                        "signal {0} is unavailable: {1}",
                        standing.name(),
                        String.valueOf(standing.reading().unavailable()));
            }
        }
    }
}
