/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static io.fluid4j.router.usage.UsageSpool.inOrder;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The ledger in SQL. Only what H2 and PostgreSQL both understand. Every call has a connection of its own, or is given one;
 * for any thread.
 *
 * <pre>
 *   fluid_usage_writer    the number of the last batch of each boot of a router: a retry changes nothing
 *   fluid_usage           sums by minute, key and boot; rolled up by hour, without the boot
 *   fluid_usage_instance  what each instance had used at the end of a minute since its boot
 * </pre>
 *
 * Rows of {@code fluid_usage} are written by one boot alone, so that routers do not wait for each other.
 */
final class UsageStore {

    private static final int LOGIN_SECONDS = 5;
    private static final int SCHEMA = 1;

    private static final String[] TABLES = {
        """
        CREATE TABLE IF NOT EXISTS fluid_usage_writer (
          writer VARCHAR(64) PRIMARY KEY, sequence_number BIGINT NOT NULL, seen_at BIGINT NOT NULL)""",
        """
        CREATE TABLE IF NOT EXISTS fluid_usage (
          started_at BIGINT NOT NULL, function_name VARCHAR(255) NOT NULL, deployment VARCHAR(255) NOT NULL,
          route VARCHAR(255) NOT NULL, writer VARCHAR(64) NOT NULL, span_seconds INTEGER NOT NULL,
          requests BIGINT NOT NULL, failures BIGINT NOT NULL, active_cpu_nanos BIGINT NOT NULL,
          apportioned_cpu_nanos BIGINT NOT NULL, wall_nanos BIGINT NOT NULL, bytes_in BIGINT NOT NULL,
          bytes_out BIGINT NOT NULL,
          PRIMARY KEY (started_at, function_name, deployment, route, writer, span_seconds))""",
        """
        CREATE TABLE IF NOT EXISTS fluid_usage_instance (
          instance_id VARCHAR(255) NOT NULL, started_at BIGINT NOT NULL, function_name VARCHAR(255) NOT NULL,
          deployment VARCHAR(255) NOT NULL, memory_bytes BIGINT NOT NULL, processor_thousandths INTEGER NOT NULL,
          process_cpu_nanos BIGINT NOT NULL, gc_cpu_nanos BIGINT NOT NULL, jit_cpu_nanos BIGINT NOT NULL,
          tunnel_cpu_nanos BIGINT NOT NULL, request_cpu_nanos BIGINT NOT NULL, busy_nanos BIGINT NOT NULL,
          up_nanos BIGINT NOT NULL, PRIMARY KEY (instance_id, started_at))""",
        "CREATE TABLE IF NOT EXISTS fluid_usage_schema (version INTEGER PRIMARY KEY, rolled_up_to BIGINT NOT NULL)"
    };

    private static final String SUMS =
            "requests, failures, active_cpu_nanos, apportioned_cpu_nanos, wall_nanos, bytes_in, bytes_out";

    private final String url;
    private final Properties properties;

    UsageStore(String url, @Nullable String user, @Nullable String password) {
        this.url = url;
        this.properties = new Properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        if (url.startsWith("jdbc:postgresql:")) {
            // A database that has gone silent must not hold the writer for the hours TCP would.
            properties.setProperty("connectTimeout", Integer.toString(LOGIN_SECONDS));
            properties.setProperty("socketTimeout", "30");
            properties.setProperty("tcpKeepAlive", "true");
            properties.setProperty("ApplicationName", "fluid4j-router");
        }
    }

    /** A new connection, in transactions. */
    Connection connect() throws SQLException {
        Connection connection = DriverManager.getConnection(url, properties);
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        return connection;
    }

