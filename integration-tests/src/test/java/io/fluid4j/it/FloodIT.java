/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Floods against the delivered router, which has {@value #ROUTER_HEAP}: others are served all the time, who sends them
 * is named in the log, and no memory stays behind. What others feel of it is a figure ({@link Others}).
 */
@Timeout(240)
class FloodIT {

    static final String ROUTER_HEAP = "-Xmx64m";

    private static final int REQUESTS = Others.TIMES ? 3_000 : 200;
    private static final int WARM_UP = Others.TIMES ? 30_000 : 400;
    private static final int TURNS = Others.TIMES ? 5 : 3;
    /**
     * Requests of one address that get through before it is turned away: three connections with 128 resets each, and
     * those that were under way then.
     */
    private static final int LET_THROUGH = 3 * 2 * 128;

    /** Far more than what any limit lets pass in one go. */
    private static final int ENOUGH = 300;
    /**
     * What may be alive beyond what was after the first turn, when what a flood needs has been loaded: the requests of
     * the others fill rings of a fixed size, such as that of the last ones explained, by some 400 KiB in a turn.
     */
    private static final long FLAT_BYTES = 2 << 20;
    /** What the flood's own connections, 400 at most, may cost while they are open. */
    private static final long OPEN_BYTES = 16 << 20;

    private static Pair pair;
    private static JvmMemory memory;
    private static boolean warm;
    private static final List<List<String>> ROWS = new ArrayList<>(List.of(Others.COLUMNS));

    @BeforeAll
    static void start() {
        Path credentials = Build.work("flood-credentials").resolve("credentials");
        Build.write(
                credentials,
                "flood = " + Delivery.SECRET + "\n" + Flood.Names.OTHER_FUNCTION + " = " + Flood.Names.OTHER_SECRET
                        + "\n");
        pair = Pair.start(
                "flood",
                Environment.JETTY_12_1_EE10,
                ROUTER_HEAP + " -XX:+ExitOnOutOfMemoryError",
                "fluid.tunnel.credentials-file=" + credentials + "\nfluid.router.http.header-timeout=2s\n"
                        // On a slow machine, too, a turn is over before who was turned away may come again.
                        + "fluid.router.http.turn-away=10m\n"
                        + "fluid.route.all.function=flood\n",
                LoadIT.INSTANCE_HEAP);
        memory = JvmMemory.of(pair.router().process());
        warm = false;
    }

    @AfterAll
    static void stop() {
        Figures.table("p99 of others and what is alive in a router of " + ROUTER_HEAP, ROWS);
        if (memory != null) {
            memory.close();
        }
        if (pair != null) {
            pair.close();
        }
    }

    @ParameterizedTest
    @EnumSource(Flood.class)
    void othersAreServedAndTheOffenderIsNamed(Flood flood) throws Exception {
        Others others = new Others(pair);
        if (!warm) {
            others.p99Nanos(WARM_UP);
            warm = true;
        }
        List<JvmMemory.Live> after = new ArrayList<>();
        JvmMemory.Live before = memory.live();
        JvmMemory.Live during = before;
        for (int turn = 0; turn < TURNS; turn++) {
            others.without(REQUESTS);
            during = during.orMore(turn(flood, others, new Flood.From("127.1." + flood.ordinal() + "." + (turn + 1))));
            after.add(memory.live());
        }
        ROWS.add(others.row(
                flood.name().toLowerCase(Locale.ROOT).replace('_', ' '), before, during, after.get(TURNS - 1)));
        assertThat(during.bytes() - before.bytes()).as("during it").isLessThan(OPEN_BYTES);
        for (JvmMemory.Live left : after) {
            assertThat(left.bytes() - after.get(0).bytes()).as("left behind").isLessThan(FLAT_BYTES);
        }
        assertThat(pair.router().process().lines().stream().filter(line -> line.startsWith("\tat ")))
                .as("stacks in the log for what clients may do")
                .isEmpty();
        pair.assertBothAlive();
        others.assertAtMost(2);
    }

    /** Others beside a flood from an address that has not been seen yet. Returns what is alive during it. */
    private static JvmMemory.Live turn(Flood flood, Others others, Flood.From from) throws Exception {
        int said = pair.router().process().lines().size();
        long requests = pair.metric("fluid_router_requests_total") - others.asked();
        long turnedAway = turnedAway();
        JvmMemory.Live live;
        try (Running running = new Running(flood, from)) {
            others.beside(REQUESTS);
            running.awaitTried(ENOUGH);
            if (flood.offends()) {
                await().atMost(Pair.PATIENCE).until(() -> pair.router().process().lines().stream()
                        .skip(said)
                        .anyMatch(line -> flood.named(line, from)));
            }
            if (flood.turnedAway()) {
                await().atMost(Pair.PATIENCE).until(() -> turnedAway() > turnedAway);
            }
            live = memory.live();
        }
        pair.awaitNothingInFlight();
        if (flood.turnedAway()) {
            assertThat(pair.metric("fluid_router_requests_total") - others.asked() - requests)
                    .as("requests of the offender that were begun")
                    .isLessThanOrEqualTo(LET_THROUGH);
        }
        return live;
    }

    private static long turnedAway() throws IOException {
        return pair.metric("fluid_router_cut_off_connections_total", "when=\"accepted\"");
    }

    /** Sends until it is closed. */
    private static final class Running implements AutoCloseable {
        private final AtomicLong tried = new AtomicLong();
        private final Flood flood;
        private final Flood.From from;
        private final Thread thread;
        private volatile boolean ending;
        private volatile RuntimeException failure;

        Running(Flood flood, Flood.From from) {
            this.flood = flood;
            this.from = from;
            thread = new Thread(this::run, "flood");
            thread.start();
        }

        private void run() {
            long began = System.nanoTime();
            try (Flood.Sender sender = flood.sender(pair)) {
                for (long count = 0; !ending; count++) {
                    long due = began + count * 1_000_000_000L / flood.perSecond;
                    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                    try {
                        tried.incrementAndGet();
                        sender.send(from);
                    } catch (IOException cutOff) {
                        sender.again();
                    }
                }
            } catch (RuntimeException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IllegalStateException(e);
            }
        }

        void awaitTried(int enough) {
            await().atMost(Duration.ofSeconds(60))
                    .failFast("the flood has failed", () -> !thread.isAlive())
                    .until(() -> tried.get() >= enough);
        }

        @Override
        public void close() {
            ending = true;
            try {
                thread.join(Pair.PATIENCE.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) {
                throw failure;
            }
        }
    }
}
