/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.instance.RouterChoice.Candidate;
import java.net.URI;
import java.time.Duration;
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
 * know the best few ({@link RouterChoice}), with the next ones in the place of those that are down; and when none of all
 * these can be had, those that a router named when it went away. {@link #look} belongs to one thread at a time, the rest is
 * for any.
 */
final class RouterPlan {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    /** A new router is not found by all instances in the same moment. */
    static final Duration SPREAD = Duration.ofSeconds(2);

    private final Terms terms;
    private final @Nullable ResolvedRouters resolved;
    private final RouterLinks links;
    private final LongSupplier nanos;
    private final DoubleSupplier random;
    private volatile List<Candidate> named = List.of();

    // Of the thread that looks:
    private List<Candidate> considered = List.of();
    private List<Candidate> waitingFor = List.of();
    private long considerNanos;

    /**
     * What is dialled. Immutable.
     *
     * @param instanceId who dials
     * @param configured routers that are dialled in any case
     * @param count how many of the others
     */
    record Terms(String instanceId, List<URI> configured, int count) {}

    RouterPlan(
            Terms terms,
            @Nullable ResolvedRouters resolved,
            RouterLinks links,
            LongSupplier nanos,
            DoubleSupplier random) {
        this.terms = terms;
        this.resolved = resolved;
        this.links = links;
        this.nanos = nanos;
        this.random = random;
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
        List<Candidate> candidates = candidates(unusable);
        List<URI> best = choose(candidates, url -> !goingAway.contains(url));
        List<URI> usable = choose(candidates, url -> !unusable.contains(url));
        Set<URI> wanted = new LinkedHashSet<>(terms.configured);
        wanted.addAll(best);
        wanted.addAll(usable);
        // What was named is a way out, no more: it is left when one of the others stands again.
        if (links.staying(wanted) == 0) {
            wanted.addAll(choose(named, url -> !unusable.contains(url)));
        }
        links.want(wanted, candidates.isEmpty() ? 1 : terms.count);
    }

    private List<URI> choose(List<Candidate> candidates, Predicate<URI> allowed) {
        return RouterChoice.choose(
                terms.instanceId,
                candidates.stream().filter(one -> allowed.test(one.url())).toList(),
                terms.count);
    }

    /** What the resolvers know; something new counts a little later when there is no hurry. */
    private List<Candidate> candidates(Set<URI> unusable) {
        if (resolved == null) {
            return List.of();
        }
        List<Candidate> known = resolved.known();
        if (known != waitingFor) {
            waitingFor = known;
            considerNanos = nanos.getAsLong() + (long) (random.getAsDouble() * SPREAD.toNanos());
        }
        if (known != considered) {
            boolean calm = links.staying(choose(considered, url -> !unusable.contains(url))) >= terms.count;
            if (!calm || nanos.getAsLong() - considerNanos >= 0) {
                considered = known;
            }
        }
        return considered;
    }
}
