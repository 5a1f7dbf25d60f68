/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.instance.ResolvedRouters.Known;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decides when what the resolvers say is followed. At once while tunnels are missing; what would move tunnels that stand has
 * to be said for a moment, and comes a while after the move before it, so that a resolver that says now this, now that
 * makes nobody run to and fro. For one thread at a time.
 */
final class RouterMoves {

    /** What would move a tunnel that stands has to be said for so long. */
    static final Duration STEADY = Duration.ofSeconds(1);
    /** And up to so much longer: instances do not move in the same moment. */
    static final Duration SPREAD = Duration.ofSeconds(2);
    /** From one such move to the next. */
    static final Duration HOLD = Duration.ofSeconds(10);

    private final int count;
    private final LongSupplier nanos;
    private final DoubleSupplier random;
    private Known followed = Known.NOTHING;
    private Known waitingFor = Known.NOTHING;
    private long followNanos;
    private @Nullable Long movedNanos;

    /**
     * Nothing is followed yet.
     *
     * @param count how many tunnels are wanted
     * @param nanos a clock
     * @param random from 0 to 1, by chance
     */
    RouterMoves(int count, LongSupplier nanos, DoubleSupplier random) {
        this.count = count;
        this.nanos = nanos;
        this.random = random;
    }

    /**
     * What is followed now.
     *
     * @param known what the resolvers say
     * @param choice which usable routers that would mean
     * @param staying how many of some routers have a tunnel that stays
     */
    Known follow(Known known, Function<Known, List<URI>> choice, ToIntFunction<Collection<URI>> staying) {
        if (known.equals(followed)) {
            waitingFor = known;
            return followed;
        }
        List<URI> now = choice.apply(followed);
        Set<URI> next = Set.copyOf(choice.apply(known));
        boolean moves = staying.applyAsInt(now) >= count && !next.equals(Set.copyOf(now));
        if (!known.equals(waitingFor)) {
            if (waitingFor.equals(followed) || !next.equals(Set.copyOf(choice.apply(waitingFor)))) {
                followNanos = nanos.getAsLong() + STEADY.toNanos() + (long) (random.getAsDouble() * SPREAD.toNanos());
            }
            waitingFor = known;
        }
        if (!moves) {
            followed = known;
        } else if (nanos.getAsLong() - followNanos >= 0 && rested()) {
            followed = known;
            movedNanos = nanos.getAsLong();
        }
        return followed;
    }

    private boolean rested() {
        return movedNanos == null || nanos.getAsLong() - movedNanos >= HOLD.toNanos();
    }
}
