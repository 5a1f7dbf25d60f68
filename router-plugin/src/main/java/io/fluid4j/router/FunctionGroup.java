/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.router.select.Standing;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one function, with an immutable picture of them that requests pick from. Lives as long as the
 * router: a function without instances may get some again.
 */
final class FunctionGroup {

    /** What requests see: replaced as a whole when an instance comes or goes. */
    private record Picture(
            List<Instance> instances, List<Standing> standings, Picker all, Map<String, Picker> byDeployment) {}

    private final String name;
    private final InstanceSelector selector;
    private final WaitQueue<RouterExchange> waiting;
    private final RetryBudget retries = new RetryBudget();
    private final FunctionMetrics metrics;
    private final NanoClock clock;
    private volatile Picture picture;
    /** Instances that have been asked for and are not there yet. */
    private volatile int starting;
    /** Whether more would be asked for. */
    private volatile boolean mayGrow;

    private volatile boolean pooled;
    /** Until when instances were starting; differences only. */
    private volatile long startingUntilNanos;

    private volatile boolean everStarting;

    FunctionGroup(
            String name,
            InstanceSelector selector,
            WaitQueue<RouterExchange> waiting,
            FunctionMetrics metrics,
            NanoClock clock) {
        this.clock = clock;
        this.name = name;
        this.selector = selector;
        this.waiting = waiting;
        this.metrics = metrics;
        this.picture = new Picture(List.of(), List.of(), selector.picker(List.of()), Map.of());
    }

    String name() {
        return name;
    }

    List<Instance> instances() {
        return picture.instances;
    }

    /** Those that are connected and not draining. */
    List<Instance> staying() {
        List<Instance> staying = new ArrayList<>(picture.instances);
        staying.removeIf(Instance::draining);
        return staying;
    }

    List<String> deployments() {
        TreeSet<String> names = new TreeSet<>();
        for (Instance instance : picture.instances) {
            names.add(instance.deployment());
        }
        return List.copyOf(names);
    }

    WaitQueue<RouterExchange> waiting() {
        return waiting;
    }

    RetryBudget retries() {
        return retries;
    }

    FunctionMetrics metrics() {
        return metrics;
    }

    /** The instance for a request, by the weights of its route; null when none is available. */
    @Nullable
    Instance pick(Attempt attempt, Weights weights) {
        Picture now = picture;
        if (weights.none()) {
            return (Instance) now.all.pick(attempt);
        }
        int first = weights.draw(ThreadLocalRandom.current());
        // The deployment drawn may have nobody free: another one with a weight takes the request then.
        for (int i = 0; i < weights.size(); i++) {
            int at = (first + i) % weights.size();
            Picker picker = weights.weight(at) == 0 ? null : now.byDeployment.get(weights.deployment(at));
            Candidate candidate = picker == null ? null : picker.pick(attempt);
            if (candidate != null) {
                return (Instance) candidate;
            }
        }
        return null;
    }

    /** An instance has said how it is: how it has answered is looked at, too. */
    void compare(Instance instance) {
        instance.compare(picture.standings);
    }

    /** What is to come, as the pool of this function says; called again while it changes, and many times a second. */
    void expect(int startingNow, boolean mayGrowNow) {
        if (startingNow > 0 || starting > 0) {
            startingUntilNanos = clock.nanos();
            everStarting = true;
        }
        starting = startingNow;
        mayGrow = mayGrowNow;
        pooled = true;
    }

    /** True when a pool says what is to come: nobody else needs to guess. */
    boolean pooled() {
        return pooled;
    }

    /** True while there will be more instances if they are wanted: a longer queue is served sooner then. */
    boolean growing() {
        return mayGrow || starting > 0;
    }

    /** True when an instance has been starting since then. */
    boolean startedSince(long nanos) {
        return starting > 0 || (everStarting && startingUntilNanos - nanos >= 0);
    }

    /** True while somebody is connected who may take requests of these weights soon. */
    boolean held(Weights weights) {
        for (Instance instance : picture.instances) {
            if (instance.recovering() && weights.allows(instance.deployment())) {
                return true;
            }
        }
        return false;
    }

    /** True while somebody is connected who may take requests soon, or will be. */
    boolean recovering() {
        if (growing()) {
            return true;
        }
        for (Instance instance : picture.instances) {
            if (instance.recovering()) {
                return true;
            }
        }
        return false;
    }

    /** Adds the tunnels and the free capacity of each deployment. */
    void addHoldings(List<Holding> holdings) {
        for (String deployment : deployments()) {
            int tunnels = 0;
            long capacity = 0;
            for (Instance instance : picture.instances) {
                if (instance.deployment().equals(deployment)) {
                    tunnels += instance.sessions().size();
                    capacity += instance.room();
                }
            }
            holdings.add(new Holding(name, deployment, tunnels, (int) Math.min(Integer.MAX_VALUE, capacity)));
        }
    }

    /** Called under the lock of the {@link InstanceTable}. */
    void add(Instance instance) {
        List<Instance> more = new ArrayList<>(picture.instances);
        more.add(instance);
        publish(more);
    }

    /** Called under the lock of the {@link InstanceTable}. */
    void remove(Instance instance) {
        List<Instance> rest = new ArrayList<>(picture.instances);
        rest.remove(instance);
        publish(rest);
    }

    private void publish(List<Instance> instances) {
        List<Instance> all = List.copyOf(instances);
        Map<String, List<Instance>> split = new LinkedHashMap<>();
        for (Instance instance : all) {
            split.computeIfAbsent(instance.deployment(), deployment -> new ArrayList<>())
                    .add(instance);
        }
        Map<String, Picker> pickers = new LinkedHashMap<>();
        for (Map.Entry<String, List<Instance>> one : split.entrySet()) {
            pickers.put(one.getKey(), selector.picker(List.copyOf(one.getValue())));
        }
        picture = new Picture(
                all, all.stream().map(Instance::standing).toList(), selector.picker(all), Map.copyOf(pickers));
    }
}
