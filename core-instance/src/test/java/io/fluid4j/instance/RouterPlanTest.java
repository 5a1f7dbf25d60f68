/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static io.fluid4j.instance.FakeRouter.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Health;
import io.fluid4j.resolver.client.MemoryStore;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordStoreProvider;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.tunnel.Session;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whom an instance dials: routers that listen on real sockets, and a resolver's store in this process. */
@Timeout(120)
class RouterPlanTest {

    private static final Duration TTL = Duration.ofSeconds(60);

    private final PlacingStore store = new PlacingStore();
    private final Map<String, FakeRouter> routers = new LinkedHashMap<>();
    private final FakeContainer container = new FakeContainer().at("/hello", request -> "hello");
    private final CountDownLatch released = new CountDownLatch(1);
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private InstanceRuntime instance;

    /** The store of this test, as the one that {@code fluid.resolver.urls} leads to. */
    public static final class StoreOfTheTest implements RecordStoreProvider {
        private static volatile RecordStore opened;

        @Override
        public String name() {
            return "remote";
        }

        @Override
        public RecordStore open(Config config) {
            return opened;
        }
    }

    /** A store with somebody who places functions where the test says; as long as it says nothing, nobody does. */
    private static final class PlacingStore implements RecordStore {
        final MemoryStore records = new MemoryStore();
        volatile List<String> placed = List.of();
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
            return records.register(router, ttl, holdings);
        }

        @Override
        public CompletableFuture<Revision> update(String router, List<Holding> changes) {
            return records.update(router, changes);
        }

        @Override
        public CompletableFuture<Revision> remove(String router) {
            return records.remove(router);
        }

