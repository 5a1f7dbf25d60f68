/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/**
 * What every {@link RecordStore} promises. A test class of an implementor implements it and says how a store is opened;
 * each test opens its own and closes it.
 */
public interface RecordStoreContract {

    /** Longer than any store takes for anything, on a slow machine. */
    Duration DEADLINE = Duration.ofSeconds(30);

    /**
     * Opens an empty store; each one is a history of its own.
     *
     * @return the store; the test closes it
     */
    RecordStore open() throws Exception;

    /**
     * The shortest time to live that the store really keeps.
     *
     * @return a second unless the engine behind wants more
     */
    default Duration shortestTtl() {
        return Registration.MIN_TTL;
    }

    /** A watcher without a revision first gets everything there is. */
    @Test
    default void aNewWatcherGetsEverythingThereIs() throws Exception {
        try (RecordStore store = open()) {
            Revision written = register(store, router("r1"), new Holding("shop", "v1", 2, 7));
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            trace.await("everything", t -> t.relists() == 1 && t.keys().equals(List.of("shop/r1")));
            Registration shop = trace.find("shop", "r1");
            assertThat(shop.router()).isEqualTo(router("r1"));
            assertThat(shop.deployments()).containsExactly(new Holding("shop", "v1", 2, 7));
            assertThat(shop.ttl()).isEqualTo(Duration.ofSeconds(60));
            assertThat(trace.revision()).isEqualTo(written);
        }
    }

