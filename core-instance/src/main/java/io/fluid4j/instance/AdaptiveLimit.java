/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Finds the number of requests at once beyond which more only wait. Thread-safe; a sample costs one atomic increment.
 *
 * <p>What counts is where a request waits. Waiting for an answer from elsewhere (a database, a model) costs the instance
 * nothing, however long it takes and however much longer than yesterday; so the time to the first byte alone says
 * nothing. Waiting for a thread of the container, or for a processor, is congestion, and both are measured: the first as
 * the time from the admission to the start, the second by the kernel's run delay ({@link RunDelay}). No base from better
 * days is needed to compare with, hence none can be wrong.
 *
 * <p>Samples gather in windows of at least {@link #MIN_WINDOW_NANOS}. A window gives two gradients, the smaller one counts:
 *
 * <pre>
 *   threads      own = time to first byte - wait      both as a quarter of the requests stayed below
 *   processors   own = time on a processor            mean of the requests looked at
 *
 *   gradient = clamp((own + tolerated) / (own + wait), 0.5, 1)     tolerated = clamp(own, 10 ms, 100 ms)
 *
 *   gradient = 1 and the limit was in the way   limit = 1.25 limit + 1, or 2 limit before the first congestion
 *   gradient = 1 else                           limit stays
 *   gradient &lt; 1                                limit = (limit + gradient limit + sqrt(limit)) / 2
 * </pre>
 *
 * <p>So the limit settles where requests wait about as long as they work, which keeps every thread busy, plus a little. It
 * never grows beyond what is asked for, and never falls below a floor.
 */
final class AdaptiveLimit implements ConcurrencyLimit {

    /**
     * The limit at the start: no ordinary server notices it before the first windows have passed. Should it be too much,
     * requests that wait too long for a thread are handed back all the same.
     */
    static final int INITIAL = 256;

    static final int MAX = 100_000;
    static final long MIN_WINDOW_NANOS = 100_000_000L;

    /** A window with fewer samples goes on, up to {@link #MAX_WINDOW_NANOS}: a quarter of them must mean something. */
    static final int MIN_SAMPLES = 12;

    static final long MAX_WINDOW_NANOS = 1_000_000_000L;

    /** Waits of this order are scheduling noise, never a reason to hold requests back. */
    static final long NEGLIGIBLE_NANOS = 10_000_000L;

    /** The most that may be waited without being called congestion, however long requests work. */
    static final long MOST_TOLERATED_NANOS = 100_000_000L;

    /** Looks at processor waits are gathered over windows until there are so many. */
    static final int MIN_PROCESSOR_SAMPLES = 4;

    private final int floor;
    private final DelayHistogram firstBytes = new DelayHistogram();
    private final DelayHistogram waits = new DelayHistogram();
    private final LongAdder processorWaits = new LongAdder();
    private final LongAdder processorRuns = new LongAdder();
    private final AtomicInteger processorSamples = new AtomicInteger();
    private final AtomicBoolean closing = new AtomicBoolean();

    private volatile int limit;
    private volatile long windowEndNanos;
    private volatile int mostInFlight;
    private volatile boolean overloaded;
    private volatile boolean crowded;

    // Written only by the thread that holds 'closing'.
    private boolean begun;
    private long windowStartNanos;
    private double estimate;
    private boolean congestedBefore;

    /** A limit that never falls below a floor. */
    AdaptiveLimit(int floor) {
        this.floor = floor;
        this.estimate = Math.max(INITIAL, floor);
        this.limit = (int) estimate;
    }

    /** The floor for a machine: enough to keep its processors busy and overlap some waiting, few enough to protect it. */
    static AdaptiveLimit forProcessors(int processors) {
        return new AdaptiveLimit(Math.max(4, 2 * processors));
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public void onFirstByte(long nowNanos, long firstByteNanos, int inFlight) {
        firstBytes.add(firstByteNanos);
        if (inFlight > mostInFlight) {
            mostInFlight = inFlight; // A lost race loses one of many samples.
        }
        maybeClose(nowNanos);
    }

    @Override
    public void onStart(long nowNanos, long waitedNanos) {
        waits.add(waitedNanos);
    }

    @Override
    public void onProcessorWait(long nowNanos, long waitedNanos, long ranNanos) {
        processorWaits.add(waitedNanos);
        processorRuns.add(ranNanos);
        processorSamples.incrementAndGet();
    }

    @Override
    public void onOverload(long nowNanos, int inFlight) {
        overloaded = true;
        if (inFlight > mostInFlight) {
            mostInFlight = inFlight;
        }
        maybeClose(nowNanos);
    }

    @Override
    public void onCrowded(long nowNanos, int inFlight) {
        crowded = true;
        if (inFlight > mostInFlight) {
            mostInFlight = inFlight;
        }
        maybeClose(nowNanos);
    }

    private void maybeClose(long nowNanos) {
        if (begun && nowNanos - windowEndNanos < 0) {
            return;
        }
        if (closing.compareAndSet(false, true)) {
            try {
                close(nowNanos);
            } finally {
                closing.set(false);
            }
        }
    }

    private void close(long nowNanos) {
        if (!begun) {
            startWindow(nowNanos);
            begun = true;
            return;
        }
        if (nowNanos - windowEndNanos < 0) {
            return;
        }
        int samples = firstBytes.count();
        boolean wasOverloaded = overloaded;
        // Without any first byte, requests in flight are streams that go on: nothing speaks against more of them.
        boolean streamsOnly = samples == 0 && crowded;
        boolean tooFew = samples < MIN_SAMPLES && !streamsOnly && !wasOverloaded;
        if (tooFew && nowNanos - windowStartNanos < MAX_WINDOW_NANOS) {
            return;
        }
        double gradient = Math.min(threadGradient(), processorGradient());
        if (wasOverloaded) {
            gradient = Math.min(gradient, 0.9);
        }
        adapt(gradient, mostInFlight, wasOverloaded);
        mostInFlight = 0;
        overloaded = false;
        crowded = false;
        startWindow(nowNanos);
    }

    private void adapt(double gradient, int inFlight, boolean wasOverloaded) {
        if (gradient < 1.0) {
            congestedBefore = true;
            double target = estimate * gradient + (wasOverloaded ? 0.0 : Math.sqrt(estimate));
            // Growth is only for windows in which the limit was in the way.
            setEstimate(Math.min((estimate + target) / 2, Math.max(estimate, inFlight)));
        } else if (inFlight >= estimate * 0.8) {
            setEstimate(congestedBefore ? estimate * 1.25 + 1 : estimate * 2);
        }
    }

    private double threadGradient() {
        long wait = waits.quarterNanos();
        long own = Math.max(0, firstBytes.quarterNanos() - wait);
        waits.clear();
        firstBytes.clear();
        return gradient(own, wait);
    }

    private double processorGradient() {
        int samples = processorSamples.get();
        if (samples < MIN_PROCESSOR_SAMPLES) {
            return 1.0;
        }
        processorSamples.addAndGet(-samples);
        return gradient(processorRuns.sumThenReset() / samples, processorWaits.sumThenReset() / samples);
    }

    private static double gradient(long own, long wait) {
        long tolerated = Math.max(NEGLIGIBLE_NANOS, Math.min(own, MOST_TOLERATED_NANOS));
        return wait <= tolerated ? 1.0 : Math.max(0.5, (double) (own + tolerated) / (own + wait));
    }

    private void setEstimate(double value) {
        estimate = Math.max(floor, Math.min(MAX, value));
        limit = (int) estimate;
    }

    private void startWindow(long nowNanos) {
        windowStartNanos = nowNanos;
        windowEndNanos = nowNanos + MIN_WINDOW_NANOS;
    }
}
