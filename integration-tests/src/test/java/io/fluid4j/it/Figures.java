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

/** What was measured and is told, but not asserted: times depend on the machine. Goes to {@code target/figures.txt}. */
final class Figures {

    private Figures() {}

    static synchronized void add(String name, String value) {
        Path file = Build.target().resolve("figures.txt");
        try {
            Files.writeString(file, name + ": " + value + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
