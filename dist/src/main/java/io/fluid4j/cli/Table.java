/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;

/** Aligned columns for people. Numbers stand to the right. */
final class Table {

    /**
     * A column.
     *
     * @param title its head
     * @param field the member of each object it shows
     */
    record Column(String title, String field) {}

    private Table() {}

    static String of(List<Column> columns, JsonNode rows) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(Column::title).toList());
        List<Boolean> right = new ArrayList<>();
        for (Column column : columns) {
            right.add(rows.size() > 0
                    && StreamSupport.stream(rows.spliterator(), false)
                            .allMatch(row -> row.path(column.field).isNumber()));
        }
        for (JsonNode row : rows) {
            lines.add(
                    columns.stream().map(column -> text(row.path(column.field))).toList());
        }
        return format(lines, right);
    }

    /** Lines of cells, the first one the head. */
    static String format(List<List<String>> lines, List<Boolean> right) {
        int[] widths = new int[right.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            StringBuilder row = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = line.get(i);
                String space = " ".repeat(widths[i] - cell.length());
                row.append(i == 0 ? "" : "  ").append(right.get(i) ? space + cell : cell + space);
            }
            text.append(row.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    static String text(JsonNode value) {
        if (value.isMissingNode() || value.isNull()) {
            return "-";
        }
        if (value.isArray()) {
            return value.isEmpty()
                    ? "-"
                    : StreamSupport.stream(value.spliterator(), false)
                            .map(Table::element)
                            .collect(joining(","));
        }
        return value.isFloatingPointNumber() ? number(value.doubleValue()) : value.asText();
    }

    private static String element(JsonNode value) {
        if (!value.isObject()) {
            return value.asText();
        }
        for (String name : List.of("name", "deployment", "reason", "id")) {
            if (value.has(name)) {
                return value.get(name).asText();
            }
        }
        return value.toString();
    }

    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.3f", value);
    }

    /** How long ago an ISO 8601 instant was; the text itself when it is none. */
    static String since(String instant, Instant now) {
        try {
            Duration time = Duration.between(Instant.parse(instant), now);
            if (time.toDays() > 0) {
                return time.toDays() + "d" + time.toHoursPart() + "h";
            }
            if (time.toHours() > 0) {
                return time.toHours() + "h" + time.toMinutesPart() + "m";
            }
            return time.toMinutes() > 0
                    ? time.toMinutes() + "m" + time.toSecondsPart() + "s"
                    : Math.max(0, time.toSeconds()) + "s";
        } catch (DateTimeParseException e) {
            return instant;
        }
    }
}
