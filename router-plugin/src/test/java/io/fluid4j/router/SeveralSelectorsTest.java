/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients and tunnels on different selectors: responses come by another thread than the one that reads requests. */
@Timeout(180)
class SeveralSelectorsTest {

    private static final int CLIENTS = 4;
    private static final int REQUESTS = 4_000;

    @Test
    void everyRequestOfAConnectionIsAnswered() throws Exception {
        try (Router router = Router.create(
                        RequestPathTest.config("fluid.router.selectors", "4", "fluid.router.max-wait", "8s"))
                .start()) {
            List<ScriptedInstance> instances = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                instances.add(
                        new ScriptedInstance(router.tunnelPort(), "shop", call -> call.answer(200, "ok")).connected());
            }
            await().until(() -> router.instances() == 4);
            ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
            try {
                List<Future<Integer>> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(threads.submit(() -> ask(router)));
                }
                for (Future<Integer> client : clients) {
                    assertThat(client.get(150, TimeUnit.SECONDS)).isEqualTo(REQUESTS);
                }
            } finally {
                threads.shutdownNow();
                instances.forEach(ScriptedInstance::close);
            }
        }
    }

    private static int ask(Router router) throws Exception {
        int answered = 0;
        try (RawClient client = new RawClient(router.httpPort())) {
            for (int i = 0; i < REQUESTS; i++) {
                RawClient.Answer answer;
                try {
                    answer = client.send("GET /" + i + " HTTP/1.1\r\nHost: h\r\n\r\n")
                            .answer();
                } catch (SocketTimeoutException e) {
                    List<String> phases = new ArrayList<>();
                    for (RouterExchange exchange : router.context().live().snapshot()) {
                        phases.add(exchange.phase() + " " + exchange.request().getHttpURI());
                    }
                    throw new AssertionError("request " + i + " has no answer; under way: " + phases, e);
                }
                answered += answer.status() == 200 ? 1 : 0;
            }
        }
        return answered;
    }
}
