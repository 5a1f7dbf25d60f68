/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which lines somebody wants to see. Immutable.
 *
 * @param requestId of this request only, or null
 * @param function of this function only, or null
 * @param level this level and above, 1 to 5
 */
@SuppressWarnings("ArrayRecordComponent") // The id is never changed.
public record LogFilter(
        byte @Nullable [] requestId, @Nullable String function, int level) {

    /**
     * From the parameters of a question.
     *
     * @param query {@code request}, {@code function}, {@code level}
     * @return what they mean
     * @throws IllegalArgumentException when one cannot be understood
     */
    static LogFilter of(Map<String, String> query) {
        String request = query.get("request");
        String level = query.get("level");
        return new LogFilter(
                request == null ? null : id(request),
                query.get("function"),
                level == null ? 1 : LoggedLine.level(level.toLowerCase(Locale.ROOT)));
    }

    private static byte[] id(String hex) {
        try {
            return HexFormat.of().parseHex(hex);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("request " + hex + " is not a request id", e);
        }
    }

    boolean matches(LoggedLine line) {
        return line.line().level() >= level
                && (function == null || function.equals(line.function()))
                && (requestId == null || Arrays.equals(requestId, line.requestId()));
    }
}
