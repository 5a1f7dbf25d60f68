/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Finds the number of requests at once beyond which more only wait. Thread-safe; a sample costs one atomic increment.
 *
 * <p>Samples gather in windows of at least {@link #MIN_WINDOW_NANOS}. A window's <em>delay</em> is the time to the first
 * byte that a quarter of its requests stayed below: waiting for a thread or a processor makes every request slower, also
 * the fast quarter, whereas a few long polls, or more of them than before, leave it alone. The delay is compared with the
 * <em>base</em>, the least delay of late:
 *
 * <pre>
 *   gradient = clamp(TOLERANCE * max(base, NEGLIGIBLE) / delay, 0.5, 1)
 *   gradient = 1 and the limit was in the way   limit = 1.25 limit + 1, or 2 limit before the first congestion
 *   gradient = 1 else                           limit stays
 *   gradient &lt; 1                                limit = (limit + gradient limit + sqrt(limit)) / 2
 * </pre>
 *
 * <p>So the limit settles where requests wait about as long as they work, which keeps every thread busy, plus a little. It never grows beyond what is asked for, and never falls below a floor.
 *
 * <p>The base must follow what the application does. It is the minimum over the last {@link #BASE_AGES} spans of
 * {@link #BASE_SPAN_NANOS}; and while the limit holds requests back because of the delay, the limit is cut to
 * {@link #PROBE_SHARE} once in {@link #MIN_PROBE_INTERVAL_NANOS} or more for as long as it takes to see the delay with half of the queue. If
 * the delay then is what it was, it is the application's own (a dependency became slow), and the base rises; so the limit
 * cannot stay low because of a base from better days. If it falls, there was a queue, and the base was right.
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
    static final double TOLERANCE = 2.0;

    /** Delays of this order are scheduling noise, never a reason to hold requests back. */
    static final long NEGLIGIBLE_NANOS = 10_000_000L;

    static final long BASE_SPAN_NANOS = 5_000_000_000L;
    static final int BASE_AGES = 4;
    static final long MIN_PROBE_INTERVAL_NANOS = 2_000_000_000L;

    /** Doubles up to this while looks only confirm the base: each costs a little throughput. */
    static final long MAX_PROBE_INTERVAL_NANOS = 8_000_000_000L;

    static final double PROBE_SHARE = 0.5;
    static final long PROBE_WINDOW_NANOS = 200_000_000L;

    /** A look at the application's own delay may raise the base by this at most: one look may be mistaken. */
    static final double MAX_BASE_RISE = 2.0;

    /** A look with {@link #PROBE_SHARE} of the requests that gives less than this share of the delay still saw a queue. */
    static final double STILL_QUEUEING = 0.56;

    /** How far below such a look the base is assumed to be: small enough steps not to starve threads on the way. */
    static final double BASE_FALL = 0.8;

    private static final int BUCKETS_PER_OCTAVE = 8;
    private static final int BUCKETS = 40 * BUCKETS_PER_OCTAVE;

    /** Delays below 2^13 ns (8 µs) share the first bucket. */
    private static final int FIRST_OCTAVE = 13;

    private enum Phase {
        /** Windows count. */
        STEADY,
        /** The limit was cut; what was admitted before still runs. Samples say nothing. */
        DRAINING,
        /** The next window tells the delay without a queue. */
        PROBING
    }

    private final int floor;
    private final AtomicIntegerArray histogram = new AtomicIntegerArray(BUCKETS);
    private final AtomicBoolean closing = new AtomicBoolean();

    private volatile int limit;
    private volatile long windowEndNanos;
    private volatile int mostInFlight;
    private volatile boolean overloaded;
    private volatile boolean crowded;

    // Written only by the thread that holds 'closing'.
    private final long[] bases = new long[BASE_AGES];
    private int spans;
    private boolean begun;
    private long windowStartNanos;
    private long spanEndNanos;
    private Phase phase = Phase.STEADY;
    private double estimate;
    private boolean congestedBefore;
    private long delayBeforeProbeNanos;
    private long nextProbeNanos;
    private long probeIntervalNanos = MIN_PROBE_INTERVAL_NANOS;
    private long drainedAtNanos;

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
        histogram.incrementAndGet(bucket(firstByteNanos));
        if (inFlight > mostInFlight) {
            mostInFlight = inFlight; // A lost race loses one of many samples.
        }
        maybeClose(nowNanos);
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
            spanEndNanos = nowNanos + BASE_SPAN_NANOS;
            startWindow(nowNanos, MIN_WINDOW_NANOS);
            begun = true;
            nextProbeNanos = nowNanos;
            return;
        }
        if (nowNanos - windowEndNanos < 0) {
            return;
        }
        if (phase == Phase.DRAINING) {
            if (nowNanos - drainedAtNanos >= 0) {
                phase = Phase.PROBING;
                clear();
                startWindow(nowNanos, PROBE_WINDOW_NANOS);
            }
            return;
        }
        int samples = samples();
        boolean wasOverloaded = overloaded;
        int enough = phase == Phase.PROBING ? 2 * MIN_SAMPLES : MIN_SAMPLES;
        // Without any first byte, requests in flight are streams that go on: nothing speaks against more of them.
        boolean streamsOnly = samples == 0 && crowded && phase == Phase.STEADY;
        boolean tooFew = samples < enough && !streamsOnly && !wasOverloaded;
        if (tooFew && nowNanos - windowStartNanos < MAX_WINDOW_NANOS) {
            return;
        }
        long delay = samples == 0 ? 0 : quarterNanos(samples);
        int inFlight = mostInFlight;
        clear();
        nextSpan(nowNanos);
        if (phase == Phase.PROBING) {
            endProbe(delay);
        } else {
            adapt(delay, inFlight, wasOverloaded);
            maybeProbe(nowNanos, delay);
        }
        startWindow(nowNanos, MIN_WINDOW_NANOS);
    }

    private void adapt(long delay, int inFlight, boolean wasOverloaded) {
        double gradient = 1.0;
        if (delay > 0) {
            learnBase(delay);
            gradient = gradient(delay);
        }
        if (wasOverloaded) {
            gradient = Math.min(gradient, 0.9);
        }
        if (gradient < 1.0) {
            congestedBefore = true;
            double target = estimate * gradient + (wasOverloaded ? 0.0 : Math.sqrt(estimate));
            // Growth is only for windows in which the limit was in the way.
            setEstimate(Math.min((estimate + target) / 2, Math.max(estimate, inFlight)));
        } else if (inFlight >= estimate * 0.8) {
            setEstimate(congestedBefore ? estimate * 1.25 + 1 : estimate * 2);
        }
    }

    private double gradient(long delay) {
        double tolerated = TOLERANCE * Math.max(base(), NEGLIGIBLE_NANOS);
        return Math.max(0.5, Math.min(1.0, tolerated / delay));
    }

    /** Now and then, when the delay holds the limit down: look at the delay without a queue. */
    private void maybeProbe(long nowNanos, long delay) {
        if (nowNanos - nextProbeNanos < 0 || delay == 0 || gradient(delay) >= 1.0) {
            return;
        }
        nextProbeNanos = nowNanos + probeIntervalNanos;
        phase = Phase.DRAINING;
        delayBeforeProbeNanos = delay;
        drainedAtNanos = nowNanos + Math.min(delay, MAX_WINDOW_NANOS);
        limit = Math.max(Math.min(floor, (int) estimate), (int) (estimate * PROBE_SHARE));
    }

    private void endProbe(long delay) {
        phase = Phase.STEADY;
        long before = base();
        if (delay > delayBeforeProbeNanos * (1 + PROBE_SHARE) / 2) {
            // With half of the requests the delay fell by less than half of what a queue would explain.
            Arrays.fill(bases, Math.min(delay, (long) (MAX_BASE_RISE * Math.max(base(), NEGLIGIBLE_NANOS))));
        } else if (delay > 0) {
            // Half of the requests, hardly more than half of the delay: there was a queue even so, and the base is
            // less.
            boolean queueEvenSo = delay < delayBeforeProbeNanos * STILL_QUEUEING;
            learnBase(queueEvenSo ? (long) (delay * BASE_FALL) : delay);
        }
        boolean confirmed = Math.abs(base() - before) <= before / 8;
        probeIntervalNanos =
                confirmed ? Math.min(2 * probeIntervalNanos, MAX_PROBE_INTERVAL_NANOS) : MIN_PROBE_INTERVAL_NANOS;
        setEstimate(estimate);
    }

    private void learnBase(long delay) {
        int age = spans % BASE_AGES;
        bases[age] = bases[age] == 0 ? delay : Math.min(bases[age], delay);
    }

    private long base() {
        long least = Long.MAX_VALUE;
        for (long base : bases) {
            if (base > 0 && base < least) {
                least = base;
            }
        }
        return least == Long.MAX_VALUE ? NEGLIGIBLE_NANOS : least;
    }

    private void nextSpan(long nowNanos) {
        if (nowNanos - spanEndNanos < 0) {
            return;
        }
        spanEndNanos = nowNanos + BASE_SPAN_NANOS;
        spans++;
        bases[spans % BASE_AGES] = 0;
    }

    private void setEstimate(double value) {
        estimate = Math.max(floor, Math.min(MAX, value));
        limit = (int) estimate;
    }

    private void startWindow(long nowNanos, long lengthNanos) {
        windowStartNanos = nowNanos;
        windowEndNanos = nowNanos + lengthNanos;
    }

    private void clear() {
        for (int i = 0; i < BUCKETS; i++) {
            if (histogram.get(i) != 0) {
                histogram.set(i, 0);
            }
        }
        mostInFlight = 0;
        overloaded = false;
        crowded = false;
    }

    private int samples() {
        int sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += histogram.get(i);
        }
        return sum;
    }

    /** The delay that a quarter of the samples stayed below, as the middle of its bucket. */
    private long quarterNanos(int samples) {
        int rank = (samples + 3) / 4;
        int seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += histogram.get(i);
            if (seen >= rank) {
                return middleNanos(i);
            }
        }
        return middleNanos(BUCKETS - 1);
    }

    /** Buckets of equal width inside each power of two. */
    static int bucket(long nanos) {
        long value = Math.max(nanos, 1L << FIRST_OCTAVE);
        int octave = 63 - Long.numberOfLeadingZeros(value);
        int within = (int) (((value - (1L << octave)) * BUCKETS_PER_OCTAVE) >>> octave);
        return Math.min(BUCKETS - 1, (octave - FIRST_OCTAVE) * BUCKETS_PER_OCTAVE + within);
    }

    static long middleNanos(int bucket) {
        int octave = FIRST_OCTAVE + bucket / BUCKETS_PER_OCTAVE;
        long width = (1L << octave) / BUCKETS_PER_OCTAVE;
        return (1L << octave) + (bucket % BUCKETS_PER_OCTAVE) * width + width / 2;
    }
}
