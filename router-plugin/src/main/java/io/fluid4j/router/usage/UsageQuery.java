/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the ledger. Minutes are whole: a span begins and ends at one. */
final class UsageQuery {

    private static final String REQUESTS = """
            SELECT function_name, deployment, route, SUM(requests), SUM(failures), SUM(active_cpu_nanos),
              SUM(apportioned_cpu_nanos), SUM(wall_nanos), SUM(bytes_in), SUM(bytes_out)
            FROM fluid_usage WHERE started_at >= ? AND started_at < ?
            GROUP BY function_name, deployment, route""";

    /** A sum since the boot at the end of the span less the one at its begin. */
    private static final String INSTANCES = """
            SELECT instance_id, function_name, deployment, memory_bytes, processor_thousandths,
              MAX(process_cpu_nanos) - MAX(CASE WHEN started_at < ? THEN process_cpu_nanos ELSE 0 END),
              MAX(gc_cpu_nanos) - MAX(CASE WHEN started_at < ? THEN gc_cpu_nanos ELSE 0 END),
              MAX(jit_cpu_nanos) - MAX(CASE WHEN started_at < ? THEN jit_cpu_nanos ELSE 0 END),
              MAX(tunnel_cpu_nanos) - MAX(CASE WHEN started_at < ? THEN tunnel_cpu_nanos ELSE 0 END),
              MAX(request_cpu_nanos) - MAX(CASE WHEN started_at < ? THEN request_cpu_nanos ELSE 0 END),
              MAX(busy_nanos) - MAX(CASE WHEN started_at < ? THEN busy_nanos ELSE 0 END),
              MAX(up_nanos) - MAX(CASE WHEN started_at < ? THEN up_nanos ELSE 0 END)
            FROM fluid_usage_instance WHERE started_at < ? AND instance_id IN
              (SELECT instance_id FROM fluid_usage_instance WHERE started_at >= ? AND started_at < ?)
            GROUP BY instance_id, function_name, deployment, memory_bytes, processor_thousandths""";

    private UsageQuery() {}

    static UsageReport report(Connection connection, Instant from, Instant to, UsageReport.By by) throws SQLException {
        long begin = Math.floorDiv(from.getEpochSecond(), 60) * 60;
        long end = -Math.floorDiv(-to.getEpochSecond(), 60) * 60;
        UsageReport report = UsageReport.of(
                Instant.ofEpochSecond(begin),
                Instant.ofEpochSecond(end),
                by,
                requests(connection, begin, end),
                instances(connection, begin, end));
        connection.rollback();
        return report;
    }

    private static Map<UsageKey, UsageSums> requests(Connection connection, long begin, long end) throws SQLException {
        Map<UsageKey, UsageSums> sums = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(REQUESTS)) {
            UsageStore.bind(select, begin, end);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    sums.put(
                            new UsageKey(row.getString(1), row.getString(2), row.getString(3)),
                            new UsageSums(
                                    row.getLong(4),
                                    row.getLong(5),
                                    row.getLong(6),
                                    row.getLong(7),
                                    row.getLong(8),
                                    row.getLong(9),
                                    row.getLong(10)));
                }
            }
        }
        return sums;
    }

    private static List<InstanceUsage> instances(Connection connection, long begin, long end) throws SQLException {
        List<InstanceUsage> all = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(INSTANCES)) {
            UsageStore.bind(select, begin, begin, begin, begin, begin, begin, begin, end, begin, end);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    all.add(new InstanceUsage(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getLong(4),
                            row.getInt(5),
                            row.getLong(6),
                            row.getLong(7),
                            row.getLong(8),
                            row.getLong(9),
                            row.getLong(10),
                            row.getLong(11),
                            row.getLong(12)));
                }
            }
        }
        return all;
    }
}
