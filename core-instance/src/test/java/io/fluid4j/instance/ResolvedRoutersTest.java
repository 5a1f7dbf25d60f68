/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.instance.ResolvedRouters.Asked;
import io.fluid4j.instance.ResolvedRouters.Known;
import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an instance makes of what resolvers tell and answer, in virtual time. */
class ResolvedRoutersTest {

    private final FakeStore store = new FakeStore();
    private final FakeReplica replica = new FakeReplica();
    private long nanos = -Duration.ofHours(1).toNanos();
    private final ResolvedRouters resolved = new ResolvedRouters(
            () -> store,
            (followed, here) -> {
                var unused = followed.watch(null, store.ignoring());
                return replica;
            },
            new Asked("shop", new Locality("eu", "a"), 2),
            () -> nanos,
            () -> 0.5);
    private int told;

    @BeforeEach
    void start() {
        resolved.start(() -> told++);
    }

    @AfterEach
    void close() {
        resolved.close();
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
        resolved.look();
    }

    private void relist(long epoch, Duration age) {
        replica.revision = new Revision(epoch, 1);
        store.watcher.onRelist(replica.revision, age, List.of());
    }

    private void answer(long epoch, String... routers) {
        store.take().complete(new DialOrder(new Revision(epoch, 9), List.of(routers)));
    }

    private List<String> routers() {
        return resolved.known().routers().stream().map(Candidate::router).toList();
    }

    @Test
    void nothingIsKnownUntilAResolverHasSaidWhereTheFunctionIsPlaced() {
        resolved.look();
        assertThat(store.asked).isEmpty();
        relist(1, Duration.ofHours(1));
        replica.tell("r1", "r2", "r3");
        assertThat(resolved.known()).isEqualTo(Known.NOTHING);
        told = 0;
        answer(1, "r3", "r1");
        assertThat(told).isEqualTo(1);
        assertThat(routers()).containsExactly("r1", "r2", "r3");
        assertThat(resolved.known().placed()).containsExactly("r3", "r1");
    }

    @Test
    void orWillNotSay() {
        relist(1, Duration.ofHours(1));
        replica.tell("r1", "r2");
        store.take().completeExceptionally(new IOException("away"));
        assertThat(routers()).containsExactly("r1", "r2");
        assertThat(resolved.known().placed()).isEmpty();
    }

    @Test
    void orDoesNotSayInTime() {
        relist(1, Duration.ofHours(1));
        replica.tell("r1", "r2");
        pass(Duration.ofMillis(1_999));
        assertThat(resolved.known()).isEqualTo(Known.NOTHING);
        pass(Duration.ofMillis(1));
        assertThat(routers()).containsExactly("r1", "r2");
        answer(1, "r2", "r1");
        assertThat(resolved.known().placed()).as("late, but not too late").containsExactly("r2", "r1");
    }

