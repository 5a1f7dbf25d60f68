/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a router bills for a request is what the request has used, on real servers. The measure is the processor clock of
 * the very threads that did the work, read by the application, never a time that passes: how busy the machine is does not
 * matter. Billed is what was measured and what was shared out, together.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Environment.class,
        names = {"TOMCAT_11", "JETTY_12_1_EE11"})
@Timeout(120)
class MeteringIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String FUNCTION = "metering";
    private static final int MILLIS = 150;
    private static final List<String> KINDS =
            List.of("blocking", "dispatched", "wrapped", "listeners", "after", "waiting");

    /**
     * A request and its bill.
     *
     * @param burntNanos by the clocks of its threads
     * @param tookNanos from the application's first to its last word
     * @param billedNanos processor time
     * @param sharedNanos of that, not measured but shared out
     * @param wallNanos time on the instance
     * @param knownNanos from before it was sent until its bill was there
     */
    private record Billed(
            long burntNanos, long tookNanos, long billedNanos, long sharedNanos, long wallNanos, long knownNanos) {}

    /** A request that has been answered; its bill may not have come yet. */
    private record Answered(String key, String id, long sentNanos) {}

    private static @Nullable Pair pair;

    @Parameter
    Environment environment;

    /** What all threads of a test use. */
    private Pair servers;

    @BeforeEach
    void start() throws Exception {
        Pair running = pair;
        boolean fresh = running == null || running.environment() != environment;
        if (running == null || fresh) {
            stop();
            running = Pair.start(FUNCTION, environment, "-Xmx64m", "", "-Xmx256m");
            pair = running;
        }
        servers = running;
        if (fresh) {
            warmUp();
        }
    }

    @AfterAll
    static void stop() {
        Pair running = pair;
        pair = null;
        if (running != null) {
            running.close();
        }
    }

    /** Every kind of slice, and requests that wait beside those that burn. */
    @Test
    void everyKindOfSliceIsBilledWhatItsThreadsHaveMeasured() throws Exception {
        List<Billed> billed = bills(run(KINDS, 8, MILLIS));
        note("all", billed);
        // What is shared out is not for a single kind: some of it is the work of whoever was there before.
        long burntByAll = sum(billed, Billed::burntNanos);
        assertThat(sum(billed, Billed::billedNanos)).as("all").isCloseTo(burntByAll, within(burntByAll / 20));
        for (int kind = 0; kind < KINDS.size(); kind++) {
            List<Billed> all = billed.subList(kind * 8, (kind + 1) * 8);
            note(KINDS.get(kind), all);
            if (KINDS.get(kind).equals("waiting")) {
                assertThat(sum(all, Billed::billedNanos))
                        .as("waiting")
                        .isLessThan(all.size() * MILLIS * 1_000_000L / 20);
            } else {
                long burnt = sum(all, Billed::burntNanos);
                assertThat(burnt).isGreaterThanOrEqualTo(all.size() * MILLIS * 1_000_000L);
                assertThat(sum(all, Billed::billedNanos) - sum(all, Billed::sharedNanos))
                        .as(KINDS.get(kind))
                        .isCloseTo(burnt, within(burnt / 20));
            }
            for (Billed one : all) {
                assertThat(one.wallNanos()).isBetween(one.tookNanos(), one.knownNanos());
            }
        }
    }

    /** Longer than the meter's interval, and beside one that waits as long. */
    @Test
    void aSliceOfSecondsIsBilledOnceAndNotToWhoWaitsBesideIt() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(2);
        try {
            Future<Answered> burning = clients.submit(() -> ask("blocking", 2_500));
            Future<Answered> waiting = clients.submit(() -> ask("waiting", 4_000));
            List<Billed> billed = bills(all(List.of(burning, waiting)));
            Billed burner = billed.get(0);
            Billed waiter = billed.get(1);
            note("long", List.of(burner));
            note("long, waiting", List.of(waiter));
            assertThat(burner.billedNanos()).isCloseTo(burner.burntNanos(), within(burner.burntNanos() / 20));
            assertThat(waiter.billedNanos()).isLessThan(burner.burntNanos() / 20);
        } finally {
            clients.shutdownNow();
        }
    }

    /** What the ledger says is what its requests were billed, and memory is that of the instance, once. */
    @Test
    void theLedgerHoldsTheSumsAndTheMemoryOnceHoweverManyShareIt() throws Exception {
        JsonNode before = settledUsage();
        long begin = System.nanoTime();
        int atOnce = 8;
        List<Billed> billed;
        ExecutorService clients = Executors.newFixedThreadPool(atOnce);
        try {
            List<Future<Answered>> answers = new ArrayList<>();
            for (int i = 0; i < atOnce; i++) {
                String kind = i % 2 == 0 ? "waiting" : "blocking";
                int millis = i % 2 == 0 ? 2_000 : 100;
                answers.add(clients.submit(() -> ask(kind, millis)));
            }
            billed = bills(all(answers));
        } finally {
            clients.shutdownNow();
        }
        double busyAtMost = (System.nanoTime() - begin) / 1e9;
        double busyAtLeast = billed.stream().mapToLong(Billed::tookNanos).max().orElseThrow() / 1e9;
        await().atMost(LIMIT)
                .until(() -> grown(before, usage(), "requests"), requests -> Math.round(requests) == atOnce);
        double gb = heapGb();
        await().atMost(LIMIT).until(() -> grown(before, usage(), "memoryGbSeconds") >= gb * busyAtLeast * 0.999);
        JsonNode after = settledUsage();

        assertThat(grown(before, after, "activeCpuSeconds"))
                .isCloseTo(sum(billed, Billed::billedNanos) / 1e9, within(1e-6));
        assertThat(grown(before, after, "wallSeconds")).isCloseTo(sum(billed, Billed::wallNanos) / 1e9, within(1e-6));
        assertThat(grown(before, after, "memoryGbSeconds"))
                .isBetween(gb * busyAtLeast * 0.999, gb * busyAtMost * 1.001);
    }

    /**
     * Classes are loaded, and code is slow, for those who come first. That is what they cost, but not what they burn; and
     * what nobody has measured of it is shared out among those who are there during the next ones.
     */
    private void warmUp() throws Exception {
        List<Answered> answered = run(KINDS, 30, 2);
        ask("waiting", 4_000);
        await().atMost(LIMIT).until(() -> usage().path("requests").asDouble(), done -> done > answered.size());
        JsonNode unused = settledUsage();
    }

    /** So many of each kind, in turns; those of the first kind come first in the list, and so on. */
    private List<Answered> run(List<String> kinds, int ofEach, int millis) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            List<List<Future<Answered>>> answers = new ArrayList<>();
            kinds.forEach(kind -> answers.add(new ArrayList<>()));
            for (int i = 0; i < ofEach; i++) {
                for (int kind = 0; kind < kinds.size(); kind++) {
                    String name = kinds.get(kind);
                    answers.get(kind).add(clients.submit(() -> ask(name, millis)));
                }
            }
            return all(answers.stream().flatMap(List::stream).toList());
        } finally {
            clients.shutdownNow();
        }
    }

    private static List<Answered> all(List<Future<Answered>> futures) throws Exception {
        List<Answered> answers = new ArrayList<>();
        for (Future<Answered> future : futures) {
            answers.add(future.get(60, TimeUnit.SECONDS));
        }
        return answers;
    }

    private Answered ask(String kind, int millis) throws IOException {
        String key = Battery.freshKey();
        long sent = System.nanoTime();
        Response response = post(
                servers.router().httpPort(),
                environment.contextPath() + "/meter/" + kind + "?key=" + key + "&millis=" + millis);
        assertThat(response.status()).as(kind).isEqualTo(200);
        return new Answered(key, response.first("fluid-request-id"), sent);
    }

    /**
     * When all have been answered, and not before: what was burnt is asked for at the server's own port, which is work
     * that no request under way has done, but the share of those that are would be.
     */
    private List<Billed> bills(List<Answered> answers) throws IOException {
        List<Billed> billed = new ArrayList<>();
        for (Answered answer : answers) {
            billed.add(billed(answer));
        }
        return billed;
    }

    private Billed billed(Answered answered) throws IOException {
        Response told =
                post(servers.server().httpPort(), environment.contextPath() + "/meter/told?key=" + answered.key());
        assertThat(told.status()).as(told.text()).isEqualTo(200);
        long burnt = Long.parseLong(told.value("burnt"));
        // Work that goes on behind the response is billed when it has ended.
        JsonNode bill = await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> bill(answered.id()),
                        known -> known.path("activeCpuMs").asDouble(-1) * 1e6 >= burnt * 0.95);
        return new Billed(
                burnt,
                Long.parseLong(told.value("took")),
                Math.round(bill.path("activeCpuMs").asDouble() * 1e6),
                Math.round(bill.path("apportionedCpuMs").asDouble() * 1e6),
                Math.round(bill.path("wallMs").asDouble() * 1e6),
                System.nanoTime() - answered.sentNanos());
    }

    /** What is known by now; nothing before the end of the response. */
    private JsonNode bill(String id) throws IOException {
        try (RawClient client = RawClient.connect(servers.router().adminPort())) {
            client.send("GET /api/requests/" + id + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Response response = client.readResponse("GET");
            JsonNode story = response.status() == 200 ? JSON.readTree(response.text()) : JSON.createObjectNode();
            return story.path("withWorkAfterResponse").isObject() ? story.path("withWorkAfterResponse") : story;
        }
    }

    private static Response post(int port, String target) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            client.send("POST " + target + " HTTP/1.1\r\nHost: localhost:" + port
                    + "\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nhello");
            return client.readResponse("POST");
        }
    }

    private void note(String kind, List<Billed> all) {
        double burnt = sum(all, Billed::burntNanos) / 1e6;
        double billed = sum(all, Billed::billedNanos) / 1e6;
        Figures.add(
                "billed " + getClass().getSimpleName() + " " + environment.id() + " " + kind,
                String.format(
                        Locale.ROOT,
                        "burnt %.1f ms, billed %.1f ms (%+.2f %%), of that shared out %.1f ms",
                        burnt,
                        billed,
                        burnt == 0 ? 0 : (billed / burnt - 1) * 100,
                        sum(all, Billed::sharedNanos) / 1e6));
    }

    private static long sum(List<Billed> all, ToLongFunction<Billed> what) {
        return all.stream().mapToLong(what).sum();
    }

    // ---- the ledger

    /** Of the function of this server; what it does not have yet is nothing. */
    private JsonNode usage() throws IOException {
        for (JsonNode row :
                JSON.readTree(servers.router().admin("/api/usage?by=function")).path("rows")) {
            if (row.path("function").asText().equals(FUNCTION)) {
                return row;
            }
        }
        return JSON.createObjectNode();
    }

    /** When two readings with an interval of the meter and of the writer between them are the same, all has come in. */
    private JsonNode settledUsage() {
        return await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(2_500))
                .until(
                        new Callable<JsonNode>() {
                            private JsonNode last = JSON.createObjectNode();

                            @Override
                            public JsonNode call() throws IOException {
                                JsonNode now = usage();
                                boolean same = now.equals(last);
                                last = now;
                                return same ? now : null;
                            }
                        },
                        Objects::nonNull);
    }

    /** The limit of the instance's heap, in the ledger's unit. */
    private double heapGb() throws IOException {
        Response response = post(servers.server().httpPort(), environment.contextPath() + "/meter/memory");
        return Double.parseDouble(response.value("memory")) / (1L << 30);
    }

    private static double grown(JsonNode before, JsonNode after, String what) {
        return after.path(what).asDouble() - before.path(what).asDouble();
    }
}