    /** What is written later arrives as changes, with growing revisions of one epoch. */
    @Test
    default void laterWritesArriveAsChanges() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            trace.await("the beginning", t -> t.relists() == 1);
            Revision first = register(store, router("r1"), new Holding("shop", "v1", 1, 5));
            Revision second = done(store.update("r1", List.of(new Holding("blog", "v9", 1, 3))));
            Revision third = done(store.update("r1", List.of(new Holding("shop", "v1", 1, 4))));
            assertThat(second.isAfter(first)).isTrue();
            assertThat(third.isAfter(second)).isTrue();
            trace.await("three changes", t -> t.revision().equals(third));
            assertThat(trace.keys()).containsExactly("blog/r1", "shop/r1");
            assertThat(trace.find("shop", "r1").capacity()).isEqualTo(4);
            assertThat(trace.relists()).isEqualTo(1);
        }
    }

    /** Registering replaces all a router held, and nothing of another router. */
    @Test
    default void registeringReplacesWhatThatRouterHeld() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            register(store, router("r1"), new Holding("shop", "v1", 1, 5), new Holding("blog", "v1", 1, 5));
            register(store, router("r2"), new Holding("shop", "v1", 1, 5));
            register(store, router("r1"), new Holding("blog", "v1", 1, 5), new Holding("mail", "v1", 1, 5));
            trace.await("the last word", t -> t.keys().equals(List.of("blog/r1", "mail/r1", "shop/r2")));
        }
    }

    /** A change touches only the deployments it names; 0 tunnels removes one, or all without a name. */
    @Test
    default void aChangeTouchesOnlyWhatItNames() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            register(
                    store,
                    router("r1"),
                    new Holding("shop", "v1", 1, 5),
                    new Holding("shop", "v2", 2, 6),
                    new Holding("blog", "v1", 1, 1));
            done(store.update("r1", List.of(new Holding("shop", "v2", 0, 0), new Holding("shop", "v3", 1, 2))));
            trace.await(
                    "both of the shop",
                    t -> t.has("shop", "r1")
                            && t.find("shop", "r1")
                                    .deployments()
                                    .equals(List.of(new Holding("shop", "v1", 1, 5), new Holding("shop", "v3", 1, 2))));
            done(store.update("r1", List.of(Holding.none("shop"))));
            trace.await("the blog alone", t -> t.keys().equals(List.of("blog/r1")));
        }
    }

    /** Saying the same again wakes nobody. */
    @Test
    default void sayingTheSameAgainIsNoChange() throws Exception {
        try (RecordStore store = open()) {
            Holding shop = new Holding("shop", "v1", 1, 5);
            register(store, router("r1"), shop);
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            trace.await("everything", t -> t.has("shop", "r1"));
            register(store, router("r1"), shop);
            done(store.update("r1", List.of(shop)));
            done(store.update("r1", List.of()));
            Revision last = done(store.update("r1", List.of(new Holding("blog", "v1", 1, 5))));
            trace.await("the blog", t -> t.revision().equals(last));
            assertThat(trace.changes()).extracting(RecordChange::function).containsExactly("blog");
        }
    }

    /** Who is not registered cannot renew: it has to say again what it holds. */
    @Test
    default void anUnknownRouterHasToRegister() throws Exception {
        try (RecordStore store = open()) {
            assertThatThrownBy(() -> done(store.update("r1", List.of())))
                    .hasCauseInstanceOf(UnknownRouterException.class);
            register(store, router("r1"), new Holding("shop", "v1", 1, 5));
            done(store.update("r1", List.of()));
            done(store.remove("r1"));
            assertThatThrownBy(() -> done(store.update("r1", List.of())))
                    .hasCauseInstanceOf(UnknownRouterException.class);
        }
    }

    /** Removing a router removes all it held, nothing of another; twice is harmless. */
    @Test
    default void removingRemovesAllOfOneRouter() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            register(store, router("r1"), new Holding("shop", "v1", 1, 5), new Holding("blog", "v1", 1, 5));
            register(store, router("r10"), new Holding("shop", "v1", 1, 5));
            done(store.remove("r1"));
            done(store.remove("r1"));
            done(store.remove("nobody"));
            trace.await("the other router alone", t -> t.keys().equals(List.of("shop/r10")));
        }
    }

    /** A watch that resumes gets what came after its revision: nothing twice, nothing lost. */
    @Test
    default void aWatchResumesAfterItsRevision() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace whole = new RecordTrace();
            store.watch(null, whole);
            whole.await("the beginning", t -> t.relists() == 1);
            List<Revision> revisions = new ArrayList<>();
            for (int i = 1; i <= 10; i++) {
                revisions.add(register(store, router("r" + i), new Holding("shop", "v1", 1, i)));
            }
            RecordTrace resumed = new RecordTrace();
            store.watch(revisions.get(5), resumed);
            resumed.await("the rest", t -> t.revision().equals(revisions.get(9)));
            assertThat(resumed.relists()).isZero();
            assertThat(resumed.changes()).extracting(RecordChange::router).containsExactly("r7", "r8", "r9", "r10");
            RecordTrace current = new RecordTrace();
            store.watch(revisions.get(9), current);
            current.await("word that it is current", t -> t.revision().equals(revisions.get(9)));
            assertThat(current.changes()).isEmpty();
            assertThat(current.relists()).isZero();
        }
    }

    /** A revision of another history, or one of the future, means: everything anew. */
    @Test
    default void anotherEpochIsRelisted() throws Exception {
        try (RecordStore store = open()) {
            Revision written = register(store, router("r1"), new Holding("shop", "v1", 1, 5));
            for (Revision strange : List.of(
                    new Revision(written.epoch() ^ 1, written.number()),
                    new Revision(written.epoch(), written.number() + 1_000))) {
                RecordTrace trace = new RecordTrace();
                store.watch(strange, trace);
                trace.await("everything", t -> t.relists() == 1 && t.has("shop", "r1"));
            }
        }
    }

    /** A watch that is closed is not called any more; others go on. */
    @Test
    default void aClosedWatchHearsNothing() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace closed = new RecordTrace();
            RecordTrace open = new RecordTrace();
            RecordStore.Watch watch = store.watch(null, closed);
            store.watch(null, open);
            closed.await("the beginning", t -> t.relists() == 1);
            watch.close();
            watch.close();
            register(store, router("r1"), new Holding("shop", "v1", 1, 5));
            open.await("the shop", t -> t.has("shop", "r1"));
            assertThat(closed.keys()).isEmpty();
        }
    }

    /** Who renews stays, who does not goes after its time to live. */
    @Test
    default void whoDoesNotRenewRunsOut() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace trace = new RecordTrace();
            store.watch(null, trace);
            // Long enough that a machine that stands still for a while is not taken for a router that does.
            Duration renewed = shortestTtl().multipliedBy(4);
            long start = System.nanoTime();
            done(store.register(router("silent"), shortestTtl(), List.of(new Holding("shop", "v1", 1, 5))));
            done(store.register(router("alive"), renewed, List.of(new Holding("shop", "v1", 1, 5))));
            // Changes come in order: who sees this one has seen the other, unless that has run out already.
            trace.await("the second one", t -> t.has("shop", "alive"));
            List<CompletableFuture<Revision>> renewals = new ArrayList<>();
            trace.await("the silent one to run out, and the other one to live beyond its time", t -> {
                if (renewals.stream().allMatch(CompletableFuture::isDone)) {
                    renewals.forEach(RecordStoreContract::done);
                    renewals.clear();
                    renewals.add(store.update("alive", List.of()));
                }
                boolean gone = !t.has("shop", "silent");
                long nanos = System.nanoTime() - start;
                assertThat(gone && nanos < shortestTtl().toNanos())
                        .as("gone before its time")
                        .isFalse();
                return gone && nanos > renewed.toNanos() * 5 / 4;
            });
            assertThat(trace.keys()).containsExactly("shop/alive");
            assertThatThrownBy(() -> done(store.update("silent", List.of())))
                    .hasCauseInstanceOf(UnknownRouterException.class);
        }
    }

    /** Many writers at once: every watcher ends with the same picture, and revisions only grow. */
    @Test
    default void manyWritersEndInOnePicture() throws Exception {
        try (RecordStore store = open()) {
            RecordTrace live = new RecordTrace();
            store.watch(null, live);
            int routers = 8;
            int rounds = 40;
            List<CompletableFuture<Void>> writers = new ArrayList<>();
            for (int r = 0; r < routers; r++) {
                String name = "r" + r;
                writers.add(CompletableFuture.runAsync(() -> {
                    register(store, router(name), new Holding("f0", "v1", 1, 1));
                    for (int i = 1; i <= rounds; i++) {
                        done(store.update(
                                name,
                                List.of(
                                        new Holding("f" + i % 5, "v1", 1, i),
                                        new Holding("f" + (i + 2) % 5, "v1", 0, 0))));
                    }
                }));
            }
            CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new))
                    .get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            Revision end = register(store, router("last"), new Holding("end", "v1", 1, 1));
            live.await("the end", t -> t.revision().equals(end));
            RecordTrace late = new RecordTrace();
            store.watch(null, late);
            late.await("the end", t -> t.has("end", "last"));
            assertThat(live.picture()).isEqualTo(late.picture());
            assertThat(live.outOfOrder()).isZero();
        }
    }

    /** A time to live outside of the range is refused. */
    @Test
    default void aSillyTimeToLiveIsRefused() throws Exception {
        try (RecordStore store = open()) {
            for (Duration ttl : List.of(Duration.ZERO, Duration.ofMillis(10), Duration.ofDays(1))) {
                assertThatThrownBy(() -> done(store.register(router("r1"), ttl, List.of())))
                        .as("%s", ttl)
                        .hasCauseInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    private static RouterAddress router(String name) {
        return new RouterAddress(name, "10.0.0.1:8080", "tls://10.0.0.1:7443", "eu", "a");
    }

    private static Revision register(RecordStore store, RouterAddress router, Holding... holdings) {
        return done(store.register(router, Duration.ofSeconds(60), List.of(holdings)));
    }

    private static Revision done(CompletableFuture<Revision> future) {
        try {
            return future.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("the store has not answered", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
