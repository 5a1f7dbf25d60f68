/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.spi.selection.Picker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every {@link InstanceSelector} promises. A test class of an implementor implements it and makes one. */
public interface InstanceSelectorContract {

    /**
     * A new selector.
     *
     * @return the selector under test
     */
    InstanceSelector selector();

    /**
     * Whether equal instances get about equal work.
     *
     * @return false for a policy that wants otherwise, such as one that fills instances one after another
     */
    default boolean sharesEqually() {
        return true;
    }

    /** The name can be written in a configuration, and does not change. */
    @Test
    default void theNameFitsTheConfiguration() {
        InstanceSelector selector = selector();
        assertThat(selector.name()).matches("[a-z0-9][a-z0-9-]{0,63}").isEqualTo(selector.name());
    }

    /** A router finds it beside its own selectors. */
    @Test
    default void serviceLoaderFindsIt() {
        Class<?> mine = selector().getClass();
        List<Class<?>> found = new ArrayList<>();
        for (InstanceSelector one :
                ServiceLoader.load(InstanceSelector.class, selector().getClass().getClassLoader())) {
            found.add(one.getClass());
        }
        assertThat(found).contains(mine);
    }

    /** Without instances there is a picker, and it picks nobody. */
    @Test
    default void nobodyIsPickedOutOfNobody() {
        assertThat(selector().picker(List.of()).pick(attempt(Set.of()))).isNull();
    }

    /** Whatever the measures, who is not available or has turned the request down is never picked. */
    @Test
    default void onlyWhoMayBePickedIsPicked() {
        Random random = new Random(42);
        for (int round = 0; round < 2_000; round++) {
            List<TestCandidate> all = fleet(1 + random.nextInt(12));
            Set<Candidate> excluded = new HashSet<>();
            boolean somebody = false;
            for (TestCandidate one : all) {
                one.available(random.nextInt(3) > 0)
                        .active(random.nextBoolean())
                        .limit(random.nextInt(4) * 50)
                        .load(random.nextInt(300))
                        .headroom(random.nextInt(5) / 4.0)
                        .readiness(random.nextBoolean() ? 1.0 : 0.1);
                if (random.nextInt(4) == 0) {
                    excluded.add(one);
                }
                somebody |= one.available() && !excluded.contains(one);
            }
            Candidate picked = selector().picker(List.copyOf(all)).pick(attempt(excluded));
            if (somebody) {
                assertThat(picked).as("of %s", all).isNotNull().isIn(all);
                assertThat(requireNonNull(picked).available()).isTrue();
                assertThat(excluded).doesNotContain(picked);
            } else {
                assertThat(picked).isNull();
            }
        }
    }

    /** The only one that is free is found in a large fleet. */
    @Test
    default void theLastFreeOneIsFound() {
        List<TestCandidate> all = fleet(500);
        all.forEach(one -> one.available(false));
        Picker picker = selector().picker(List.copyOf(all));
        for (int i = 0; i < 500; i += 7) {
            all.get(i).available(true);
            assertThat(picker.pick(attempt(Set.of()))).isSameAs(all.get(i));
            all.get(i).available(false);
        }
    }

    /** When everybody looks bad but takes requests, somebody is picked all the same. */
    @Test
    default void whenAllLookBadSomebodyIsPicked() {
        List<TestCandidate> all = fleet(5);
        all.forEach(one -> one.headroom(0).load(99));
        assertThat(selector().picker(List.copyOf(all)).pick(attempt(Set.of()))).isNotNull();
    }

    /** Instances that are equal in everything share the work, unless the policy is another one. */
    @Test
    default void equalsShareTheWork() {
        if (!sharesEqually()) {
            return;
        }
        int instances = 5;
        List<TestCandidate> all = fleet(instances);
        int[] got = new int[instances];
        Picker picker = selector().picker(List.copyOf(all));
        ArrayDeque<TestCandidate> running = new ArrayDeque<>();
        int requests = 10_000;
        for (int i = 0; i < requests; i++) {
            TestCandidate picked = (TestCandidate) requireNonNull(picker.pick(attempt(Set.of())));
            got[all.indexOf(picked)]++;
            picked.load(picked.load() + 1);
            running.addLast(picked);
            if (running.size() > 100) {
                TestCandidate done = running.removeFirst();
                done.load(done.load() - 1);
            }
        }
        for (int count : got) {
            assertThat(count).isBetween(requests / instances / 2, requests / instances * 2);
        }
    }

    /** An older picker stays usable with the instances it was made for. */
    @Test
    default void anOlderPickerKeepsItsInstances() {
        InstanceSelector selector = selector();
        List<TestCandidate> first = fleet(3);
        List<TestCandidate> second = fleet(2);
        Picker older = selector.picker(List.copyOf(first));
        Picker newer = selector.picker(List.copyOf(second));
        for (int i = 0; i < 100; i++) {
            assertThat(older.pick(attempt(Set.of()))).isIn(first);
            assertThat(newer.pick(attempt(Set.of()))).isIn(second);
        }
    }

    /** Any thread may pick, while the measures change. */
    @Test
    default void anyThreadMayPick() throws Exception {
        List<TestCandidate> all = fleet(8);
        Picker picker = selector().picker(List.copyOf(all));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> results = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                Random random = new Random(thread);
                Callable<Integer> picks = () -> {
                    int picked = 0;
                    for (int i = 0; i < 20_000; i++) {
                        // One stays available, so there is always somebody to pick.
                        TestCandidate changing = all.get(1 + random.nextInt(7));
                        changing.available(random.nextBoolean()).load(random.nextInt(100));
                        picked += picker.pick(attempt(Set.of())) == null ? 0 : 1;
                    }
                    return picked;
                };
                results.add(threads.submit(picks));
            }
            for (Future<Integer> result : results) {
                // Who becomes unavailable in the middle of a look may be missed; nothing is thrown, and nobody waits.
                assertThat(result.get(60, TimeUnit.SECONDS)).isGreaterThan(19_000);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<TestCandidate> fleet(int size) {
        List<TestCandidate> all = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            all.add(new TestCandidate("i" + i));
        }
        return all;
    }

    private static Attempt attempt(Set<? extends Candidate> excluded) {
        return new Attempt() {
            @Override
            public boolean excludes(Candidate candidate) {
                return excluded.contains(candidate);
            }

            @Override
            public int retries() {
                return excluded.size();
            }
        };
    }
}
