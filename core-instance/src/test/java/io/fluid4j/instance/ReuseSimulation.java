/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.instance.ResolvedRouters.Known;
import io.fluid4j.instance.RouterChoice.Who;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Placement;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleUnaryOperator;

/**
 * A fleet in virtual time: requests come to routers at random; a router serves them over a tunnel of its own, or after one
 * hop over that of a router that it has heard of, or has an instance started. Where instances dial is decided by what
 * decides it in earnest: {@link Placement}, {@link RouterChoice} and {@link RouterMoves}. Everything comes from one seed.
 */
final class ReuseSimulation {

    private static final long SECOND = 1_000_000_000L;
    private static final long TICK = SECOND / 2;
    private static final long LOOK = SECOND / 4;
    private static final long ASK = ResolvedRouters.ASK_EVERY.toNanos();
    private static final int DIALLED = 2;
    private static final double MEAN_SERVICE_SECONDS = 0.05;
    private static final long START = SECOND;

    /** Where a router is. */
    record Site(String router, String region, String zone) {}

    /**
     * What is played. Immutable.
     *
     * @param sites the routers
     * @param functions how many
     * @param skew exponent of Zipf's law
     * @param perSecond requests a second
     * @param idleSeconds an instance without requests ends after this time
     * @param lifeSeconds how long an instance lives on average, whatever it does; one that is in use is replaced first
     * @param slots requests an instance takes at once
     * @param seconds how long
     * @param spike what the rate of the first function is multiplied with, by the time in seconds
     */
    record Setting(
            List<Site> sites,
            int functions,
            double skew,
            double perSecond,
            double idleSeconds,
            double lifeSeconds,
            int slots,
            int seconds,
            DoubleUnaryOperator spike) {}

    /** How instances dial, and whether routers forward. */
    enum Policy {
        /** Two routers at random, the one that had it started among them; no hops. */
        RANDOM,
        /** As the resolver places them; one hop. */
        PLACED
    }

    /** What was counted after the warm-up. */
    static final class Result {
        long requests;
        /** The request before it for the same function was no longer ago than the idle time-out. */
        long possible;

        long here;
        long hopped;
        /** The same instances, had each dialled two routers at random: the router asked would have had one. */
        long byChance;

        long starts;
        int mostDialled;
        long tunnelsMoved;
        /** Each second: routers that hold the first function. */
        final List<Integer> holders = new ArrayList<>();
        /** Each second: the part of the first function's requests that its busiest router had to carry. */
        final List<Double> busiest = new ArrayList<>();
        /** Requests for other functions than the first, and those of them that hit. */
        long others;

        long othersHit;

        double hits() {
            return (double) (here + hopped) / requests;
        }

        double bound() {
            return (double) possible / requests;
        }

        double chance() {
            return (double) byChance / requests;
        }
    }

    /** An instance that runs. */
    private static final class Instance {
        final int number;
        final int function;
        final Locality here;
        final RouterMoves moves;
        final Set<Integer> byChance;
        Set<Integer> dialled = new TreeSet<>();
        Known known = Known.NOTHING;
        int inFlight;
        long usedNanos;
        boolean gone;

        Instance(int number, int function, Locality here, RouterMoves moves, Set<Integer> byChance, long usedNanos) {
            this.number = number;
            this.function = function;
            this.here = here;
            this.moves = moves;
            this.byChance = byChance;
            this.usedNanos = usedNanos;
        }
    }

    private record Event(long nanos, long sequence, Runnable what) {}

