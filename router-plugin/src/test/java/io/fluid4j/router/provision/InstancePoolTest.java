/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.ScaleOrder;
import io.fluid4j.testkit.ManualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** A pool between a fleet and a provisioner of the test. */
class InstancePoolTest implements Fleet, InstanceProvisioner {

    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration IDLE = Duration.ofSeconds(10);

    private final ManualClock clock = new ManualClock();
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Map<String, CompletableFuture<Void>> starts = new LinkedHashMap<>();
    private final List<String> drains = new ArrayList<>();
    private final List<String> stops = new ArrayList<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private final List<String> foreign = new ArrayList<>();
    private boolean passesIds = true;
    private int desired = 1;
    private int waiting;
    private int starting = -1;
    private boolean mayGrow;
    private int nextId;
    private final InstancePool pool = new InstancePool(
            "pool",
            "shop",
            new ScalingDecision.Policy(
                    1,
                    3,
                    IDLE.toNanos(),
                    Duration.ofSeconds(30).toNanos(),
                    Duration.ofSeconds(1).toNanos()),
            this,
            this,
            Duration.ofSeconds(30),
            clock.ticker(),
            () -> "i" + nextId++);

    @Override
    public List<Member> members(String function) {
        assertThat(function).isEqualTo("shop");
        return List.copyOf(members.values());
    }

    @Override
    public int desired(String function) {
        return desired;
    }

    @Override
    public int waiting(String function) {
        return waiting;
    }

    @Override
    public void expect(String function, int startingNow, boolean mayGrowNow) {
        starting = startingNow;
        mayGrow = mayGrowNow;
    }

    @Override
    public CompletionStage<?> drain(String instanceId, Duration timeout) {
        drains.add(instanceId);
        return drained;
    }

    @Override
    public CompletionStage<Void> start(ScaleOrder order) {
        return starts.computeIfAbsent(order.instanceId(), id -> new CompletableFuture<>());
    }

    @Override
    public CompletionStage<Void> stop(ScaleOrder order) {
        stops.add(order.instanceId());
        return stopped;
    }

    @Override
    public boolean owns(String instanceId) {
        return !foreign.contains(instanceId);
    }

    @Override
    public boolean passesIds() {
        return passesIds;
    }

    @Override
    public void close() {}

    private void look(Duration during) {
        for (long left = during.toNanos(); left > 0; left -= LOOK.toNanos()) {
            clock.advance(LOOK);
            pool.look();
        }
    }

    private void connects(String id) {
        members.put(id, new Member(id, false, 0, 0));
        pool.look();
    }

    @Test
    void anInstanceIsAskedForComesAndIsCounted() {
        look(Duration.ofSeconds(3));
        assertThat(starts.keySet()).containsExactly("i0");
        assertThat(starting).isEqualTo(1);
        assertThat(mayGrow).isTrue();
        connects("i0");
        PoolFigures figures = pool.figures();
        assertThat(figures.asked()).isEqualTo(1);
        assertThat(figures.started()).isEqualTo(1);
        assertThat(figures.failed()).isZero();
        assertThat(figures.startSeconds()).isBetween(2.8, 3.0);
        assertThat(starting).isZero();
    }

    @Test
    void aFailedStartIsCountedOnceAndTriedAgainLater() {
        look(LOOK);
        starts.get("i0").completeExceptionally(new IOException("no room"));
        look(LOOK);
        assertThat(pool.figures().failed()).isEqualTo(1);
        assertThat(mayGrow).as("requests need not wait").isFalse();
        look(Duration.ofSeconds(1).plus(LOOK));
        assertThat(starts.keySet()).containsExactly("i0", "i1");
    }

    @Test
    void whatTakesTooLongIsStopped() {
        look(Duration.ofSeconds(30).plus(LOOK));
        assertThat(stops).containsExactly("i0");
        assertThat(pool.figures().failed()).isEqualTo(1);
    }

    @Test
    void tooManyOneIsDrainedThenStopped() {
        look(LOOK);
        connects("i0");
        connects("other");
        foreign.add("other");
        look(IDLE.plus(LOOK));
        assertThat(drains).containsExactly("i0");
        assertThat(stops).isEmpty();
        drained.complete(null);
        assertThat(stops).containsExactly("i0");
        look(IDLE);
        assertThat(drains).as("one at a time").hasSize(1);
        members.remove("i0");
        stopped.complete(null);
        look(LOOK);
        assertThat(pool.figures().stopped()).isEqualTo(1);
        look(IDLE);
        assertThat(starts).hasSize(1);
    }

    @Test
    void anInstanceThatDoesNotReportItsDrainIsStoppedAllTheSame() {
        look(LOOK);
        connects("i0");
        connects("i1");
        look(IDLE.plus(LOOK));
        drained.completeExceptionally(new IOException("lost"));
        assertThat(stops).hasSize(1);
    }

    @Test
    void withoutIdsTheOldestOrderIsCarriedOutByWhoeverIsNew() {
        passesIds = false;
        members.put("there before", new Member("there before", false, 0, 0));
        desired = 3;
        waiting = 1;
        look(LOOK);
        assertThat(starts).hasSize(2);
        assertThat(pool.figures().started()).as("it was there").isZero();
        connects("somebody");
        assertThat(pool.figures().started()).isEqualTo(1);
        assertThat(starting).isEqualTo(1);
        members.remove("somebody");
        look(LOOK);
        connects("somebody");
        assertThat(pool.figures().started()).as("it dialled again").isEqualTo(1);
    }

    @Test
    void aStrangerIsNotTheInstanceThatWasAskedFor() {
        look(LOOK);
        connects("stranger");
        assertThat(pool.figures().started()).isZero();
        assertThat(starting).isEqualTo(1);
    }
}
