/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.admission.ConcurrencyLimit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Has the last word on each request: a permit, or the nack that tells why not. Thread-safe; {@link #tryAdmit} and
 * {@link #release} are a few instructions and allocate nothing.
 *
 * <p>The number in flight is raised first and compared then, so that two requests that come together cannot both be the
 * last one: it is never above the limit once {@link #tryAdmit} has returned null.
 */
final class AdmissionController {

    /** What a refused router should wait at least, when nothing better is known. */
    static final long DEFAULT_RETRY_AFTER_MILLIS = 100;

    /** What the last look at the instance's health means for requests. Immutable. */
    record Verdict(long healthSequence, @Nullable Nack refusal, Nack atLimit, Nack tooManyWaiting, Nack rejected) {
        static Verdict of(@Nullable Nack refusal, long healthSequence) {
            return new Verdict(
                    healthSequence,
                    refusal,
                    Nack.of(NackReason.LIMIT, DEFAULT_RETRY_AFTER_MILLIS, healthSequence),
                    Nack.of(NackReason.QUEUE_DELAY, DEFAULT_RETRY_AFTER_MILLIS, healthSequence),
                    Nack.of(NackReason.EXECUTOR_REJECTED, DEFAULT_RETRY_AFTER_MILLIS, healthSequence));
        }
    }

    private final ConcurrencyLimit limit;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLongArray nacks = new AtomicLongArray(NackReason.values().length + 1);

    private volatile Verdict verdict = Verdict.of(null, 0);

    /** True from a nack at the limit until there is room again; then {@link #onRoom} runs once. */
    private volatile boolean crowded;

    private volatile Runnable onRoom = () -> {};
    private volatile Runnable onIdle = () -> {};
    private final LongAdder ended = new LongAdder();

    AdmissionController(ConcurrencyLimit limit) {
        this.limit = limit;
    }

    /** Sets what runs, on the thread that made the room, when requests may come again after a nack at the limit. */
    void onRoom(Runnable action) {
        onRoom = action;
    }

    /** Work that had to be handed back waits no more: whoever paused may go on. */
    void roomAgain() {
        onRoom.run();
    }

    /** Sets what runs, on the thread that gave the last permit back, when nothing is in flight. */
    void onIdle(Runnable action) {
        onIdle = action;
    }

    /** Permits that were closed since the start. */
    long ended() {
        return ended.sum();
    }

    /** Takes the request, or says why not: null means admitted, and {@link #release} is owed once. */
    @Nullable
    Nack tryAdmit() {
        Verdict now = verdict;
        Nack refusal = now.refusal;
        if (refusal != null) {
            return count(refusal);
        }
        if (inFlight.incrementAndGet() > limit.limit()) {
            inFlight.decrementAndGet();
            crowded = true;
            return count(now.atLimit);
        }
        return null;
    }

    /** The limit may have risen: tells whoever waits for room. Also tells the limit when it is in the way. */
    void look(long nowNanos) {
        int now = inFlight.get();
        if (now >= limit.limit()) {
            limit.onCrowded(nowNanos, now);
        }
        if (crowded && inFlight.get() < limit.limit()) {
            crowded = false;
            onRoom.run();
        }
    }

    /** Gives a permit back. */
    void release() {
        int left = inFlight.decrementAndGet();
        ended.increment();
        if (left == 0) {
            onIdle.run();
        }
        if (crowded && left < limit.limit()) {
            crowded = false;
            onRoom.run();
        }
    }

    /** Publishes the outcome of a look at the health. */
    void publish(Verdict newVerdict) {
        verdict = newVerdict;
    }

    Verdict verdict() {
        return verdict;
    }

    int inFlight() {
        return inFlight.get();
    }

    int limit() {
        return limit.limit();
    }

    /** Counts a nack; gives it back. */
    Nack count(Nack nack) {
        nacks.incrementAndGet(nack.reason().number());
        return nack;
    }

    long nacks(NackReason reason) {
        return nacks.get(reason.number());
    }
}
