/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.battery.Pattern;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@value #STALLED} clients take the head of a download and read no more. It costs the router its byte budget and
 * nobody else anything: all share one tunnel. The router has {@value #ROUTER_MEMORY}; beyond that it ends.
 */
@Timeout(300)
class StalledReadersIT {

    static final String ROUTER_MEMORY = "-Xmx64m -XX:MaxDirectMemorySize=64m";
    static final int STALLED = 200;

    private static final long BUDGET_BYTES = 32 << 20;
    /** What each stream keeps to move with, CONFIG.md. */
    private static final long EACH_BYTES = 4 << 10;

    /** What a connection and its request cost beside that: buffers of the connection among it. */
    private static final long CONNECTION_BYTES = 64 << 10;
    /** What the first turn loads and fills stays: classes, code, rings of a fixed size. */
    private static final long FLAT_BYTES = 4 << 20;

    private static final long BODY_BYTES = 1L << 30;
    /** Far more than any window. */
    private static final long READ_ON_BYTES = 32 << 20;

    private static final int REQUESTS = Others.TIMES ? 2_000 : 200;
    private static final int TURNS = Others.TIMES ? 7 : 1;
    private static final int WARM_UP = Others.TIMES ? 20_000 : 200;
    /** Health and pings. */
    private static final long STILL_BYTES = 64 * 1024;

    private static Pair pair;
    private static JvmMemory memory;

    @BeforeAll
    static void start() {
        pair = Pair.start(
                "stalled",
                Environment.TOMCAT_11,
                ROUTER_MEMORY + " -XX:+ExitOnOutOfMemoryError",
                "fluid.tunnel.byte-budget=" + BUDGET_BYTES + "\n",
                LoadIT.INSTANCE_HEAP);
        memory = JvmMemory.of(pair.router().process());
    }

    @AfterAll
    static void stop() {
        if (memory != null) {
            memory.close();
        }
        if (pair != null) {
            pair.close();
        }
    }

    @Test
    void stalledReadersHoldUpNobodyElse() throws Exception {
        Others others = new Others(pair);
        others.p99Nanos(WARM_UP);
        JvmMemory.Live before = memory.live();
        JvmMemory.Live during = before;
        for (int turn = 0; turn < TURNS; turn++) {
            others.without(REQUESTS);
            List<RawClient> stalled = new ArrayList<>();
            try {
                stall(stalled);
                others.beside(REQUESTS);
                try (RawClient another = pair.send("GET", "/download?bytes=" + READ_ON_BYTES)) {
                    assertThat(another.readHead("GET").status()).isEqualTo(200);
                    read(another, READ_ON_BYTES);
                }
                // Who reads again gets on.
                read(stalled.get(turn), READ_ON_BYTES);
                assertThat(pair.metric("fluid_tunnel_committed_bytes"))
                        .as("body octets that the instance may have lying in the router")
                        .isGreaterThan(STALLED * EACH_BYTES)
                        .isLessThanOrEqualTo(BUDGET_BYTES + STALLED * EACH_BYTES);
                during = during.orMore(memory.live());
            } finally {
                Pair.closeAll(stalled);
            }
            pair.awaitNothingInFlight();
            await().atMost(Pair.PATIENCE).untilAsserted(() -> assertThat(pair.metric("fluid_tunnel_committed_bytes"))
                    .as("left behind when all have gone")
                    .isZero());
        }
        JvmMemory.Live after = memory.live();
        Figures.table(
                "p99 of others and what is alive in a router of " + ROUTER_MEMORY,
                List.of(Others.COLUMNS, others.row(STALLED + " stalled readers", before, during, after)));
        assertThat(during.bytes() - before.bytes())
                .as("alive beside them, beyond what was before")
                .isLessThanOrEqualTo(BUDGET_BYTES + STALLED * (EACH_BYTES + CONNECTION_BYTES));
        assertThat(after.heapBytes() - before.heapBytes()).as("left behind").isLessThan(FLAT_BYTES);
        pair.assertBothAlive();
        others.assertAtMost(1.5);
    }

    private static void read(RawClient client, long bytes) throws IOException {
        for (long at = 0; at < bytes; ) {
            byte[] some = client.readSome();
            assertThat(some).isNotEmpty();
            assertThat(some[0]).isEqualTo(Pattern.at(at));
            at += some.length;
        }
    }

    /** Readers that stop; returns when the instance has written all it may. */
    private static void stall(List<RawClient> stalled) throws IOException {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < STALLED; i++) {
            String key = Pair.freshKey();
            RawClient client =
                    RawClient.connect(pair.router().httpPort(), 16 * 1024).patience(Pair.PATIENCE);
            stalled.add(client);
            client.send(pair.head("GET", "/download?how=async&bytes=" + BODY_BYTES + "&key=" + key));
            keys.add(key);
        }
        for (RawClient client : stalled) {
            assertThat(client.readHead("GET").status()).isEqualTo(200);
        }
        for (String key : keys) {
            assertThat(pair.own("/rendezvous/await?key=" + key)).isEqualTo("not ready");
        }
        // The system takes some megabytes for each of them first.
        long[] before = {0};
        await().atMost(Pair.PATIENCE).pollInterval(Duration.ofMillis(300)).until(() -> {
            long last = before[0];
            before[0] = pair.metric("fluid_tunnel_bytes_total");
            return before[0] - last < STILL_BYTES;
        });
    }
}
