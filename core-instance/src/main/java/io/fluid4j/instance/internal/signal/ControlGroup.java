/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The control groups of this process, versions 1 and 2 and the mixed layout of both, from whatever root. A limit may be set
 * on the group itself or on any of its parents, so each question looks at all of them. Immutable.
 */
final class ControlGroup {

    private static final long UNLIMITED_V1 = Long.MAX_VALUE / 4096 * 4096 / 2;

    private final List<Path> cpu;
    private final List<Path> memory;
    private final List<Path> unified;

    private ControlGroup(List<Path> cpu, List<Path> memory, List<Path> unified) {
        this.cpu = cpu;
        this.memory = memory;
        this.unified = unified;
    }

    /**
     * Finds the groups.
     *
     * @param procRoot holds {@code self/cgroup}
     * @param cgroupRoot where the groups are mounted
     * @throws IOException when the process has none, as on other operating systems
     */
    static ControlGroup find(Path procRoot, Path cgroupRoot) throws IOException {
        String unifiedPath = "/";
        String cpuPath = null;
        String memoryPath = null;
        for (String line : Files.readAllLines(procRoot.resolve("self/cgroup"), ISO_8859_1)) {
            String[] parts = line.split(":", 3);
            if (parts.length != 3) {
                continue;
            }
            List<String> controllers = List.of(parts[1].split(",", -1));
            if (parts[0].equals("0")) {
                unifiedPath = parts[2];
            }
            if (controllers.contains("cpu")) {
                cpuPath = parts[2];
            }
            if (controllers.contains("memory")) {
                memoryPath = parts[2];
            }
        }
        Path unifiedRoot =
                Files.isDirectory(cgroupRoot.resolve("unified")) ? cgroupRoot.resolve("unified") : cgroupRoot;
        return new ControlGroup(
                upwards(v1Root(cgroupRoot, "cpu", "cpu,cpuacct", "cpuacct,cpu"), cpuPath),
                upwards(v1Root(cgroupRoot, "memory"), memoryPath),
                upwards(unifiedRoot, unifiedPath));
    }

    private static @Nullable Path v1Root(Path cgroupRoot, String... names) {
        for (String name : names) {
            if (Files.isDirectory(cgroupRoot.resolve(name))) {
                return cgroupRoot.resolve(name);
            }
        }
        return null;
    }

    /** The group and its parents, the group first. In a container the path may be the host's: then only the root is there. */
    private static List<Path> upwards(@Nullable Path root, @Nullable String path) {
        if (root == null || path == null) {
            return List.of();
        }
        Set<Path> found = new LinkedHashSet<>();
        Path end = root.normalize();
        Path group =
                root.resolve(path.startsWith("/") ? path.substring(1) : path).normalize();
        while (group != null && group.startsWith(end)) {
            if (Files.isDirectory(group)) {
                found.add(group);
            }
            group = group.getParent();
        }
        return new ArrayList<>(found);
    }

    /** A group with a CPU quota, and the unit of its throttled time. */
    record Quota(Path directory, double cpus) {}

    /** The groups that have a CPU quota. */
    List<Quota> quotas() throws IOException {
        List<Quota> quotas = new ArrayList<>();
        for (Path group : unified) {
            String max = read(group.resolve("cpu.max"));
            String[] parts = max == null ? new String[0] : max.trim().split(" ");
            if (parts.length == 2 && !parts[0].equals("max")) {
                quotas.add(new Quota(group, Double.parseDouble(parts[0]) / Double.parseDouble(parts[1])));
            }
        }
        for (Path group : cpu) {
            long quota = number(group.resolve("cpu.cfs_quota_us"), -1);
            long period = number(group.resolve("cpu.cfs_period_us"), 100_000);
            if (quota > 0 && period > 0) {
                quotas.add(new Quota(group, (double) quota / period));
            }
        }
        return quotas;
    }

    /** Memory in use that cannot simply be dropped, and how much there may be, in bytes. */
    record Memory(long workingSetBytes, long limitBytes) {}

    /** The memory of the group that is nearest to its limit; null when none has one. */
    @Nullable
    Memory memory() throws IOException {
        Memory nearest = null;
        for (Path group : unified) {
            nearest = nearer(
                    nearest,
                    number(group.resolve("memory.max"), Long.MAX_VALUE),
                    group.resolve("memory.current"),
                    group.resolve("memory.stat"),
                    "inactive_file");
        }
        for (Path group : memory) {
            nearest = nearer(
                    nearest,
                    number(group.resolve("memory.limit_in_bytes"), Long.MAX_VALUE),
                    group.resolve("memory.usage_in_bytes"),
                    group.resolve("memory.stat"),
                    "total_inactive_file");
        }
        return nearest;
    }

    private static @Nullable Memory nearer(
            @Nullable Memory nearest, long limit, Path usage, Path stat, String droppable) throws IOException {
        if (limit <= 0 || limit >= UNLIMITED_V1) {
            return nearest;
        }
        long used = number(usage, -1);
        if (used < 0) {
            return nearest;
        }
        long workingSet = Math.max(0, used - Math.max(0, field(read(stat), droppable)));
        Memory here = new Memory(workingSet, limit);
        return nearest == null || (double) workingSet / limit > (double) nearest.workingSetBytes / nearest.limitBytes
                ? here
                : nearest;
    }

    /** The file that says how long tasks of the group wait for a processor; null when this kernel has none. */
    @Nullable
    Path cpuPressure() {
        for (Path group : unified) {
            Path pressure = group.resolve("cpu.pressure");
            if (Files.isReadable(pressure)) {
                return pressure;
            }
        }
        return null;
    }

    /** The number after a name in a file of names and numbers; -1 when it is not there. */
    static long field(@Nullable String text, String name) {
        if (text == null) {
            return -1;
        }
        int at = text.startsWith(name + " ") ? 0 : text.indexOf("\n" + name + " ");
        if (at < 0) {
            return -1;
        }
        int begin = text.indexOf(' ', at) + 1;
        int end = begin;
        while (end < text.length() && Character.isDigit(text.charAt(end))) {
            end++;
        }
        return end == begin ? -1 : Long.parseLong(text.substring(begin, end));
    }

    /** The whole file; null when it does not exist. */
    static @Nullable String read(Path file) throws IOException {
        try {
            return Files.readString(file, ISO_8859_1);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static long number(Path file, long otherwise) throws IOException {
        String text = read(file);
        if (text == null || text.isBlank() || text.startsWith("max")) {
            return otherwise;
        }
        return Long.parseLong(text.trim());
    }
}
