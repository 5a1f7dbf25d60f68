/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/** What was measured and is told, but not asserted: times depend on the machine. Goes to {@code target/figures.txt}. */
final class Figures {

    private Figures() {}

    /** A table: also to the output, where who has asked for times sees it. */
    static synchronized void table(String name, List<List<String>> rows) {
        int columns = rows.get(0).size();
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                int width = widest(rows, i);
                text.append(String.format(Locale.ROOT, i == 0 ? "%-" + width + "s" : "  %" + width + "s", row.get(i)));
            }
            text.append('\n');
        }
        add(name, "\n" + text);
        System.out.println(name + "\n" + text);
    }

    private static int widest(List<List<String>> rows, int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(1);
    }

    static synchronized void add(String name, String value) {
        Path file = Build.target().resolve("figures.txt");
        try {
            Files.writeString(file, name + ": " + value + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
