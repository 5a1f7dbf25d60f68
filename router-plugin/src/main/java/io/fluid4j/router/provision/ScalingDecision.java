/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether one function needs instances more or less. Knows the time only from what it is told; for one thread.
 *
 * <p>More are asked for as soon as somebody waits, nobody is there or fewer than the least are, else when too few have
 * been there for {@link #SHORT_NANOS}: one sample is no trend. What has been asked for counts as if it were there, until
 * it comes, fails, or takes too long; a failure makes the next start wait, longer each time. One instance is let go when
 * the most that was wanted in the whole idle time is less than there are; the next only when that one has gone. So the
 * number follows load upwards within a second, downwards no faster than the idle time, and load that moves to and fro
 * in less than that moves nothing.
 */
final class ScalingDecision {

    /** How long there must be too few before more are asked for, while nobody waits. */
    static final long SHORT_NANOS = 500_000_000L;
    /** The wait after failures in a row is at most 2 to this power times the first. */
    private static final int MAX_DOUBLINGS = 6;

    /** What the operator wants. */
    record Policy(int min, int max, long idleNanos, long startTimeoutNanos, long backOffNanos) {
        Policy {
            if (min < 1 || max < min) {
                throw new IllegalArgumentException("min " + min + ", max " + max + " (expected: 1 <= min <= max)");
            }
        }
    }

    /** An instance that takes requests, and whether it may be let go. */
    record Standing(String id, boolean stoppable, int load, long connectedNanos) {}

    /**
     * How things are.
     *
     * @param desired instances wanted for what runs and waits
     * @param waiting requests that wait
     * @param staying instances that are not about to go
     * @param leaving instances that are
     */
    record Situation(int desired, int waiting, List<Standing> staying, int leaving) {}

    /**
     * What to do.
     *
     * @param starts how many instances to ask for
     * @param stop the instance to let go, or null
     * @param expired orders that have taken too long and count as failed
     * @param reason why, a word
     */
    record Step(int starts, @Nullable String stop, List<String> expired, String reason) {}

    private record Sample(long nanos, int wanted) {}

    private final Policy policy;
    /** When each instance that is not there yet was asked for. */
    private final Map<String, Long> pending = new LinkedHashMap<>();
    /** The largest wants of the idle time: each is less than the one before it. */
    private final ArrayDeque<Sample> peaks = new ArrayDeque<>();

    private boolean watching;
    private long watchingSince;
    private boolean tooFew;
    private long tooFewSince;
    private int failures;
    private long retryAt;
    private int target;

    ScalingDecision(Policy policy) {
        this.policy = policy;
        this.target = policy.min();
    }

    /** How many there should be, smoothed and within the bounds: what is published and what is done are one figure. */
    int target() {
        return target;
    }

    int pending() {
        return pending.size();
    }

    boolean awaits(String id) {
        return pending.containsKey(id);
    }

    /** Whether more would be asked for if they were wanted. */
    boolean mayGrow(long now, int there) {
        return there + pending.size() < policy.max() && !backingOff(now);
    }

    Step decide(long now, Situation situation) {
        List<String> expired = expire(now);
        int wanted = Math.min(policy.max(), Math.max(policy.min(), situation.desired()));
        remember(now, wanted);
        int there = situation.staying().size();
        int size = there + pending.size();
        if (wanted > size) {
            target = wanted;
            return grow(now, situation, wanted - size, expired);
        }
        tooFew = false;
        int peak = peaks.getFirst().wanted();
        target = Math.max(wanted, Math.min(size, peak));
        boolean tooMany = there > peak && pending.isEmpty() && situation.leaving() == 0;
        if (tooMany && now - watchingSince >= policy.idleNanos()) {
            return new Step(0, leastMissed(situation.staying()), expired, "idle");
        }
        return new Step(0, null, expired, "enough");
    }

    private Step grow(long now, Situation situation, int missing, List<String> expired) {
        if (!tooFew) {
            tooFew = true;
            tooFewSince = now;
        }
        int there = situation.staying().size();
        String reason = situation.waiting() > 0 ? "waiting" : there < policy.min() ? "minimum" : "load";
        boolean urgent = !reason.equals("load");
        int room = policy.max() - there - pending.size() - situation.leaving();
        if (backingOff(now) || room <= 0 || !(urgent || now - tooFewSince >= SHORT_NANOS)) {
            return new Step(0, null, expired, reason);
        }
        return new Step(Math.min(missing, room), null, expired, reason);
    }

    /** An instance was asked for. */
    void asked(long now, String id) {
        pending.put(id, now);
    }

    /**
     * It has come.
     *
     * @return how long after it was asked for, nanoseconds; -1 when it was not, or has been given up
     */
    long joined(long now, String id) {
        Long asked = pending.remove(id);
        if (asked == null) {
            return -1;
        }
        failures = 0;
        return now - asked;
    }

    /** The order that has waited longest; null when there is none. */
    @Nullable
    String oldestPending() {
        Iterator<String> ids = pending.keySet().iterator();
        return ids.hasNext() ? ids.next() : null;
    }

    /** It will not come. False when nobody waits for it any more. */
    boolean failed(long now, String id) {
        if (pending.remove(id) == null) {
            return false;
        }
        // Orders of one moment fail together: that is one failure.
        if (!backingOff(now)) {
            retryAt = now + (policy.backOffNanos() << Math.min(failures, MAX_DOUBLINGS));
            failures++;
        }
        return true;
    }

    private boolean backingOff(long now) {
        return failures > 0 && now - retryAt < 0;
    }

    private List<String> expire(long now) {
        List<String> expired = new ArrayList<>();
        pending.forEach((id, asked) -> {
            if (now - asked >= policy.startTimeoutNanos()) {
                expired.add(id);
            }
        });
        expired.forEach(id -> failed(now, id));
        return expired;
    }

    private void remember(long now, int wanted) {
        if (!watching) {
            watching = true;
            watchingSince = now;
        }
        while (!peaks.isEmpty() && peaks.getLast().wanted() <= wanted) {
            peaks.removeLast();
        }
        peaks.addLast(new Sample(now, wanted));
        while (now - peaks.getFirst().nanos() >= policy.idleNanos() && peaks.size() > 1) {
            peaks.removeFirst();
        }
    }

    /** The one with the least to finish; of several the youngest, whose code is the coldest. */
    private static @Nullable String leastMissed(List<Standing> staying) {
        return staying.stream()
                .filter(Standing::stoppable)
                .min(Comparator.comparingInt(Standing::load).thenComparingLong(Standing::connectedNanos))
                .map(Standing::id)
                .orElse(null);
    }
}
