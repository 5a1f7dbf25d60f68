/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.resolve.Resolution.Route;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which routers should hold a function, that is, where its instances should dial. By rendezvous hashing of function and
 * router: whoever asks gets the same answer, so that the first requests for a function nobody holds meet at one router of
 * the region, and when a router comes or goes only those functions move that it concerns.
 *
 * <ul>
 *   <li>Routers of the asker's region come first, whatever their zone; further ones of the set are in zones that it does
 *       not have yet, as long as there are such zones.
 *   <li>A router at its limit gets no function that it does not hold: the next one does. Its limit is a quarter more
 *       tunnels than the routers of its region have on average.
 *   <li>While the routers that hold a function have no room left (less than one request for four tunnels), its set is
 *       widened, doubling what is added each second, up to one router for each tunnel; {@link #NARROW_AFTER} after that it
 *       is narrowed again, step by step.
 *   <li>A function with many instances has a set as wide as it takes for no more than {@value #TUNNELS_FOR_ROUTER} of its
 *       tunnels to come to one router, also while its instances have room: it is the routers that would be too busy.
 * </ul>
 *
 * For any thread; a look-up takes a lock that is held for a few comparisons for each router.
 */
public final class Placement {

    /** How often a set is widened while its routers have no room. */
    public static final Duration WIDEN_EVERY = Duration.ofSeconds(1);
    /** How long there has to be room before a set is narrowed. */
    public static final Duration NARROW_AFTER = Duration.ofSeconds(30);
    /** How often it is narrowed by one router then. */
    public static final Duration NARROW_EVERY = Duration.ofSeconds(10);

    /** Below so many tunnels nobody is at its limit. */
    static final int MIN_LIMIT = 16;

    /** A limit is the average, times five quarters. */
    private static final double OVER_AVERAGE = 1.25;

    /** More tunnels of one function than this for each of its routers widen its set. */
    static final int TUNNELS_FOR_ROUTER = 16;

    /** Where instances take one request at a time, most have to be busy before that counts as no room. */
    private static final int TUNNELS_FOR_ROOM = 4;

    private static final long OFFSET = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private record Ranked(RouterAddress router, long rank, boolean elsewhere, boolean full) {}

    /** How much wider than usual the set of a function is. */
    private static final class Spread {
        int added;
        long changedNanos;
        long pressedNanos;
    }

    private final Resolver resolver;
    private final int width;
    private final LongSupplier nanos;
    private final Object lock = new Object();
    // Guarded by lock:
    private final Map<String, Resolution> held = new HashMap<>();
    private final Map<String, Integer> tunnels = new HashMap<>();
    private final Map<String, Spread> spreads = new HashMap<>();

    /**
     * The placement of a fleet.
     *
     * @param resolver knows the routers and what they hold; stays the caller's to close
     * @param width routers of a function in quiet times, 1 or more
     * @param nanos a clock
     */
    public Placement(Resolver resolver, int width, LongSupplier nanos) {
        if (width < 1) {
            throw new IllegalArgumentException("width " + width + " (expected: 1 or more)");
        }
        this.resolver = requireNonNull(resolver, "resolver");
        this.width = width;
        this.nanos = requireNonNull(nanos, "nanos");
        resolver.watch(this::changed);
    }

    /**
     * Where instances of a function should dial.
     *
     * @param function the function
     * @param here where they run
     * @return the best first; empty when no router is known
     */
    public List<RouterAddress> of(String function, Locality here) {
        return of(function, here, width);
    }

    /**
     * As {@link #of(String, Locality)}, for an instance that dials another number of routers than is usual.
     *
     * @param function the function
     * @param here where they run
     * @param dialled how many routers there are at least, 1 or more
     * @return the best first; empty when no router is known
     */
    public List<RouterAddress> of(String function, Locality here, int dialled) {
        if (dialled < 1) {
            throw new IllegalArgumentException("dialled " + dialled + " (expected: 1 or more)");
        }
        List<Route> routers = resolver.routers();
        Resolution holders = resolver.lookup(function);
        synchronized (lock) {
            int wanted = dialled + added(function, holders, routers.size());
            return choose(ranked(function, here, routers, holders), wanted);
        }
    }

    /**
     * The order of rendezvous hashing: of several routers the one with the highest rank (unsigned) comes first.
     *
     * @param key whoever chooses a router
     * @param router the name of the router
     * @return any number, the same for everybody
     */
    public static long rank(String key, String router) {
        long mixed = hash(hash(OFFSET, key), router);
        mixed = (mixed ^ (mixed >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }

    private void changed(String function, @Nullable Resolution now) {
        synchronized (lock) {
            Resolution before = now == null ? held.remove(function) : held.put(function, now);
            count(before, -1);
            count(now, 1);
        }
    }

    private void count(@Nullable Resolution resolution, int sign) {
        if (resolution == null || resolution.function().equals(Holding.ITSELF)) {
            return;
        }
        for (Route route : resolution.routes()) {
            int change = sign * route.registration().tunnels();
            tunnels.merge(route.registration().router().router(), change, (a, b) -> a + b == 0 ? null : a + b);
        }
    }

    /** By how many routers the set is wider now. */
    private int added(String function, @Nullable Resolution holders, int routers) {
        long now = nanos.getAsLong();
        int live = holders == null ? 0 : live(holders);
        boolean pressed = holders != null && capacity(holders) * TUNNELS_FOR_ROOM < live;
        int most = Math.max(0, Math.min(routers, live) - width);
        int least = Math.min(most, Math.max(0, (live + TUNNELS_FOR_ROUTER - 1) / TUNNELS_FOR_ROUTER - width));
        Spread spread = spreads.get(function);
        if (spread == null) {
            if (!pressed && least == 0) {
                return 0;
            }
            spread = new Spread();
            spread.changedNanos = now - WIDEN_EVERY.toNanos();
            spreads.put(function, spread);
        }
        if (pressed && now - spread.changedNanos >= WIDEN_EVERY.toNanos()) {
            spread.changedNanos = now;
            spread.added = Math.min(Math.max(1, spread.added * 2), most);
        }
        spread.added = Math.max(spread.added, least);
        if (pressed || (least > 0 && spread.added == least)) {
            spread.pressedNanos = now;
            return spread.added;
        }
        while (spread.added > least
                && now - spread.pressedNanos >= NARROW_AFTER.toNanos()
                && now - spread.changedNanos >= NARROW_EVERY.toNanos()) {
            spread.added--;
            // What was due while nobody asked is made up for, one step for each interval.
            long due = Math.max(
                    spread.changedNanos, spread.pressedNanos + NARROW_AFTER.toNanos() - NARROW_EVERY.toNanos());
            spread.changedNanos = due + NARROW_EVERY.toNanos();
        }
        if (spread.added == 0) {
            spreads.remove(function);
        }
        return spread.added;
    }

    private static long capacity(Resolution holders) {
        return holders.routes().stream()
                .mapToLong(route -> route.registration().capacity())
                .sum();
    }

    private static int live(Resolution holders) {
        long live = holders.routes().stream()
                .mapToLong(route -> route.registration().tunnels())
                .sum();
        return (int) Math.min(Integer.MAX_VALUE, live);
    }

    private List<Ranked> ranked(String function, Locality here, List<Route> routers, @Nullable Resolution holders) {
        Map<String, Integer> count = new HashMap<>();
        Map<String, Long> sum = new HashMap<>();
        for (Route route : routers) {
            RouterAddress router = route.registration().router();
            count.merge(router.region(), 1, Integer::sum);
            sum.merge(router.region(), (long) tunnels.getOrDefault(router.router(), 0), Long::sum);
        }
        Set<String> holding = new HashSet<>();
        if (holders != null) {
            holders.routes()
                    .forEach(route -> holding.add(route.registration().router().router()));
        }
        List<Ranked> ranked = new ArrayList<>(routers.size());
        for (Route route : routers) {
            RouterAddress router = route.registration().router();
            if (route.registration().capacity() == 0) {
                continue; // It goes away.
            }
            double average = (double) sum.getOrDefault(router.region(), 0L) / count.getOrDefault(router.region(), 1);
            double limit = Math.max(MIN_LIMIT, average * OVER_AVERAGE);
            boolean full = tunnels.getOrDefault(router.router(), 0) >= limit && !holding.contains(router.router());
            ranked.add(new Ranked(
                    router, rank(function, router.router()), !router.region().equals(here.region()), full));
        }
        return ranked;
    }

    private static List<RouterAddress> choose(List<Ranked> left, int wanted) {
        List<RouterAddress> chosen = new ArrayList<>();
        Set<String> zones = new HashSet<>();
        Comparator<Ranked> order = Comparator.comparing(Ranked::elsewhere)
                .thenComparing(Ranked::full)
                .thenComparing(one -> zones.contains(place(one.router)))
                .thenComparing((one, other) -> Long.compareUnsigned(other.rank, one.rank))
                .thenComparing(one -> one.router.router());
        while (chosen.size() < wanted && !left.isEmpty()) {
            Ranked best = left.get(0);
            for (Ranked one : left) {
                best = order.compare(one, best) < 0 ? one : best;
            }
            chosen.add(best.router);
            zones.add(place(best.router));
            left.remove(best);
        }
        return List.copyOf(chosen);
    }

    private static String place(RouterAddress router) {
        return router.region() + '/' + router.zone();
    }

    private static long hash(long seed, String text) {
        long hash = seed;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return (hash ^ 0xFFFF) * PRIME;
    }
}
