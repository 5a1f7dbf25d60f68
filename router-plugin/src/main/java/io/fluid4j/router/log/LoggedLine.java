/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import io.fluid4j.frame.LogLine;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A line as it was received. Immutable.
 *
 * @param sequence counts the lines of this router
 * @param requestId whose line it is, or null when that is not known (any more)
 * @param function what the instance serves
 * @param deployment which deployment of that
 * @param instanceId who wrote it
 * @param line what was written
 */
@SuppressWarnings("ArrayRecordComponent") // The id is never changed.
public record LoggedLine(
        long sequence,
        byte @Nullable [] requestId,
        String function,
        String deployment,
        String instanceId,
        LogLine line) {

    private static final List<String> LEVELS = List.of("trace", "debug", "info", "warning", "error");

    /**
     * For JSON.
     *
     * @return time, level, request, function, deployment, instance, logger, message; and how many lines were dropped before
     */
    public Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("time", Instant.ofEpochMilli(line.timeMillis()).toString());
        map.put("level", level(line.level()));
        if (requestId != null) {
            map.put("request", HexFormat.of().formatHex(requestId));
        }
        map.put("function", function);
        map.put("deployment", deployment);
        map.put("instance", instanceId);
        map.put("logger", line.logger());
        map.put("message", line.message());
        if (line.droppedBefore() > 0) {
            map.put("droppedBefore", line.droppedBefore());
        }
        return map;
    }

    /**
     * A level as a word.
     *
     * @param level 1 to 5
     * @return {@code trace} to {@code error}
     */
    static String level(int level) {
        return LEVELS.get(level - 1);
    }

    /**
     * A word as a level.
     *
     * @param word {@code trace} to {@code error}; {@code warn} too
     * @return 1 to 5
     * @throws IllegalArgumentException when it is none of them
     */
    static int level(String word) {
        int found = LEVELS.indexOf(word.equals("warn") ? "warning" : word) + 1;
        if (found == 0) {
            throw new IllegalArgumentException("level " + word + " (expected: one of " + LEVELS + ")");
        }
        return found;
    }

    /** About what it takes in memory, octets. */
    long bytes() {
        return 160 + 2L * line.message().length() + 2L * line.logger().length();
    }
}
