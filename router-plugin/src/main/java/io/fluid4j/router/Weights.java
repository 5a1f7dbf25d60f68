/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** The shares of a route's deployments; immutable. Without any weight all instances are one pool. */
final class Weights {

    static final Weights NONE = new Weights(Map.of());

    private final List<String> deployments;
    private final int[] weights;
    private final int sum;
    private final Object reach;

    private Weights(Map<String, Integer> byDeployment) {
        List<String> names = new ArrayList<>();
        Set<String> reached = new HashSet<>();
        weights = new int[byDeployment.size()];
        int total = 0;
        for (Map.Entry<String, Integer> entry : new TreeMap<>(byDeployment).entrySet()) {
            weights[names.size()] = entry.getValue();
            names.add(entry.getKey());
            if (entry.getValue() > 0) {
                reached.add(entry.getKey());
            }
            total = Math.addExact(total, entry.getValue());
        }
        deployments = List.copyOf(names);
        sum = total;
        reach = names.isEmpty() ? "everywhere" : Set.copyOf(reached);
    }

    static Weights of(Map<String, Integer> byDeployment) {
        return byDeployment.isEmpty() ? NONE : new Weights(byDeployment);
    }

    boolean none() {
        return weights.length == 0;
    }

    int size() {
        return weights.length;
    }

    String deployment(int at) {
        return deployments.get(at);
    }

    /** True when requests may go to that deployment. */
    boolean allows(String deployment) {
        int at = deployments.indexOf(deployment);
        return none() || (at >= 0 && weights[at] > 0);
    }

    /** Equal for weights that let requests go to the same deployments, whatever their shares. */
    Object reach() {
        return reach;
    }

    int weight(int at) {
        return weights[at];
    }

    /** The place of a deployment, drawn by weight. */
    int draw(RandomGenerator random) {
        if (sum == 0) {
            return 0;
        }
        int left = random.nextInt(sum);
        for (int i = 0; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) {
                return i;
            }
        }
        throw new AssertionError("weights add up to " + sum);
    }
}
