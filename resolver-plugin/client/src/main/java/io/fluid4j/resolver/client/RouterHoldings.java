/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one router holds, and what a replacement or a change of it means for each function. Shared by stores; not safe
 * for several threads.
 */
public final class RouterHoldings {

    private RouterAddress router;
    private Duration ttl;
    private Map<String, List<Holding>> byFunction = Map.of();

    /**
     * A router that holds nothing yet.
     *
     * @param router the router
     * @param ttl how long its word counts
     */
    public RouterHoldings(RouterAddress router, Duration ttl) {
        this.router = router;
        this.ttl = Registration.checkTtl(ttl);
    }

    /** The router, as it has registered last. */
    public RouterAddress router() {
        return router;
    }

    /** How long its word counts. */
    public Duration ttl() {
        return ttl;
    }

    /** The names of the functions it holds. */
    public List<String> functions() {
        return List.copyOf(byFunction.keySet());
    }

    /**
     * Replaces everything.
     *
     * @param address the router from now on
     * @param timeToLive how long its word counts from now on
     * @param holdings what it holds
     * @param revision what the changes are marked with
     * @return what that changes for others; empty when it said the same before
     */
    public List<RecordChange> replace(
            RouterAddress address, Duration timeToLive, List<Holding> holdings, Revision revision) {
        boolean same = address.equals(router) && timeToLive.equals(ttl);
        router = address;
        ttl = Registration.checkTtl(timeToLive);
        Map<String, List<Holding>> next = new HashMap<>();
        group(holdings).forEach((function, changes) -> {
            List<Holding> merged = merge(List.of(), changes);
            if (!merged.isEmpty()) {
                next.put(function, merged);
            }
        });
        Map<String, List<Holding>> before = byFunction;
        byFunction = next;
        List<RecordChange> changes = new ArrayList<>();
        next.forEach((function, now) -> {
            if (!same || !now.equals(before.get(function))) {
                changes.add(put(function, now, revision));
            }
        });
        before.keySet().forEach(function -> {
            if (!next.containsKey(function)) {
                changes.add(RecordChange.gone(function, router.router()));
            }
        });
        return changes;
    }

    /**
     * Changes some.
     *
     * @param holdings what is new, has changed, or (0 tunnels) has gone
     * @param revision what the changes are marked with
     * @return what that changes for others; empty when it said the same before
     */
    public List<RecordChange> update(List<Holding> holdings, Revision revision) {
        Map<String, List<Holding>> next = new HashMap<>(byFunction);
        List<RecordChange> changes = new ArrayList<>();
        group(holdings).forEach((function, some) -> {
            List<Holding> before = byFunction.get(function);
            List<Holding> now = merge(before == null ? List.of() : before, some);
            if (now.isEmpty()) {
                if (next.remove(function) != null) {
                    changes.add(RecordChange.gone(function, router.router()));
                }
            } else if (!now.equals(next.put(function, now))) {
                changes.add(put(function, now, revision));
            }
        });
        byFunction = next;
        return changes;
    }

    private RecordChange put(String function, List<Holding> holdings, Revision revision) {
        return RecordChange.put(new Registration(function, router, holdings, ttl, revision));
    }

    private static Map<String, List<Holding>> group(List<Holding> holdings) {
        Map<String, List<Holding>> groups = new LinkedHashMap<>();
        for (Holding holding : holdings) {
            groups.computeIfAbsent(holding.function(), function -> new ArrayList<>(1))
                    .add(holding);
        }
        return groups;
    }

    private static List<Holding> merge(List<Holding> before, List<Holding> changes) {
        if (before.size() <= 1 && changes.size() == 1 && replacesAll(before, changes.get(0))) {
            return changes.get(0).tunnels() == 0 ? List.of() : List.copyOf(changes);
        }
        TreeMap<String, Holding> byDeployment = new TreeMap<>();
        before.forEach(holding -> byDeployment.put(holding.deployment(), holding));
        for (Holding change : changes) {
            if (change.tunnels() > 0) {
                byDeployment.put(change.deployment(), change);
            } else if (change.deployment().isEmpty()) {
                byDeployment.clear();
            } else {
                byDeployment.remove(change.deployment());
            }
        }
        return List.copyOf(byDeployment.values());
    }

    /** The usual case: one deployment, and the change is of that one. */
    private static boolean replacesAll(List<Holding> before, @Nullable Holding change) {
        return change != null && (before.isEmpty() || before.get(0).deployment().equals(change.deployment()));
    }
}