    @Test
    void asksEveryFiveSecondsAndLessAndLessInVainAndNeverTwiceAtOnce() {
        relist(1, Duration.ofHours(1));
        replica.tell("r1");
        pass(Duration.ofMinutes(1));
        assertThat(store.asked).as("the first is not answered yet").hasSize(1);
        answer(1, "r1");
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofMillis(4_990));
            assertThat(store.asked).isEmpty();
            pass(Duration.ofMillis(10));
            answer(1, "r1");
        }
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            long from = nanos;
            while (store.asked.isEmpty()) {
                pass(Duration.ofMillis(250));
            }
            pauses.add(Duration.ofNanos(nanos - from).toSeconds());
            store.take().completeExceptionally(new IOException("away"));
        }
        assertThat(pauses).containsExactly(5L, 10L, 20L, 40L, 60L, 60L, 60L);
        assertThat(resolved.known().placed()).as("kept").containsExactly("r1");
        // Another router: all instances ask within a second.
        replica.tell("r1", "r2");
        pass(Duration.ofSeconds(1));
        answer(1, "r2", "r1");
        assertThat(resolved.known().placed()).containsExactly("r2", "r1");
    }

    @Test
    void aStoreThatHasJustBegunAnewDoesNotOverruleTheOneBefore() {
        relist(1, Duration.ofHours(1));
        replica.tell("r1", "r2", "r3");
        answer(1, "r1", "r2");
        // Another history, as its answer shows, before the watch has noticed.
        pass(Duration.ofSeconds(6));
        answer(2, "r3");
        assertThat(resolved.known().placed()).containsExactly("r1", "r2");
        // It has begun two seconds ago, and has heard of one router.
        relist(2, Duration.ofSeconds(2));
        for (int i = 0; i < 4; i++) {
            pass(Duration.ofSeconds(6));
            answer(2, "r3");
            assertThat(resolved.known().placed()).containsExactly("r1", "r2");
        }
        // Whatever it lacks after a time to live has gone.
        pass(Duration.ofSeconds(6));
        answer(2, "r3");
        assertThat(resolved.known().placed()).containsExactly("r3");
        pass(Duration.ofSeconds(6));
        answer(2);
        assertThat(resolved.known().placed()).as("no answer").containsExactly("r3");
    }

    @Test
    void whoHasHeardNothingElseTakesWhatAYoungStoreSays() {
        relist(1, Duration.ZERO);
        replica.tell("r1");
        answer(1, "r1");
        replica.tell("r1", "r2");
        pass(Duration.ofSeconds(1));
        answer(1, "r2", "r1");
        assertThat(resolved.known().placed()).containsExactly("r2", "r1");
    }

    /** Says what a test wants. */
    private static final class FakeReplica implements Resolver {
        Revision revision = Revision.NONE;
        private @Nullable Listener listener;
        private List<Resolution.Route> routers = List.of();

        void tell(String... names) {
            routers = Stream.of(names)
                    .map(name -> new Resolution.Route(
                            new Registration(
                                    Holding.ITSELF,
                                    new RouterAddress(name, name + ":80", "tls://" + name + ":7443", "eu", "a"),
                                    List.of(Holding.itself()),
                                    Registration.DEFAULT_TTL,
                                    revision),
                            0))
                    .toList();
            listener.onRouters(routers);
        }

        @Override
        public @Nullable Resolution lookup(String function) {
            return null;
        }

        @Override
        public Collection<Resolution> all() {
            return List.of();
        }

        @Override
        public List<Resolution.Route> routers() {
            return routers;
        }

        @Override
        public Revision revision() {
            return revision;
        }

        @Override
        public boolean stale() {
            return false;
        }

        @Override
        public void watch(Listener another) {
            listener = another;
        }

        @Override
        public void close() {}
    }

    /** Is asked, and answers when a test wants. */
    private static final class FakeStore implements RecordStore {
        final List<CompletableFuture<DialOrder>> asked = new ArrayList<>();
        RecordWatcher watcher;

        CompletableFuture<DialOrder> take() {
            assertThat(asked).hasSize(1);
            return asked.remove(0);
        }

        RecordWatcher ignoring() {
            return new RecordWatcher() {
                @Override
                public void onRelist(Revision revision, Duration storeAge, List<Registration> all) {}

                @Override
                public void onChange(Revision revision, List<RecordChange> changes) {}

                @Override
                public void onLost(String reason) {}
            };
        }

        @Override
        public CompletableFuture<DialOrder> dial(String function, Locality here, int count) {
            assertThat(function + " " + here + " " + count).isEqualTo("shop " + new Locality("eu", "a") + " 2");
            CompletableFuture<DialOrder> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        }

        @Override
        public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
            throw new AssertionError("an instance registers nothing");
        }

        @Override
        public CompletableFuture<Revision> update(String router, List<Holding> changes) {
            throw new AssertionError("an instance registers nothing");
        }

        @Override
        public CompletableFuture<Revision> remove(String router) {
            throw new AssertionError("an instance registers nothing");
        }

        @Override
        public Watch watch(@Nullable Revision from, RecordWatcher told) {
            watcher = told;
            return () -> {};
        }

        @Override
        public void close() {}
    }
}
