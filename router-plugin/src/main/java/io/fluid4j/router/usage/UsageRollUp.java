/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Keeps the ledger small: minutes become hours after a while, and hours go after a long while. One transaction; a row that
 * every router changes first lets one of them do it at a time, and the next one finds it done.
 */
final class UsageRollUp {

    private static final long HOUR = 3_600;

    private static final String TO_HOURS = """
            INSERT INTO fluid_usage (started_at, function_name, deployment, route, writer, span_seconds, requests,
              failures, active_cpu_nanos, apportioned_cpu_nanos, wall_nanos, bytes_in, bytes_out)
            SELECT started_at - MOD(started_at, 3600), function_name, deployment, route, CAST(? AS VARCHAR(64)), 3600,
              SUM(requests), SUM(failures), SUM(active_cpu_nanos), SUM(apportioned_cpu_nanos), SUM(wall_nanos),
              SUM(bytes_in), SUM(bytes_out)
            FROM fluid_usage WHERE span_seconds = 60 AND started_at < ?
            GROUP BY started_at - MOD(started_at, 3600), function_name, deployment, route""";

    /** Of each instance the last row of an hour says all of the hour. */
    private static final String LAST_OF_HOUR = """
            DELETE FROM fluid_usage_instance WHERE started_at < ? AND EXISTS (SELECT 1 FROM fluid_usage_instance later
              WHERE later.instance_id = fluid_usage_instance.instance_id
              AND later.started_at > fluid_usage_instance.started_at
              AND later.started_at < fluid_usage_instance.started_at - MOD(fluid_usage_instance.started_at, 3600) + 3600)
            """;

    /** The last row before the limit stays while its instance goes on: it is what later ones are compared with. */
    private static final String OLD_INSTANCES = """
            DELETE FROM fluid_usage_instance WHERE started_at < ? AND (
              NOT EXISTS (SELECT 1 FROM fluid_usage_instance later
                WHERE later.instance_id = fluid_usage_instance.instance_id AND later.started_at >= ?)
              OR EXISTS (SELECT 1 FROM fluid_usage_instance later
                WHERE later.instance_id = fluid_usage_instance.instance_id
                AND later.started_at > fluid_usage_instance.started_at AND later.started_at < ?))""";

    private UsageRollUp() {}

    /**
     * Does what is due.
     *
     * @param minutesUntil seconds since 1970 before which only hours are kept
     * @param hoursUntil seconds since 1970 before which nothing is kept
     */
    static void run(Connection connection, long minutesUntil, long hoursUntil) throws SQLException {
        long hour = minutesUntil - Math.floorMod(minutesUntil, HOUR);
        if (change(connection, "UPDATE fluid_usage_schema SET rolled_up_to = ? WHERE rolled_up_to < ?", hour, hour)
                == 0) {
            connection.rollback();
            return;
        }
        // Rows of an old hour may still come after a long outage: they are added as rows of their own.
        change(connection, TO_HOURS, UUID.randomUUID().toString(), hour);
        change(connection, "DELETE FROM fluid_usage WHERE span_seconds = 60 AND started_at < ?", hour);
        change(connection, LAST_OF_HOUR, hour);
        change(connection, "DELETE FROM fluid_usage WHERE started_at < ?", hoursUntil);
        change(connection, OLD_INSTANCES, hoursUntil, hoursUntil, hoursUntil);
        change(connection, "DELETE FROM fluid_usage_writer WHERE seen_at < ?", hoursUntil);
        connection.commit();
    }

    private static int change(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            UsageStore.bind(statement, values);
            return statement.executeUpdate();
        }
    }
}
