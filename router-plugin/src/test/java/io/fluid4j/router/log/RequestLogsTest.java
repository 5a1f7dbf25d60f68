/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.LogLine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is kept of log lines, and who hears them. */
class RequestLogsTest {

    private static final Object TUNNEL = "tunnel";

    private final RequestLogs logs = new RequestLogs();

    @Test
    void aLineBelongsToTheRequestOfItsStreamAlsoAfterTheStreamHasEnded() {
        logs.opened(TUNNEL, 7, id(1));
        logs.opened(TUNNEL, 8, id(2));
        add("shop", 7, LogLine.INFO, "of one");
        add("shop", 8, LogLine.INFO, "of two");
        add("shop", 0, LogLine.INFO, "of nobody");
        logs.opened(TUNNEL, 7 + 2_048, id(3));
        add("shop", 7, LogLine.INFO, "too late");

        assertThat(messages(logs.ofRequest(id(1), "shop", 10))).containsExactly("of one");
        assertThat(messages(logs.ofRequest(id(2), null, 10))).containsExactly("of two");
        assertThat(messages(logs.find(LogFilter.of(Map.of()), 10)))
                .containsExactly("of one", "of two", "of nobody", "too late");
        logs.closed(TUNNEL);
        add("shop", 8, LogLine.INFO, "after the tunnel");
        assertThat(logs.ofRequest(id(2), "shop", 10)).hasSize(1);
    }

    @Test
    void linesAreChosenByFunctionAndLevel() {
        add("shop", 0, LogLine.WARNING, "a");
        add("shop", 0, LogLine.DEBUG, "b");
        add("bank", 0, LogLine.ERROR, "c");

        assertThat(messages(logs.find(LogFilter.of(Map.of("function", "shop")), 10)))
                .containsExactly("a", "b");
        assertThat(messages(logs.find(LogFilter.of(Map.of("level", "warn")), 10)))
                .containsExactly("a", "c");
        assertThat(messages(logs.find(LogFilter.of(Map.of()), 2))).containsExactly("b", "c");
        assertThatThrownBy(() -> LogFilter.of(Map.of("level", "loud"))).hasMessageContaining("level loud");
        assertThatThrownBy(() -> LogFilter.of(Map.of("request", "xyz"))).hasMessageContaining("request xyz");
    }

    @Test
    void aFloodOfOneFunctionDropsItsOwnOldestLinesAndSaysSo() {
        add("quiet", 0, LogLine.INFO, "still here");
        String text = "x".repeat(10_000);
        for (int i = 0; i < 1_000; i++) {
            add("loud", 0, LogLine.INFO, i + text);
        }

        List<LoggedLine> kept = logs.find(LogFilter.of(Map.of("function", "loud")), 10_000);
        assertThat(kept.size()).isBetween(100, 300);
        assertThat(kept.get(kept.size() - 1).line().message()).startsWith("999x");
        assertThat(logs.dropped()).isEqualTo(1_000 - kept.size());
        assertThat(logs.find(LogFilter.of(Map.of("function", "quiet")), 10)).hasSize(1);
    }

    @Test
    void whoReadsTooSlowlyLosesTheOldestLinesAndHearsHowMany() throws Exception {
        LogFollower follower = logs.follow(LogFilter.of(Map.of("level", "info")));
        add("shop", 0, LogLine.TRACE, "not wanted");
        for (int i = 0; i < 2_500; i++) {
            add("shop", 0, LogLine.INFO, "line " + i);
        }

        assertThat(follower.poll(10_000).line().message()).isEqualTo("line 500");
        assertThat(follower.takeDropped()).isEqualTo(500);
        assertThat(follower.takeDropped()).isZero();
        logs.unfollow(follower);
        while (follower.poll(0) != null) {
            assertThat(follower.closed()).isTrue();
        }
        add("shop", 0, LogLine.INFO, "after");
        assertThat(follower.poll(0)).isNull();
    }

    @Test
    void thoseWhoFollowAreNotTooMany() {
        for (int i = 0; i < RequestLogs.MAX_FOLLOWERS; i++) {
            assertThat(logs.follow(LogFilter.of(Map.of()))).isNotNull();
        }
        assertThat(logs.follow(LogFilter.of(Map.of()))).isNull();
    }

    private void add(String function, int stream, int level, String message) {
        logs.add(TUNNEL, stream, function, "v1", "i1", new LogLine(1, level, 0, "logger", message));
    }

    private static List<String> messages(List<LoggedLine> lines) {
        return lines.stream().map(line -> line.line().message()).toList();
    }

    private static byte[] id(int last) {
        byte[] id = new byte[16];
        id[15] = (byte) last;
        return id;
    }
}
