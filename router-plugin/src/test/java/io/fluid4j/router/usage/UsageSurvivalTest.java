/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger under kill -9 of its process and outages of its database. */
final class UsageSurvivalTest {

    private static final int LIVES = Integer.getInteger("fluid.test.kills", 6);
    /** A second is what is promised; the rest is for a machine that lets a thread wait. */
    private static final long MOST_LOST_MILLIS = 3_000;

    @TempDir
    Path folder;

    /** What a life has said. */
    private record Said(long count, long millis) {}

    @Test
    void killsInALoopLoseAtMostTheLastSecondOfTheEmbeddedLedger() throws Exception {
        String url = UsageLedger.embeddedUrl(folder);
        killInALoop(url, "");
    }

    @Test
    void killsInALoopLoseAtMostTheLastSecondOfPostgres() throws Exception {
        try (PostgresServer postgres = new PostgresServer()) {
            killInALoop(postgres.url(), "fluid");
        }
    }

    private void killInALoop(String url, String user) throws Exception {
        Random random = new Random(7);
        List<List<Said>> lives = new ArrayList<>();
        for (int life = 0; life < LIVES; life++) {
            lives.add(live(url, user, "life-" + life, 1_500 + random.nextInt(1_500)));
        }
        UsageStore store = new UsageStore(url, user.isEmpty() ? null : user, null);
        try (Connection connection = store.connect()) {
            long longest = 0;
            for (int life = 0; life < LIVES; life++) {
                List<Said> said = lives.get(life);
                long kept = kept(connection, "life-" + life);
                Said last = said.get(said.size() - 1);
                assertThat(kept).as("nothing twice").isLessThanOrEqualTo(last.count + 100);
                Said firstLost = said.stream()
                        .filter(one -> one.count > kept)
                        .findFirst()
                        .orElse(last);
                longest = Math.max(longest, last.millis - firstLost.millis);
            }
            System.out.println(
                    "longest loss of " + LIVES + " kills on " + url.substring(0, 9) + ": " + longest + " ms");
            assertThat(longest).isLessThanOrEqualTo(MOST_LOST_MILLIS);
        }
    }

    private List<Said> live(String url, String user, String name, long lifeMillis) throws IOException {
        File errors = folder.resolve(name + ".err").toFile();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CountingProcess.class.getName(),
                        url,
                        user,
                        name)
                .redirectError(errors)
                .start();
        List<Said> said = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                String[] words = line.split(" ");
                if (words.length == 2
                        && words[1].length()
                                == String.valueOf(Long.parseLong(words[1])).length()) {
                    said.add(new Said(Long.parseLong(words[0]), Long.parseLong(words[1])));
                }
                if (said.get(said.size() - 1).millis - said.get(0).millis > lifeMillis) {
                    process.toHandle().destroyForcibly(); // The stream goes on to its end.
                }
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(said).as(Files.readString(errors.toPath())).isNotEmpty();
        assertThat(said.get(said.size() - 1).millis - said.get(0).millis)
                .as("it lives until it is killed: " + Files.readString(errors.toPath()))
                .isGreaterThan(lifeMillis);
        return said;
    }

    @Test
    void anOutageOfTheDatabaseUnderTwoRoutersLosesNothingAndCountsNothingTwice() throws Exception {
        AtomicLong counted = new AtomicLong();
        try (PostgresServer postgres = new PostgresServer()) {
            try (UsageLedger first = ledger(postgres.url());
                    UsageLedger second = ledger(postgres.url())) {
                first.start();
                second.start();
                AtomicBoolean stop = new AtomicBoolean();
                Thread load = new Thread(() -> load(stop, counted, first, second), "load");
                load.start();
                for (int outage = 0; outage < 3; outage++) {
                    stopAndStart(postgres, first, second);
                }
                stop.set(true);
                load.join();
                assertThat(first.state().lostRows()).isZero();
            }
            try (Connection connection = new UsageStore(postgres.url(), "fluid", null).connect()) {
                assertThat(kept(connection, "f")).isEqualTo(counted.get()).isPositive();
            }
        }
    }

    private static void stopAndStart(PostgresServer postgres, UsageLedger first, UsageLedger second)
            throws IOException {
        long batches = first.state().batches();
        awaitUntil(() -> first.state().batches() > batches + 1);
        postgres.stop();
        long failures = second.state().failures();
        awaitUntil(() -> second.state().failures() > failures + 2);
        assertThat(first.state().waitingRows()).isPositive();
        postgres.start();
        awaitUntil(() -> first.state().behindSeconds() < 1 && second.state().behindSeconds() < 1);
    }

    @Test
    void aServerThatIsAwayDoesNotStopTheStart() {
        try (UsageLedger ledger = ledger("jdbc:postgresql://127.0.0.1:1/none")) {
            ledger.start();
            ledger.ended(new UsageKey("f", "d", "r"), false, 0, 0);
            awaitUntil(() -> ledger.state().failures() > 1);
            assertThat(ledger.state().waitingRows()).isEqualTo(1);
            assertThat(ledger.state().behindSeconds()).isPositive();
        }
    }

    private static void load(AtomicBoolean stop, AtomicLong counted, UsageLedger... ledgers) {
        UsageKey key = new UsageKey("f", "d", "r");
        while (!stop.get()) {
            for (UsageLedger ledger : ledgers) {
                ledger.ended(key, false, 0, 0);
                counted.incrementAndGet();
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static UsageLedger ledger(String url) {
        return new UsageLedger(
                new UsageLedger.Settings(url, "fluid", null, Duration.ofDays(7), Duration.ofDays(400)),
                Clock.systemUTC());
    }

    private static long kept(Connection connection, String function) throws SQLException {
        Instant now = Instant.now();
        return UsageQuery.report(connection, now.minusSeconds(7_200), now.plusSeconds(7_200), UsageReport.By.FUNCTION)
                .rows()
                .stream()
                .filter(row -> row.key().function().equals(function))
                .mapToLong(row -> row.sums().requests())
                .sum();
    }

    private static void awaitUntil(Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