        @Override
        public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
            return records.watch(from, watcher);
        }

        @Override
        public CompletableFuture<DialOrder> dial(String function, Locality here, int count) {
            assertThat(function).isEqualTo("shop");
            assertThat(here).isEqualTo(new Locality("default", "a"));
            assertThat(count).isEqualTo(2);
            asked.incrementAndGet();
            return placed.isEmpty()
                    ? records.dial(function, here, count)
                    : records.remove("nobody").thenApply(revision -> new DialOrder(revision, placed));
        }

        @Override
        public void close() {
            records.close();
        }
    }

    /** Finds that store before the one of the resolver's client. */
    private static final class StoresOfTheTest extends ClassLoader {
        private final URL services;

        StoresOfTheTest(Path folder) throws IOException {
            super(RouterPlanTest.class.getClassLoader());
            Path file = folder.resolve("stores");
            Files.writeString(file, StoreOfTheTest.class.getName());
            services = file.toUri().toURL();
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return name.endsWith(RecordStoreProvider.class.getName())
                    ? Collections.enumeration(List.of(services))
                    : super.getResources(name);
        }
    }

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        released.countDown();
        if (instance != null) {
            instance.close();
        }
        routers.values().forEach(FakeRouter::close);
        store.close();
        pool.shutdownNow();
    }

    private void start(String... settings) throws IOException {
        StoreOfTheTest.opened = store;
        Map<String, String> all = new HashMap<>(Map.of(
                "fluid.function", "shop",
                "fluid.zone", "a",
                "fluid.tunnel.secret", FakeRouter.SECRET,
                "fluid.admission.scheduler-lag", "off",
                "fluid.admission.queue-delay", "off",
                "fluid.admission.cpu-throttled", "off",
                "fluid.admission.gc-time", "off",
                "fluid.admission.memory", "off",
                "fluid.health.interval", "50ms"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        instance = InstanceRuntime.builder()
                .config(Config.builder()
                        .role(Role.INSTANCE)
                        .explicit(all)
                        .environment(Map.of())
                        .systemProperties(new Properties())
                        .noDefaultFiles()
                        .build())
                .loader(new StoresOfTheTest(folder))
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container)
                .build();
        instance.start();
    }

    private void startResolved() throws IOException {
        start("fluid.resolver.urls", "http://127.0.0.1:9054");
    }

    private FakeRouter add(String name, String zone) {
        FakeRouter router = new FakeRouter();
        routers.put(name, router);
        register(name, zone, 1);
        return router;
    }

    private void register(String name, String zone, int capacity) {
        String url = routers.get(name).url();
        store.register(
                new RouterAddress(name, url.substring("tcp://".length()), url, "default", zone),
                TTL,
                List.of(new Holding(Holding.ITSELF, "default", 1, capacity)));
    }

    /** The routers that instances are connected with now. */
    private List<String> connected(String... among) {
        List<String> connected = new ArrayList<>();
        for (String name : among.length == 0 ? routers.keySet() : Arrays.asList(among)) {
            if (routers.get(name).connected() > 0) {
                connected.add(name);
            }
        }
        return connected;
    }

    /** Both ends know it. */
    private void untilTwoAreDialled() {
        until("two are dialled", () -> instance.tunnels() == 2 && connected().size() == 2);
    }

    private static String other(List<String> all, String one) {
        List<String> rest = new ArrayList<>(all);
        rest.remove(one);
        return rest.get(0);
    }

    @Test
    void dialsTwoInDifferentZones() throws Exception {
        add("a1", "a");
        add("b1", "b");
        add("b2", "b");
        startResolved();
        untilTwoAreDialled();
        assertThat(connected()).hasSize(2).contains("a1");
        assertThat(instance.links().dialled()).isEqualTo(2);
    }

    @Test
    void dialsWhereItsFunctionIsPlacedAndFollowsMakeBeforeBreak() throws Exception {
        for (String name : List.of("a1", "b1", "c1", "d1")) {
            add(name, name.substring(0, 1));
        }
        // Neither of the first two in its own order, nor in its own zone.
        List<String> order = RouterChoice.choose(
                        new RouterChoice.Who("", "shop"),
                        List.of(),
                        routers.keySet().stream()
                                .map(name -> new RouterChoice.Candidate(name, URI.create("tcp://" + name), name, 1))
                                .toList(),
                        4)
                .stream()
                .map(URI::getHost)
                .toList();
        store.placed = order.subList(2, 4);
        startResolved();
        untilTwoAreDialled();
        assertThat(connected()).containsExactlyInAnyOrderElementsOf(store.placed);

        store.placed = List.of(order.get(0), order.get(2));
        FakeRouter left = routers.get(order.get(3));
        FakeRouter next = routers.get(order.get(0));
        until("the next one is dialled", () -> next.connected() == 1);
        until("the other one is left", () -> left.connected() == 0);
        assertThat(left.drains).extracting(Drain::reason).containsExactly(Drain.Reason.MOVED);
        assertThat(routers.get(order.get(2)).drains).isEmpty();
        assertThat(routers.get(order.get(1)).sessions).isEmpty();
    }

    @Test
    void aRouterWhereItIsPlacedThatCannotBeReachedIsReplaced() throws Exception {
        FakeRouter a1 = add("a1", "a");
        FakeRouter b1 = add("b1", "b");
        FakeRouter c1 = add("c1", "c");
        store.placed = List.of("a1", "b1");
        b1.close();
        startResolved();
        until("the third is dialled", () -> c1.connected() == 1);
        assertThat(a1.connected()).isEqualTo(1);
        assertThat(store.asked).hasPositiveValue();
    }

    @Test
    void anInstanceWaitsForTheFirstRouter() throws Exception {
        startResolved();
        assertThat(instance.links().dialled()).isZero();
        FakeRouter first = add("a1", "a");
        assertThat(FakeRouter.get(first.get(first.session(), "/hello").status)).isEqualTo(200);
    }

    @Test
    void theNextOneTakesThePlaceOfOneThatIsDownUntilItIsBack() throws Exception {
        FakeRouter a1 = add("a1", "a");
        add("b1", "b");
        add("b2", "b");
        startResolved();
        untilTwoAreDialled();
        String second = connected("b1", "b2").get(0);
        String third = other(List.of("b1", "b2"), second);
        int port = routers.get(second).port();
        routers.get(second).close();
        until("another one is dialled", () -> routers.get(third).connected() == 1);
        assertThat(a1.connected()).isEqualTo(1);

        // It is back at the same address, as its registration says all the time.
        routers.put(second, new FakeRouter(port));
        until("the first choice is dialled again", () -> routers.get(second).connected() == 1);
        until("the other one is left", () -> routers.get(third).connected() == 0);
        assertThat(routers.get(third).drains).extracting(Drain::reason).containsExactly(Drain.Reason.MOVED);
        until("two are left", () -> instance.tunnels() == 2);
        assertThat(a1.drains).isEmpty();
    }

    @Test
    void aRouterThatGoesAwayIsReplacedBeforeItIsLeft() throws Exception {
        container.at("/slow", request -> {
            released.await();
            return "slow";
        });
        add("a1", "a");
        add("b1", "b");
        add("b2", "b");
        startResolved();
        untilTwoAreDialled();
        String second = connected("b1", "b2").get(0);
        String third = other(List.of("b1", "b2"), second);
        FakeRouter going = routers.get(second);
        Session session = going.session();
        FakeRouter.Answer slow = going.get(session, "/slow");
        session.sendDrain(Drain.everything(Drain.Reason.SHUTDOWN, 30_000, List.of()));
        register(second, "b", 0);
        until("another one is dialled", () -> routers.get(third).connected() == 1);
        // It still serves the one that goes, what is under way and what is new.
        assertThat(session.open()).isTrue();
        assertThat(FakeRouter.get(going.get(session, "/hello").status)).isEqualTo(200);
        released.countDown();
        assertThat(FakeRouter.get(slow.status)).isEqualTo(200);
        assertThat(going.drains).isEmpty();
        going.close();
        until("its tunnel has ended", () -> instance.tunnels() == 2);
        assertThat(instance.links().dialled()).isEqualTo(2);
    }

    @Test
    void aStreamThatRunsKeepsTheTunnelToARouterThatIsLeft() throws Exception {
        container.at("/slow", request -> {
            released.await();
            return "slow";
        });
        store.placed = List.of("b1", "c1");
        FakeRouter b1 = add("b1", "b");
        FakeRouter c1 = add("c1", "c");
        startResolved();
        untilTwoAreDialled();
        Map<FakeRouter, FakeRouter.Answer> slow = new HashMap<>();
        for (FakeRouter router : List.of(b1, c1)) {
            slow.put(router, router.get(router.session(), "/slow"));
        }
        store.placed = List.of("c1", "a1");
        FakeRouter a1 = add("a1", "a");
        until("where it is placed now is dialled", () -> a1.connected() == 1);
        until("one of the others is told", () -> b1.drains.size() + c1.drains.size() == 1);
        FakeRouter told = b1.drains.isEmpty() ? c1 : b1;
        int heard = told.healths.size();
        assertThat(told.drains.get(0).reason()).isEqualTo(Drain.Reason.MOVED);
        assertThat(told.connected()).isEqualTo(1);
        released.countDown();
        assertThat(FakeRouter.get(slow.get(told).status)).isEqualTo(200);
        until("it is left", () -> told.connected() == 0);
        assertThat(told.closed).hasSize(1);
        // No HEALTH that would have taken the word back.
        assertThat(told.healths.subList(heard, told.healths.size()))
                .noneMatch(health -> health.state() == Health.State.ACCEPTING);
    }

    @Test
    void aResolverThatLosesEverythingTakesNothingAway() throws Exception {
        FakeRouter a1 = add("a1", "a");
        FakeRouter b1 = add("b1", "b");
        startResolved();
        untilTwoAreDialled();
        store.remove("a1");
        store.remove("b1");
        FakeRouter.Answer answer = a1.get(a1.session(), "/hello");
        assertThat(FakeRouter.get(answer.status)).isEqualTo(200);
        // The next look has passed once a newcomer is dialled.
        FakeRouter b2 = add("b2", "b");
        until("the newcomer is dialled", () -> b2.connected() == 1);
        assertThat(a1.connected() + b1.connected()).isPositive();
    }

    @Test
    void routersOfTheConfigurationAreDialledInAnyCase() throws Exception {
        FakeRouter own = new FakeRouter();
        add("a1", "a");
        add("b1", "b");
        try (own) {
            start("fluid.router.urls", own.url(), "fluid.resolver.urls", "http://127.0.0.1:9054");
            until("all are dialled", () -> instance.tunnels() == 3 && own.connected() == 1);
        }
    }

    @Test
    void theOnlyRouterNamesAnotherAndIsDialledAgainWhenItIsBack() throws Exception {
        FakeRouter only = new FakeRouter();
        FakeRouter named = new FakeRouter();
        routers.put("named", named);
        int port = only.port();
        start("fluid.router.urls", only.url());
        Session session = only.session();
        session.sendDrain(Drain.everything(Drain.Reason.SHUTDOWN, 30_000, List.of(named.url())));
        until("the named one is dialled", () -> named.connected() == 1);
        assertThat(session.open()).isTrue();
        only.close();
        until("the only one has gone", () -> instance.tunnels() == 1);
        routers.put("only", new FakeRouter(port));
        until("it is dialled again", () -> routers.get("only").connected() == 1);
        until("the named one is left", () -> named.connected() == 0);
    }

    @Test
    void withoutTheClientTheStartIsRefused() {
        Config config = Config.builder()
                .role(Role.INSTANCE)
                .explicit(Map.of(
                        "fluid.function", "shop",
                        "fluid.tunnel.secret", FakeRouter.SECRET,
                        "fluid.resolver.urls", "http://127.0.0.1:9054"))
                .environment(Map.of())
                .systemProperties(new Properties())
                .noDefaultFiles()
                .build();
        InstanceRuntime.Builder builder = InstanceRuntime.builder()
                .config(config)
                .loader(ClassLoader.getPlatformClassLoader())
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container);
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fluid.resolver.urls");
    }
}
