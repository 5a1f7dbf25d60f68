/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.instance.ResolvedRouters.Known;
import io.fluid4j.instance.RouterChoice.Candidate;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which routers are dialled, again and again: those of the configuration in any case; of those that the resolvers
 * know the few where the function is placed ({@link RouterChoice}), with the next ones in the place of those that are down;
 * and when none of all these can be had, those that a router named when it went away. {@link #look} belongs to
 * one thread at a time, the rest is for any.
 */
final class RouterPlan {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private final Terms terms;
    private final @Nullable ResolvedRouters resolved;
    private final RouterLinks links;
    private final RouterMoves moves;
    private volatile List<Candidate> named = List.of();

    /**
     * What is dialled. Immutable.
     *
     * @param who who dials
     * @param configured routers that are dialled in any case
     * @param count how many of the others
     */
    record Terms(RouterChoice.Who who, List<URI> configured, int count) {}

    RouterPlan(
            Terms terms,
            @Nullable ResolvedRouters resolved,
            RouterLinks links,
            LongSupplier nanos,
            DoubleSupplier random) {
        this.terms = terms;
        this.resolved = resolved;
        this.links = links;
        this.moves = new RouterMoves(terms.count, nanos, random);
    }

    /**
     * A router goes away and has named others.
     *
     * @param routers their addresses; empty: it knows none
     */
    void named(List<String> routers) {
        List<Candidate> candidates = new ArrayList<>();
        for (String router : routers) {
            try {
                candidates.add(new Candidate(router, URI.create(router), "", 0));
            } catch (IllegalArgumentException e) {
                LOG.log(WARNING, "a router that goes away named one that cannot be dialled: {0}", e.getMessage());
            }
        }
        if (!candidates.isEmpty()) {
            named = List.copyOf(candidates);
        }
    }

    /** Looks at what is known and what stands, and dials and leaves accordingly. */
    void look() {
        links.look();
        Set<URI> unusable = links.unusable();
        Set<URI> goingAway = links.goingAway();
        Known known = known(url -> !unusable.contains(url));
        List<URI> best = choose(known, url -> !goingAway.contains(url));
        List<URI> usable = choose(known, url -> !unusable.contains(url));
        Set<URI> wanted = new LinkedHashSet<>(terms.configured);
        wanted.addAll(best);
        wanted.addAll(usable);
        // What was named is a way out, no more: it is left when one of the others stands again.
        if (links.staying(wanted) == 0) {
            wanted.addAll(choose(new Known(named, List.of()), url -> !unusable.contains(url)));
        }
        links.want(wanted, known.routers().isEmpty() ? 1 : terms.count);
    }

    private List<URI> choose(Known known, Predicate<URI> allowed) {
        return RouterChoice.choose(
                terms.who,
                known.placed(),
                known.routers().stream().filter(one -> allowed.test(one.url())).toList(),
                terms.count);
    }

    /** What the resolvers say, as far as it is followed by now. */
    private Known known(Predicate<URI> usable) {
        if (resolved == null) {
            return Known.NOTHING;
        }
        resolved.look();
        return moves.follow(resolved.known(), known -> choose(known, usable), links::staying);
    }
}
