/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.instance.ThreadKinds.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ThreadKindsTest {

    @TempDir
    Path proc;

    private void thread(int id, String name, long nanos) throws IOException {
        Path folder = Files.createDirectories(proc.resolve("self/task/" + id));
        Files.writeString(folder.resolve("comm"), name + "\n");
        Files.writeString(folder.resolve("schedstat"), nanos + " 123 45\n");
    }

    @Test
    void threadsCountByTheirNamesAndOthersDoNot() throws IOException {
        thread(1, "java", 1_000_000);
        thread(2, "GC Thread#0", 10);
        thread(3, "G1 Conc#0", 20);
        thread(4, "C2 CompilerThre", 300);
        thread(5, "fluid-instance-", 4_000);
        thread(6, "http-nio-8080-e", 1_000_000);

        assertThat(new ThreadKinds(proc).read())
                .containsEntry(Kind.GC, 30L)
                .containsEntry(Kind.JIT, 300L)
                .containsEntry(Kind.TUNNEL, 4_000L);
    }

    @Test
    void aThreadThatHasEndedKeepsItsTimeInTheSum() throws IOException {
        thread(2, "GC Thread#0", 10);
        thread(3, "GC Thread#1", 500);
        ThreadKinds kinds = new ThreadKinds(proc);
        kinds.read();
        thread(2, "GC Thread#0", 15);
        Files.delete(proc.resolve("self/task/3/comm"));
        Files.delete(proc.resolve("self/task/3/schedstat"));
        Files.delete(proc.resolve("self/task/3"));

        assertThat(kinds.read()).containsEntry(Kind.GC, 515L);
        assertThat(kinds.read()).containsEntry(Kind.GC, 515L);
    }

    @Test
    void newThreadsAreFoundAtOnce() throws IOException {
        ThreadKinds kinds = new ThreadKinds(proc);
        kinds.read();
        thread(9, "C1 CompilerThre", 77);

        assertThat(kinds.read()).containsEntry(Kind.JIT, 77L);
    }

    /** Whoever looks between a thread's start and its first steps sees the name of the one that started it. */
    @Test
    void aThreadMayGetItsNameAfterItsStart() throws IOException {
        ThreadKinds kinds = new ThreadKinds(proc);
        thread(9, "java", 5);
        kinds.read();
        thread(9, "C2 CompilerThre", 77);

        assertThat(kinds.read()).containsEntry(Kind.JIT, 77L);
    }

    @Test
    void whereThereAreManyNewThreadsAreFoundAfterAWhile() throws IOException {
        for (int id = 1; id <= 2_000; id++) {
            thread(id, "http-nio-8080-e", 1);
        }
        ThreadKinds kinds = new ThreadKinds(proc);
        for (int i = 0; i < 3; i++) {
            kinds.read();
        }
        thread(2_001, "GC Thread#1", 77);

        long found = 0;
        for (int i = 0; i < 5; i++) {
            found = kinds.read().get(Kind.GC);
        }

        assertThat(found).isEqualTo(77);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aRealJvmCompilesAndCollects() {
        System.gc();

        assertThat(new ThreadKinds(Path.of("/proc")).read().get(Kind.GC)).isPositive();
    }
}
