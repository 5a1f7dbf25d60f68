/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.Health;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.Reading;

/**
 * A signal with the memory its hysteresis needs: breached from the threshold on, well again below a share of it. Belongs to
 * the sampling thread.
 */
final class WatchedSignal {

    /** How a signal stood when it was last read. Immutable. */
    record Standing(String name, NackReason reason, Reading reading, double threshold, boolean breached) {

        /** As it travels in HEALTH (P-8.3). */
        Health.Signal onWire() {
            if (!reading.available()) {
                return new Health.Signal(name, Health.Status.UNAVAILABLE, 0, Nack.NO_VALUE);
            }
            double headroom = threshold <= 0 ? 0 : 1000 * (1 - reading.value() / threshold);
            return new Health.Signal(
                    name,
                    breached ? Health.Status.BREACHED : Health.Status.OK,
                    (int) Math.max(0, Math.min(1000, headroom)),
                    thousandths(reading.value()));
        }

        Nack nack(long healthSequence) {
            return new Nack(
                    reason.number(),
                    AdmissionController.DEFAULT_RETRY_AFTER_MILLIS,
                    healthSequence,
                    thousandths(reading.value()),
                    name);
        }

        private static long thousandths(double value) {
            return Math.min(Nack.NO_VALUE - 1, Math.round(value * 1000));
        }
    }

    private static final int MAX_REASON_LENGTH = 200;

    private final HealthSignal signal;
    private final NackReason reason;
    private boolean breached;

    WatchedSignal(HealthSignal signal) {
        this.signal = signal;
        this.reason = reasonOf(signal.name());
    }

    /**
     * Reads the signal.
     *
     * @param nowNanos monotonic time
     * @param recoveryShare the share of the threshold below which a breached signal is well again
     */
    Standing look(long nowNanos, double recoveryShare) {
        double threshold = Double.MAX_VALUE;
        Reading reading;
        try {
            threshold = signal.threshold();
            reading = signal.read(nowNanos);
        } catch (RuntimeException | LinkageError e) {
            String message = String.valueOf(e);
            reading = Reading.unavailable(message.substring(0, Math.min(MAX_REASON_LENGTH, message.length())));
        }
        if (!reading.available()) {
            breached = false; // Counts neither way.
        } else if (reading.value() >= threshold) {
            breached = true;
        } else if (reading.value() < threshold * recoveryShare) {
            breached = false;
        }
        return new Standing(signal.name(), reason, reading, threshold, breached);
    }

    void close() {
        signal.close();
    }

    /** The nack reason of the built-in signals; everything else is a plugin's. */
    static NackReason reasonOf(String name) {
        return switch (name) {
            case "cpu-throttled", "cpu-pressure", "cpu-load", "scheduler-lag" -> NackReason.CPU_THROTTLED;
            case "memory", "heap", "gc-time", "direct-memory" -> NackReason.MEMORY;
            case "descriptors" -> NackReason.DESCRIPTORS;
            case "timeouts" -> NackReason.TIMEOUTS;
            case "errors" -> NackReason.ERRORS;
            case "lifetime" -> NackReason.LIFETIME;
            case "db-pool" -> NackReason.DB_POOL;
            case "pinned" -> NackReason.PINNED;
            case "queue-delay" -> NackReason.QUEUE_DELAY;
            default -> NackReason.SIGNAL;
        };
    }
}
