/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDelayTest {

    private static final long NOW = 1_000_000_000_000L;

    @TempDir
    private Path proc;

    @BeforeEach
    void makeThread() throws IOException {
        Files.createDirectory(proc.resolve("thread-self"));
    }

    private void schedstat(String text) throws IOException {
        Files.writeString(proc.resolve("thread-self/schedstat"), text);
    }

    @Test
    void tellsWhatHasGrown() throws IOException {
        schedstat("5000000 700000 12\n");
        RunDelay delay = new RunDelay(proc, NOW);
        RunDelay.Reading before = requireNonNull(delay.begin(NOW));
        schedstat("25000000 60700000 40\n");

        assertThat(delay.since(before)).isEqualTo(new RunDelay.Reading(20_000_000, 60_000_000));
    }

    @Test
    void looksAtOneRequestInTenMilliseconds() throws IOException {
        schedstat("5000000 700000 12\n");
        RunDelay delay = new RunDelay(proc, NOW);
        assertThat(delay.begin(NOW)).isNotNull();
        assertThat(delay.begin(NOW + RunDelay.INTERVAL_NANOS - 1)).isNull();
        assertThat(delay.begin(NOW + RunDelay.INTERVAL_NANOS)).isNotNull();
        assertThat(delay.begin(NOW + RunDelay.INTERVAL_NANOS)).isNull();
    }

    @Test
    void knowsNothingWhereTheKernelDoesNotCount() throws IOException {
        assertThat(new RunDelay(proc, NOW).begin(NOW)).isNull();
        schedstat("0 0 0\n");
        assertThat(new RunDelay(proc, NOW).begin(NOW)).isNull();
        schedstat("garbage\n");
        assertThat(new RunDelay(proc, NOW).begin(NOW)).isNull();
    }

    @Test
    void aThreadThatHasGoneGivesNothing() throws IOException {
        schedstat("5000000 700000 12\n");
        RunDelay delay = new RunDelay(proc, NOW);
        RunDelay.Reading before = requireNonNull(delay.begin(NOW));
        Files.delete(proc.resolve("thread-self/schedstat"));

        assertThat(delay.since(before)).isNull();
    }
}
