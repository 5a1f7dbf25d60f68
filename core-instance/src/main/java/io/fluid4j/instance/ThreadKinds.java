/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Processor time of the JVM's own threads by kind, as the kernel counts it for each thread
 * ({@code /proc/self/task/TID/schedstat}). Only threads of a known kind are read each time; new ones are looked for each time
 * too, but now and then only where there are very many. Not thread-safe.
 */
final class ThreadKinds {

    /** Kinds of threads that work for nobody's request in particular. */
    enum Kind {
        /** Collecting garbage. */
        GC,
        /** Compiling. */
        JIT,
        /** Selectors, timers and sampling of the instance. */
        TUNNEL;

        /** The kind of a thread by its name, which the kernel cuts after 15 octets; null for all others. */
        static @Nullable Kind of(String name) {
            if (name.startsWith("GC Thread")
                    || name.startsWith("G1 ")
                    || name.startsWith("ZWorker")
                    || name.startsWith("ZDriver")
                    || name.startsWith("ZDirector")
                    || name.startsWith("ZGC")
                    || name.startsWith("XWorker")
                    || name.startsWith("Shenandoah")
                    || name.equals("VM Thread")) {
                return GC;
            }
            if (name.startsWith("C1 CompilerThre")
                    || name.startsWith("C2 CompilerThre")
                    || name.equals("Sweeper thread")) {
                return JIT;
            }
            // fluid-instance-selector-1, fluid-instance-scheduler-1 and their like.
            return name.startsWith("fluid-instance") ? TUNNEL : null;
        }
    }

    /** Where to look for new ones costs: more than a millisecond. */
    private static final int MANY_THREADS = 2_000;

    private static final int TICKS_BETWEEN_SEARCHES_OF_MANY = 5;

    private final Path tasks;
    private final Map<String, Kind> kinds = new HashMap<>();
    /** Of no known kind when looked at once: a thread gets its name after its start. */
    private final Set<String> unnamed = new HashSet<>();

    private final Set<String> others = new HashSet<>();
    private final Map<String, Long> lastNanos = new HashMap<>();
    private final Map<Kind, Long> totals = new EnumMap<>(Kind.class);
    private int ticks;

    ThreadKinds(Path procRoot) {
        tasks = procRoot.resolve("self/task");
        for (Kind kind : Kind.values()) {
            totals.put(kind, 0L);
        }
    }

    /**
     * Reads the clocks.
     *
     * @return nanoseconds by kind since the threads began; threads that ended in between count as last read
     */
    Map<Kind, Long> read() {
        if (others.size() < MANY_THREADS || ticks++ % TICKS_BETWEEN_SEARCHES_OF_MANY == 0) {
            search();
        }
        for (Map.Entry<String, Kind> thread : Map.copyOf(kinds).entrySet()) {
            long now = onCpuNanos(thread.getKey());
            if (now < 0) {
                kinds.remove(thread.getKey());
                lastNanos.remove(thread.getKey());
                continue;
            }
            long grown = now - lastNanos.getOrDefault(thread.getKey(), 0L);
            lastNanos.put(thread.getKey(), now);
            totals.merge(thread.getValue(), Math.max(0, grown), Long::sum);
        }
        return Map.copyOf(totals);
    }

    private void search() {
        Set<String> seen = new HashSet<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                String id = thread.getFileName().toString();
                seen.add(id);
                if (!kinds.containsKey(id) && !others.contains(id)) {
                    Kind kind = Kind.of(name(thread));
                    if (kind != null) {
                        unnamed.remove(id);
                        kinds.put(id, kind);
                    } else if (!unnamed.add(id)) {
                        unnamed.remove(id);
                        others.add(id);
                    }
                }
            }
        } catch (IOException e) {
            return; // Another operating system: nothing is known of kinds.
        }
        unnamed.retainAll(seen);
        others.retainAll(seen); // The kernel uses ids again.
    }

    private static String name(Path thread) {
        try {
            return Files.readString(thread.resolve("comm"), ISO_8859_1).trim();
        } catch (IOException e) {
            return ""; // The thread has ended meanwhile.
        }
    }

    /** The first number of schedstat: nanoseconds on a processor. */
    private long onCpuNanos(String thread) {
        try {
            String stat = Files.readString(tasks.resolve(thread).resolve("schedstat"), ISO_8859_1);
            return Long.parseLong(stat.substring(0, stat.indexOf(' ')));
        } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException e) {
            return -1;
        }
    }
}
