/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the router learns of a request: its log lines, and what it cost. */
class BatteryAccountsIT extends Battery {

    private static final int BURN_MILLIS = 20;
    private static final Pattern CPU = Pattern.compile("\"activeCpuMs\"\\s*:\\s*([0-9.E-]+)");

    /** One request: what it burnt by its own clock, and who it was. */
    private record Worked(long burntNanos, String requestId) {}

    @BeforeEach
    void onlyTheTunnelTellsAnything() {
        assumeThat(tunnelled()).isTrue();
    }

    @Test
    void whatAnApplicationLogsIsAtTheRouter() throws IOException {
        String key = freshKey();
        Response response = get("/work?line=" + key);
        String id = response.first("fluid-request-id");
        await().atMost(Duration.ofSeconds(20))
                .until(
                        () -> fleet().router().admin("/api/logs?request=" + id),
                        lines -> lines.contains("second " + key));
        String lines = fleet().router().admin("/api/logs?request=" + id);
        assertThat(lines.split("first " + key, -1)).as("once each: %s", lines).hasSize(2);
        assertThat(lines.split("second " + key, -1)).hasSize(2);
        assertThat(lines.indexOf("first " + key)).isLessThan(lines.indexOf("second " + key));
    }

    /** Two routes at once, one burning and one waiting; against the clocks of the threads that did it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void workOfKnownCostIsMeteredWhatItBurnt(int atOnce) throws Exception {
        work(8, 4); // Classes are loaded and compiled by whoever comes first.
        List<List<Worked>> worked = work(40, atOnce);
        long burnt = worked.get(0).stream().mapToLong(Worked::burntNanos).sum();
        double burning = metered(worked.get(0));
        double waiting = metered(worked.get(1));
        Figures.add(
                "metered " + run + " at " + atOnce,
                String.format(
                        Locale.ROOT,
                        "burnt %.1f ms, metered %.1f ms (%+.2f %%), waiting %.2f ms",
                        burnt / 1e6,
                        burning / 1e6,
                        (burning / burnt - 1) * 100,
                        waiting / 1e6));
        assertThat(burning).isCloseTo(burnt, within(burnt * 0.05));
        assertThat(waiting).isLessThan(burnt * 0.05);
    }

    /** So many of both kinds, alternately. */
    private List<List<Worked>> work(int requests, int atOnce) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(atOnce);
        List<List<Worked>> worked = List.of(new ArrayList<>(), new ArrayList<>());
        try {
            List<Future<Worked>> answers = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                String what = i % 2 == 0 ? "burn=" + BURN_MILLIS : "wait=" + BURN_MILLIS;
                answers.add(clients.submit(() -> {
                    Response response = get("/work?" + what);
                    assertThat(response.status()).isEqualTo(200);
                    return new Worked(Long.parseLong(response.value("burnt")), response.first("fluid-request-id"));
                }));
            }
            for (int i = 0; i < requests; i++) {
                worked.get(i % 2).add(answers.get(i).get(60, TimeUnit.SECONDS));
            }
        } finally {
            clients.shutdownNow();
        }
        return worked;
    }

    private double metered(List<Worked> all) {
        double nanos = 0;
        for (Worked one : all) {
            Matcher cpu = await().atMost(Duration.ofSeconds(20))
                    .until(
                            () -> CPU.matcher(fleet().router().admin("/api/requests/" + one.requestId())),
                            Matcher::find);
            nanos += Double.parseDouble(cpu.group(1)) * 1e6;
        }
        return nanos;
    }
}
