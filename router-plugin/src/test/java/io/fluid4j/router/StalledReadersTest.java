/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.HeadWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that do not read cost the router no more than its byte budget, and others nothing. */
@Timeout(120)
class StalledReadersTest {

    private static final int STALLED = 60;
    private static final int BODY_BYTES = 8 << 20;
    private static final int BUDGET_BYTES = 1 << 20;
    /** What each stream keeps to move with, CONFIG.md. */
    private static final int EACH_BYTES = 4096;

    /** One for all: what lies here is not the router's. */
    private static final ByteBuffer BODY = ByteBuffer.allocate(BODY_BYTES).asReadOnlyBuffer();

    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void stalledReadersStayWithinTheByteBudget() throws Exception {
        List<RawClient> stalled = new ArrayList<>();
        try (Router router = Router.create(RequestPathTest.config("fluid.tunnel.byte-budget", "1m"))
                        .start();
                ScriptedInstance instance =
                        new ScriptedInstance(router.tunnelPort(), "shop", StalledReadersTest::send).connected()) {
            await().until(() -> router.instances() == 1);
            try {
                for (int i = 0; i < STALLED; i++) {
                    stalled.add(new RawClient(router.httpPort()).send(GET));
                }
                // All windows are used up, and nothing moves any more, but for who reads.
                await().atMost(Duration.ofSeconds(30)).until(() -> instance.requests.size() == STALLED);
                for (int i = 0; i < 5; i++) {
                    try (RawClient reader = new RawClient(router.httpPort())) {
                        RawClient.Answer answer = reader.send(GET).answer();
                        assertThat(answer.status()).isEqualTo(200);
                        assertThat(answer.body()).hasSize(BODY_BYTES);
                    }
                    assertThat(router.committedBytes()).isLessThanOrEqualTo(BUDGET_BYTES + STALLED * EACH_BYTES);
                }
                // Whoever reads on after all gets everything.
                try (RawClient late = stalled.remove(STALLED / 2)) {
                    assertThat(late.answer().body()).hasSize(BODY_BYTES);
                }
            } finally {
                for (RawClient client : stalled) {
                    client.reset();
                }
            }
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(router.committedBytes())
                    .as("octets that are still accounted for when everybody has gone")
                    .isZero());
        }
    }

    private static void send(ScriptedInstance.Call call) {
        call.start();
        call.stream.send(
                new HeadWriter().response(200, BODY_BYTES),
                BODY.duplicate(),
                true,
                null,
                Callback.from(
                        () -> {
                            call.stream.completed(null);
                        },
                        failure -> call.stream.completed(null)));
    }
}
