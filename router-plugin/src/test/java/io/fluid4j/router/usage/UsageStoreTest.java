/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The SQL of the ledger, the same on both databases. */
final class UsageStoreTest {

    enum Database {
        EMBEDDED,
        POSTGRESQL
    }

    private static final long T = Instant.parse("2026-01-01T10:00:00Z").getEpochSecond();
    private static final Instant FROM = Instant.ofEpochSecond(T);
    private static final UsageKey SHOP = new UsageKey("shop", "v1", "front");
    private static final UsageKey ADMIN = new UsageKey("shop", "v1", "admin");
    private static final UsageKey SHOP_V2 = new UsageKey("shop", "v2", "front");

    private static PostgresServer postgres;

    @TempDir
    Path folder;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = new PostgresServer();
    }

    @AfterAll
    static void stopServer() throws Exception {
        postgres.close();
    }

    private Connection open(Database database, UsageStore store) throws SQLException {
        Connection connection = store.connect();
        if (database == Database.POSTGRESQL) {
            try (var statement = connection.createStatement()) {
                statement.execute("DROP TABLE IF EXISTS fluid_usage, fluid_usage_instance, fluid_usage_writer,"
                        + " fluid_usage_schema");
            }
        }
        store.createTables(connection);
        return connection;
    }

    private UsageStore store(Database database) {
        return database == Database.EMBEDDED
                ? new UsageStore(UsageLedger.embeddedUrl(folder), null, null)
                : new UsageStore(postgres.url(), "fluid", null);
    }

    @ParameterizedTest
    @EnumSource
    void aBatchThatIsWrittenAgainCountsOnce(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageSpool spool = spool();
            spool.add(T + 5, SHOP, requests(3, 1_000));
            UsageSpool.Batch batch = spool.next();

            store.write(connection, "boot-1", batch, T);
            store.write(connection, "boot-1", batch, T);
            store.write(connection, "boot-2", batch, T);

            assertThat(rows(connection, UsageReport.By.ALL)).containsExactly(Map.entry(SHOP, 6L));
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowsAreDividedAsAsked(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageSpool spool = spool();
            spool.add(T, SHOP, requests(3, 3_000));
            spool.add(T + 61, SHOP, requests(4, 3_000));
            spool.add(T, ADMIN, requests(5, 2_000));
            spool.add(T, SHOP_V2, requests(6, 100));
            store.write(connection, "boot", spool.next(), T);

            assertThat(rows(connection, UsageReport.By.ALL))
                    .containsExactly(Map.entry(ADMIN, 5L), Map.entry(SHOP, 7L), Map.entry(SHOP_V2, 6L));
            assertThat(rows(connection, UsageReport.By.FUNCTION))
                    .containsExactly(Map.entry(new UsageKey("shop", "", ""), 18L));
            assertThat(rows(connection, UsageReport.By.DEPLOYMENT))
                    .containsExactly(
                            Map.entry(new UsageKey("shop", "v1", ""), 12L),
                            Map.entry(new UsageKey("shop", "v2", ""), 6L));
            assertThat(rows(connection, UsageReport.By.ROUTE))
                    .containsExactly(
                            Map.entry(new UsageKey("shop", "", "admin"), 5L),
                            Map.entry(new UsageKey("shop", "", "front"), 13L));
            UsageReport secondMinute =
                    UsageQuery.report(connection, FROM.plusSeconds(60), FROM.plusSeconds(120), UsageReport.By.ALL);
            assertThat(secondMinute.rows())
                    .extracting(row -> row.sums().requests())
                    .containsExactly(4L);
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryIsThatOfTheInstanceAndRoutesShareItByTheirTime(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageSpool spool = spool();
            spool.add(T, SHOP, requests(1, 30_000));
            spool.add(T, ADMIN, requests(1, 10_000));
            spool.add(T, instance("i1", 10, 20));
            spool.add(T + 60, instance("i1", 40, 80));
            store.write(connection, "boot-1", spool.next(), T);
            // Another router has heard the same, a little earlier and a little later.
            UsageSpool other = spool();
            other.add(T, instance("i1", 8, 18));
            other.add(T + 60, instance("i1", 41, 81));
            store.write(connection, "boot-2", other.next(), T);

            UsageReport all = UsageQuery.report(connection, FROM, FROM.plusSeconds(120), UsageReport.By.ALL);
            UsageReport second =
                    UsageQuery.report(connection, FROM.plusSeconds(60), FROM.plusSeconds(120), UsageReport.By.ALL);

            assertThat(all.total().instanceSeconds()).isEqualByComparingTo("41");
            assertThat(all.total().memoryGbSeconds()).isEqualByComparingTo("82");
            assertThat(all.total().vcpuSeconds()).isEqualByComparingTo("164");
            assertThat(all.total().serverSeconds()).isEqualByComparingTo("81");
            assertThat(all.rows())
                    .extracting(row -> row.memoryGbSeconds().stripTrailingZeros())
                    .containsExactly(new BigDecimal("20.5"), new BigDecimal("61.5"));
            assertThat(second.total().instanceSeconds()).isEqualByComparingTo("31");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAnInstanceHadUsedBeforeTheLedgerBeganIsNotOfTheLedger(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageSpool spool = spool();
            spool.add(T, instance("old", 5_000, 90_000));
            spool.add(T + 60, instance("old", 5_007, 90_060));
            store.write(connection, "boot", spool.next(), T);

            UsageReport report = UsageQuery.report(connection, FROM, FROM.plusSeconds(120), UsageReport.By.ALL);

            assertThat(report.total().instanceSeconds()).isEqualByComparingTo("7");
        }
    }

    @ParameterizedTest
    @EnumSource
    void minutesBecomeHoursAndHoursGo(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageSpool spool = spool();
            for (int minute = 0; minute < 180; minute++) {
                spool.add(T + minute * 60L, SHOP, requests(1, 100));
                spool.add(T + minute * 60L, instance("i1", minute + 1, 2 * minute + 1));
            }
            store.write(connection, "boot", spool.next(), T);

            UsageRollUp.run(connection, T + 2 * 3_600 + 100, T - 1_000);
            UsageRollUp.run(connection, T + 2 * 3_600 + 100, T - 1_000);

            assertThat(count(connection, "fluid_usage")).isEqualTo(2 + 60);
            assertThat(count(connection, "fluid_usage_instance")).isEqualTo(2 + 60);
            assertThat(rows(connection, UsageReport.By.ALL)).containsExactly(Map.entry(SHOP, 180L));
            assertThat(busy(connection, FROM, FROM.plusSeconds(3_600))).isEqualByComparingTo("60");
            assertThat(busy(connection, FROM.plusSeconds(3_600), FROM.plusSeconds(7_200)))
                    .isEqualByComparingTo("60");

            UsageRollUp.run(connection, T + 3 * 3_600, T + 2 * 3_600);

            assertThat(rows(connection, UsageReport.By.ALL)).containsExactly(Map.entry(SHOP, 60L));
            assertThat(busy(connection, FROM.plusSeconds(7_200), FROM.plusSeconds(10_800)))
                    .isEqualByComparingTo("60");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLedgerOfANewerVersionIsLeftAlone(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            try (var statement = connection.createStatement()) {
                statement.execute("INSERT INTO fluid_usage_schema VALUES (99, 0)");
            }
            connection.commit();

            assertThatThrownBy(() -> store.createTables(connection)).hasMessageContaining("newer version (schema 99)");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theLedgerWritesAllItKnowsWhenItIsClosed(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            UsageLedger ledger = new UsageLedger(settings(database), Clock.fixed(FROM, ZoneOffset.UTC));
            ledger.start();
            ledger.ended(SHOP, true, 10, 20);
            ledger.used(SHOP, 1, 2, 3);
            ledger.close();
            ledger.close();

            UsageReport report = UsageQuery.report(connection, FROM, FROM.plusSeconds(60), UsageReport.By.ALL);

            assertThat(report.rows())
                    .extracting(UsageReport.Row::sums)
                    .containsExactly(new UsageSums(1, 1, 1, 2, 3, 10, 20));
        }
    }

    @ParameterizedTest
    @EnumSource
    void noNameOfAnInstanceStopsTheLedger(Database database) throws Exception {
        UsageStore store = store(database);
        try (Connection connection = open(database, store)) {
            try (UsageLedger ledger = new UsageLedger(settings(database), Clock.fixed(FROM, ZoneOffset.UTC))) {
                ledger.start();
                ledger.ended(new UsageKey("a\0b", "'; --", "r".repeat(300) + 1), false, 0, 0);
                ledger.ended(new UsageKey("a\0b", "'; --", "r".repeat(300) + 2), false, 0, 0);
                ledger.instance(instance("\0".repeat(300), 1, 1));
            }

            assertThat(rows(connection, UsageReport.By.ALL))
                    .containsExactly(Map.entry(new UsageKey("a?b", "'; --", "r".repeat(255)), 2L));
            assertThat(count(connection, "fluid_usage_instance")).isEqualTo(1);
        }
    }

    private UsageLedger.Settings settings(Database database) {
        return database == Database.EMBEDDED
                ? new UsageLedger.Settings(
                        UsageLedger.embeddedUrl(folder), null, null, Duration.ofDays(36_500), Duration.ofDays(36_500))
                : new UsageLedger.Settings(
                        postgres.url(), "fluid", null, Duration.ofDays(36_500), Duration.ofDays(36_500));
    }

    private static UsageSpool spool() {
        return new UsageSpool(1_000);
    }

    private static UsageSums requests(long requests, long wallMillis) {
        return new UsageSums(requests, 0, 0, 0, wallMillis * 1_000_000, 0, 0);
    }

    private static InstanceUsage instance(String id, long busySeconds, long upSeconds) {
        return new InstanceUsage(
                id,
                "shop",
                "v1",
                2L << 30,
                4_000,
                0,
                0,
                0,
                0,
                0,
                busySeconds * 1_000_000_000,
                upSeconds * 1_000_000_000);
    }

    private static List<Map.Entry<UsageKey, Long>> rows(Connection connection, UsageReport.By by) throws SQLException {
        return UsageQuery.report(connection, FROM.minusSeconds(86_400), FROM.plusSeconds(86_400), by).rows().stream()
                .map(row -> Map.entry(row.key(), row.sums().requests()))
                .toList();
    }

    private static BigDecimal busy(Connection connection, Instant from, Instant to) throws SQLException {
        return UsageQuery.report(connection, from, to, UsageReport.By.ALL)
                .total()
                .instanceSeconds();
    }

    private static int count(Connection connection, String table) throws SQLException {
        try (var statement = connection.createStatement();
                var found = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
            found.next();
            return found.getInt(1);
        }
    }
}