    /** Makes the tables that are not there; several routers may do so at once. */
    void createTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String table : TABLES) {
                statement.execute(table);
            }
            int version = -1;
            try (ResultSet found = statement.executeQuery("SELECT MAX(version) FROM fluid_usage_schema")) {
                if (found.next() && found.getObject(1) != null) {
                    version = found.getInt(1);
                }
            }
            if (version > SCHEMA) {
                throw new SQLException("the usage ledger was written by a newer version (schema " + version + ")");
            }
            if (version < 0) {
                statement.executeUpdate("INSERT INTO fluid_usage_schema VALUES (" + SCHEMA + ", 0)");
            }
        }
        connection.commit();
    }

    /**
     * Adds a batch, unless it is there already: whoever does not know whether a commit arrived calls again.
     *
     * @param writer the boot of the router that numbers its batches
     */
    void write(Connection connection, String writer, UsageSpool.Batch batch, long nowSeconds) throws SQLException {
        if (!begin(connection, writer, batch.sequence(), nowSeconds)) {
            connection.rollback();
            return;
        }
        addUsage(connection, writer, inOrder(batch.usage()));
        raiseInstances(connection, inOrder(batch.instances()));
        connection.commit();
    }

    private static boolean begin(Connection connection, String writer, long sequence, long nowSeconds)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("UPDATE fluid_usage_writer"
                + " SET sequence_number = ?, seen_at = ? WHERE writer = ? AND sequence_number < ?")) {
            bind(update, sequence, nowSeconds, writer, sequence);
            if (update.executeUpdate() == 1) {
                return true;
            }
        }
        try (PreparedStatement select =
                connection.prepareStatement("SELECT sequence_number FROM fluid_usage_writer WHERE writer = ?")) {
            bind(select, writer);
            try (ResultSet found = select.executeQuery()) {
                if (found.next()) {
                    return false;
                }
            }
        }
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO fluid_usage_writer VALUES (?, ?, ?)")) {
            bind(insert, writer, sequence, nowSeconds);
            insert.executeUpdate();
        }
        return true;
    }

    private static void addUsage(
            Connection connection, String writer, List<Map.Entry<UsageSpool.Slot<UsageKey>, UsageSums>> rows)
            throws SQLException {
        List<Map.Entry<UsageSpool.Slot<UsageKey>, UsageSums>> fresh = new ArrayList<>();
        try (PreparedStatement update = connection.prepareStatement("UPDATE fluid_usage SET requests = requests + ?,"
                + " failures = failures + ?, active_cpu_nanos = active_cpu_nanos + ?,"
                + " apportioned_cpu_nanos = apportioned_cpu_nanos + ?, wall_nanos = wall_nanos + ?,"
                + " bytes_in = bytes_in + ?, bytes_out = bytes_out + ? WHERE started_at = ? AND function_name = ?"
                + " AND deployment = ? AND route = ? AND writer = ? AND span_seconds = 60")) {
            for (Map.Entry<UsageSpool.Slot<UsageKey>, UsageSums> row : rows) {
                UsageSums sums = row.getValue();
                UsageKey key = row.getKey().key();
                bind(
                        update,
                        sums.requests(),
                        sums.failures(),
                        sums.activeCpuNanos(),
                        sums.apportionedCpuNanos(),
                        sums.wallNanos(),
                        sums.bytesIn(),
                        sums.bytesOut(),
                        row.getKey().minute(),
                        key.function(),
                        key.deployment(),
                        key.route(),
                        writer);
                update.addBatch();
            }
            int[] counts = rows.isEmpty() ? new int[0] : update.executeBatch();
            for (int i = 0; i < counts.length; i++) {
                if (counts[i] == 0) {
                    fresh.add(rows.get(i));
                }
            }
        }
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO fluid_usage (started_at, function_name, deployment, route,"
                        + " writer, span_seconds, " + SUMS + ") VALUES (?, ?, ?, ?, ?, 60, ?, ?, ?, ?, ?, ?, ?)")) {
            for (Map.Entry<UsageSpool.Slot<UsageKey>, UsageSums> row : fresh) {
                UsageSums sums = row.getValue();
                UsageKey key = row.getKey().key();
                bind(
                        insert,
                        row.getKey().minute(),
                        key.function(),
                        key.deployment(),
                        key.route(),
                        writer,
                        sums.requests(),
                        sums.failures(),
                        sums.activeCpuNanos(),
                        sums.apportionedCpuNanos(),
                        sums.wallNanos(),
                        sums.bytesIn(),
                        sums.bytesOut());
                insert.addBatch();
            }
            if (!fresh.isEmpty()) {
                insert.executeBatch();
            }
        }
    }

    /** Several routers may know the same instance: the highest value stands. */
    private static void raiseInstances(
            Connection connection, List<Map.Entry<UsageSpool.Slot<String>, InstanceUsage>> rows) throws SQLException {
        for (Map.Entry<UsageSpool.Slot<String>, InstanceUsage> row : rows) {
            InstanceUsage usage = row.getValue();
            long minute = row.getKey().minute();
            try (PreparedStatement update = connection.prepareStatement("UPDATE fluid_usage_instance SET"
                    + " process_cpu_nanos = GREATEST(process_cpu_nanos, ?), gc_cpu_nanos = GREATEST(gc_cpu_nanos, ?),"
                    + " jit_cpu_nanos = GREATEST(jit_cpu_nanos, ?), tunnel_cpu_nanos = GREATEST(tunnel_cpu_nanos, ?),"
                    + " request_cpu_nanos = GREATEST(request_cpu_nanos, ?), busy_nanos = GREATEST(busy_nanos, ?),"
                    + " up_nanos = GREATEST(up_nanos, ?) WHERE instance_id = ? AND started_at = ?")) {
                bind(
                        update,
                        usage.processCpuNanos(),
                        usage.gcCpuNanos(),
                        usage.jitCpuNanos(),
                        usage.tunnelCpuNanos(),
                        usage.requestCpuNanos(),
                        usage.busyNanos(),
                        usage.upNanos(),
                        usage.instanceId(),
                        minute);
                if (update.executeUpdate() > 0) {
                    continue;
                }
            }
            if (usage.upNanos() > 60_000_000_000L * 2 && !known(connection, usage.instanceId())) {
                // It has worked before anybody kept this ledger: what it had used by then is not of this time.
                insert(connection, minute - 60, usage);
            }
            insert(connection, minute, usage);
        }
    }

    private static boolean known(Connection connection, String instanceId) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT 1 FROM fluid_usage_instance WHERE instance_id = ? LIMIT 1")) {
            bind(select, instanceId);
            try (ResultSet found = select.executeQuery()) {
                return found.next();
            }
        }
    }

    private static void insert(Connection connection, long minute, InstanceUsage usage) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO fluid_usage_instance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            bind(
                    insert,
                    usage.instanceId(),
                    minute,
                    usage.function(),
                    usage.deployment(),
                    usage.memoryBytes(),
                    usage.processorThousandths(),
                    usage.processCpuNanos(),
                    usage.gcCpuNanos(),
                    usage.jitCpuNanos(),
                    usage.tunnelCpuNanos(),
                    usage.requestCpuNanos(),
                    usage.busyNanos(),
                    usage.upNanos());
            insert.executeUpdate();
        }
    }

    static void bind(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }
}
