/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import jdk.jfr.FlightRecorder;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;

/**
 * How often a second a virtual thread blocks while it pins its carrier, as the flight recorder tells. The recorder runs only
 * while this signal is switched on.
 */
final class PinnedCarriers implements BuiltInSignal.Source {

    private static final String EVENT = "jdk.VirtualThreadPinned";
    private static final long WINDOW_NANOS = 5_000_000_000L;
    private static final double NANOS_PER_SECOND = 1e9;

    private final LongAdder pinned = new LongAdder();
    private final SlidingWindow window = new SlidingWindow(1, WINDOW_NANOS);
    private final @Nullable RecordingStream stream;

    PinnedCarriers(Duration threshold) {
        boolean known = FlightRecorder.isAvailable()
                && FlightRecorder.getFlightRecorder().getEventTypes().stream()
                        .anyMatch(type -> type.getName().equals(EVENT));
        stream = known ? open(threshold) : null;
    }

    @Override
    public Reading read(long nowNanos) {
        if (stream == null) {
            return Reading.unavailable("this JVM does not tell when carriers are pinned");
        }
        window.add(nowNanos, (double) pinned.sum());
        return Reading.of(window.growth(0) * NANOS_PER_SECOND / Math.max(window.spanNanos(), (long) NANOS_PER_SECOND));
    }

    @Override
    public void close() {
        if (stream != null) {
            stream.close();
        }
    }

    private RecordingStream open(Duration threshold) {
        RecordingStream opened = new RecordingStream();
        opened.enable(EVENT).withThreshold(threshold).withoutStackTrace();
        opened.onEvent(EVENT, event -> pinned.increment());
        opened.setMaxAge(Duration.ofSeconds(10));
        opened.startAsync();
        return opened;
    }
}
