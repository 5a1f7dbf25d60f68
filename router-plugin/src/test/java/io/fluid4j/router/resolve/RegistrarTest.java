/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import io.fluid4j.testkit.ManualClock;
import io.fluid4j.testkit.ManualScheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RegistrarTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    /** Writes down what it is told; each call is answered by the test. */
    private static final class ScriptedStore implements RecordStore {
        final List<String> calls = new ArrayList<>();
        CompletableFuture<Revision> answer = CompletableFuture.completedFuture(new Revision(1, 1));

        @Override
        public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
            calls.add("register " + shown(holdings));
            return answer;
        }

        @Override
        public CompletableFuture<Revision> update(String router, List<Holding> changes) {
            calls.add("update " + shown(changes));
            return answer;
        }

        @Override
        public CompletableFuture<Revision> remove(String router) {
            calls.add("remove");
            return answer;
        }

        @Override
        public Watch watch(Revision from, RecordWatcher watcher) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}

        private static String shown(List<Holding> holdings) {
            List<String> shown = new ArrayList<>();
            holdings.forEach(
                    h -> shown.add(h.function() + "@" + h.deployment() + " " + h.tunnels() + "/" + h.capacity()));
            return shown.toString();
        }
    }

    private final ManualScheduler scheduler = new ManualScheduler(new ManualClock());
    private final ScriptedStore store = new ScriptedStore();
    private List<Holding> held = List.of(new Holding("shop", "v1", 2, 100));
    private final Registrar registrar = new Registrar(
            store,
            new RouterAddress("r1", "h:80", "tcp://h:7443", "eu", "a"),
            TTL,
            () -> held,
            scheduler,
            scheduler.clock()::nanoTime);

    @Test
    void registersThenSaysOnlyWhatHasChanged() {
        registrar.start();
        tick();
        assertThat(taken()).containsExactly("register [shop@v1 2/100]");
        held = List.of(new Holding("shop", "v1", 2, 90), new Holding("blog", "v1", 1, 5));
        tick();
        assertThat(taken()).containsExactly("update [blog@v1 1/5]");
        held = List.of(new Holding("shop", "v1", 2, 70), new Holding("blog", "v1", 1, 0));
        tick();
        assertThat(taken()).containsExactly("update [shop@v1 2/70, blog@v1 1/0]");
        held = List.of(new Holding("shop", "v1", 3, 70));
        tick();
        assertThat(taken()).containsExactly("update [shop@v1 3/70, blog@v1 0/0]");
        tick();
        assertThat(taken()).isEmpty();
    }

    @Test
    void renewsThreeTimesInATtl() {
        registrar.start();
        scheduler.advance(TTL);
        assertThat(taken().stream().filter("update []"::equals).count()).isBetween(2L, 3L);
    }

    @Test
    void registersAgainWhenTheStoreHasForgotten() {
        registrar.start();
        tick();
        taken();
        store.answer = CompletableFuture.failedFuture(new UnknownRouterException("r1"));
        held = List.of(new Holding("shop", "v1", 1, 100));
        tick();
        store.answer = CompletableFuture.completedFuture(new Revision(2, 1));
        tick();
        assertThat(taken()).containsExactly("update [shop@v1 1/100]", "register [shop@v1 1/100]");
    }

    @Test
    void triesAgainWithGrowingPausesWhenTheStoreCannotBeReached() {
        store.answer = CompletableFuture.failedFuture(new IOException("no"));
        registrar.start();
        scheduler.advance(Duration.ofSeconds(60));
        assertThat(taken()).hasSizeBetween(10, 20).allMatch(call -> call.startsWith("register"));
        store.answer = CompletableFuture.completedFuture(new Revision(1, 1));
        scheduler.advance(Duration.ofSeconds(6));
        taken();
        held = List.of();
        tick();
        assertThat(taken()).containsExactly("update [shop@v1 0/0]");
    }

    @Test
    void oneRequestAtATime() {
        CompletableFuture<Revision> slow = new CompletableFuture<>();
        store.answer = slow;
        registrar.start();
        scheduler.advance(Duration.ofSeconds(20));
        assertThat(taken()).containsExactly("register [shop@v1 2/100]");
        held = List.of(new Holding("shop", "v1", 1, 1));
        slow.complete(new Revision(1, 1));
        store.answer = CompletableFuture.completedFuture(new Revision(1, 2));
        tick();
        tick();
        assertThat(taken()).containsExactly("update [shop@v1 1/1]");
    }

    @Test
    void aDrainingRouterHasNoRoomAndAClosedOneIsGone() {
        registrar.start();
        tick();
        registrar.drain();
        tick();
        registrar.close();
        registrar.close();
        assertThat(taken()).containsExactly("register [shop@v1 2/100]", "update [shop@v1 2/0]", "remove");
    }

    private void tick() {
        scheduler.advance(Registrar.TICK);
    }

    private List<String> taken() {
        List<String> calls = List.copyOf(store.calls);
        store.calls.clear();
        return calls;
    }
}