    private final Setting setting;
    private final Policy policy;
    private final Random traffic;
    private final Random chance;
    private final Result result = new Result();
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::sequence));
    private final List<List<Instance>> instances = new ArrayList<>();
    private final List<Set<Integer>> starting = new ArrayList<>();
    private final long[] lastAskedNanos;
    private final long[] carried;
    private final double[] cumulated;
    private final ReuseView view;
    private final Placement placement;
    private long nanos;
    private long sequence;
    private int made;

    private ReuseSimulation(Setting setting, Policy policy, long seed) {
        this.setting = setting;
        this.policy = policy;
        this.traffic = new Random(seed);
        this.chance = new Random(seed + 1);
        this.lastAskedNanos = new long[setting.functions];
        this.cumulated = new double[setting.functions];
        this.carried = new long[setting.sites.size()];
        double sum = 0;
        for (int f = 0; f < setting.functions; f++) {
            instances.add(new ArrayList<>());
            starting.add(new HashSet<>());
            lastAskedNanos[f] = Long.MIN_VALUE / 2;
            sum += 1 / StrictMath.pow(f + 1, setting.skew);
            cumulated[f] = sum;
        }
        this.view = new ReuseView(setting.sites);
        this.placement = new Placement(view, DIALLED, () -> nanos);
    }

    static Result play(Setting setting, Policy policy, long seed) {
        return new ReuseSimulation(setting, policy, seed).run();
    }

    private Result run() {
        for (int r = 0; r < setting.sites.size(); r++) {
            int router = r;
            at(chance.nextInt((int) TICK), () -> tick(router));
        }
        at(0, this::arrive);
        at(SECOND, this::sample);
        long end = setting.seconds * SECOND;
        for (Event next = events.poll(); next != null && next.nanos < end; next = events.poll()) {
            nanos = next.nanos;
            next.what.run();
        }
        return result;
    }

    private void at(long inNanos, Runnable what) {
        events.add(new Event(nanos + inNanos, sequence++, what));
    }

    private double exponential(Random random, double mean) {
        return -StrictMath.log(1 - random.nextDouble()) * mean;
    }

    private boolean counts() {
        return nanos > 2 * setting.idleSeconds * SECOND;
    }

    // ---- requests

    private void arrive() {
        double all = cumulated[cumulated.length - 1];
        double spiked = setting.spike.applyAsDouble((double) nanos / SECOND) - 1;
        double point = traffic.nextDouble() * (all + spiked * cumulated[0]);
        int function = 0;
        if (point < all) {
            while (cumulated[function] < point) {
                function++;
            }
        }
        ask(function, traffic.nextInt(setting.sites.size()));
        double rate = setting.perSecond * (all + spiked * cumulated[0]) / all;
        at((long) (exponential(traffic, 1 / rate) * SECOND), this::arrive);
    }

    private void ask(int function, int at) {
        boolean possible = nanos - lastAskedNanos[function] <= setting.idleSeconds * SECOND;
        lastAskedNanos[function] = nanos;
        boolean byChance = instances.get(function).stream().anyMatch(one -> one.byChance.contains(at));
        int served = at;
        Instance found = free(function, at);
        if (found == null && policy == Policy.PLACED) {
            served = next(function, at);
            found = served < 0 ? null : free(function, served);
        }
        if (counts()) {
            result.requests++;
            result.possible += possible ? 1 : 0;
            result.byChance += byChance ? 1 : 0;
            result.here += found != null && served == at ? 1 : 0;
            result.hopped += found != null && served != at ? 1 : 0;
            result.others += function == 0 ? 0 : 1;
            result.othersHit += function == 0 || found == null ? 0 : 1;
        }
        if (found == null) {
            start(function, at);
            return;
        }
        if (function == 0) {
            carried[served]++;
        }
        Instance by = found;
        by.inFlight++;
        by.usedNanos = nanos;
        at((long) (exponential(chance, MEAN_SERVICE_SECONDS) * SECOND), () -> by.inFlight--);
    }

    /** The instance with the fewest requests of those that a router has a tunnel to. */
    private Instance free(int function, int router) {
        Instance best = null;
        for (Instance one : instances.get(function)) {
            if (one.dialled.contains(router)
                    && one.inFlight < setting.slots
                    && (best == null || one.inFlight < best.inFlight)) {
                best = one;
            }
        }
        return best;
    }

    /** Another router that is said to hold the function and does: the nearest with room; one hop, as often as it takes. */
    private int next(int function, int from) {
        Site site = setting.sites.get(from);
        for (int router : view.holders(function, new Locality(site.region, site.zone))) {
            if (router != from && free(function, router) != null) {
                return router;
            }
        }
        return -1;
    }

    // ---- instances

    private void start(int function, int router) {
        if (starting.get(function).add(router)) {
            at(START, () -> {
                starting.get(function).remove(router);
                Site site = setting.sites.get(router);
                started(function, new Locality(site.region, site.zone), router, nanos - START);
            });
        }
    }

    private void started(int function, Locality here, int router, long usedNanos) {
        Set<Integer> two = twoByChance(policy == Policy.RANDOM ? router : chance.nextInt(setting.sites.size()));
        Instance one = new Instance(
                made++, function, here, new RouterMoves(DIALLED, () -> nanos, chance::nextDouble), two, usedNanos);
        instances.get(function).add(one);
        result.starts++;
        if (policy == Policy.RANDOM) {
            one.dialled = two;
        } else {
            askPlacement(one);
        }
        endIfIdle(one);
        at((long) (exponential(chance, setting.lifeSeconds) * SECOND), () -> replace(one));
    }

    private Set<Integer> twoByChance(int first) {
        Set<Integer> two = new LinkedHashSet<>();
        two.add(first);
        while (two.size() < Math.min(DIALLED, setting.sites.size())) {
            two.add(chance.nextInt(setting.sites.size()));
        }
        return two;
    }

    private void endIfIdle(Instance one) {
        long left = one.usedNanos + (long) (setting.idleSeconds * SECOND) - nanos;
        if (one.gone) {
            return;
        }
        if (left > 0 || one.inFlight > 0) {
            at(Math.max(left, SECOND / 10), () -> endIfIdle(one));
        } else {
            end(one);
        }
    }

    /** Its time is over: the next one runs before it ends. */
    private void replace(Instance old) {
        if (!old.gone) {
            at(START, () -> {
                if (!old.gone) {
                    started(old.function, old.here, chance.nextInt(setting.sites.size()), old.usedNanos);
                    end(old);
                }
            });
        }
    }

    private void end(Instance one) {
        one.gone = true;
        instances.get(one.function).remove(one);
        one.dialled.forEach(router -> view.touch(router, one.function));
    }

    private void askPlacement(Instance one) {
        if (one.gone) {
            return;
        }
        List<String> placed = placement.of("f" + one.function, one.here, DIALLED).stream()
                .map(RouterAddress::router)
                .toList();
        one.known = new Known(view.candidates(one.here), placed);
        look(one);
        at((long) (ASK * (0.8 + 0.4 * chance.nextDouble())), () -> askPlacement(one));
    }

    private void look(Instance one) {
        if (one.gone) {
            return;
        }
        Known followed = one.moves.follow(one.known, known -> choose(one, known), some -> standing(one, some));
        Set<Integer> wanted = new TreeSet<>();
        choose(one, followed).forEach(url -> wanted.add(view.indexOf(url)));
        if (!wanted.equals(one.dialled)) {
            for (int router = 0; router < setting.sites.size(); router++) {
                if (wanted.contains(router) != one.dialled.contains(router)) {
                    view.touch(router, one.function);
                }
            }
            if (!one.dialled.isEmpty()) {
                result.tunnelsMoved += wanted.stream()
                        .filter(router -> !one.dialled.contains(router))
                        .count();
            }
            one.dialled = wanted;
            result.mostDialled = Math.max(result.mostDialled, wanted.size());
        }
        if (!followed.equals(one.known)) {
            at(LOOK, () -> look(one));
        }
    }

    private static List<URI> choose(Instance one, Known known) {
        return RouterChoice.choose(
                new Who("i" + one.number, "f" + one.function), known.placed(), known.routers(), DIALLED);
    }

    private int standing(Instance one, Collection<URI> routers) {
        return (int) routers.stream()
                .filter(url -> one.dialled.contains(view.indexOf(url)))
                .count();
    }

    // ---- what routers tell

    /** A router tells what has changed, as often as one does in earnest. */
    private void tick(int router) {
        for (int function : view.touched(router)) {
            int tunnels = 0;
            int capacity = 0;
            for (Instance one : instances.get(function)) {
                if (one.dialled.contains(router)) {
                    tunnels++;
                    capacity += setting.slots - one.inFlight;
                }
            }
            view.tell(router, function, tunnels, capacity);
        }
        at(TICK, () -> tick(router));
    }

    private void sample() {
        Set<Integer> holders = new TreeSet<>();
        for (Instance one : instances.get(0)) {
            holders.addAll(one.dialled);
        }
        result.holders.add(holders.size());
        long sum = 0;
        long most = 0;
        for (int router = 0; router < carried.length; router++) {
            sum += carried[router];
            most = Math.max(most, carried[router]);
            carried[router] = 0;
            if (holders.contains(router)) {
                view.touch(router, 0); // its room changes with every request
            }
        }
        result.busiest.add(sum == 0 ? 0 : (double) most / sum);
        at(SECOND, this::sample);
    }
}
