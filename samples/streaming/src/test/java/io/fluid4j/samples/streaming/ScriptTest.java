/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScriptTest {

    @Test
    void tokensAddUpToTheAnswer() {
        assertThat(String.join("", Script.tokens("What does it cost?", 0)))
                .isEqualTo(Script.answer("What does it cost?"));
    }

    @Test
    void theWantedNumberOfTokensIsMade() {
        List<String> all = Script.tokens("", 0);
        assertThat(Script.tokens("", 3)).isEqualTo(all.subList(0, 3));
        assertThat(Script.tokens("", all.size() + 2)).hasSize(all.size() + 2).endsWith(all.get(0), all.get(1));
    }

    @Test
    void theQuestionChoosesTheAnswer() {
        assertThat(List.of(Script.answer("price"), Script.answer("drain"), Script.answer("stream"), Script.answer("?")))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"a\"b|\"a\\\"b\"", "a\\b|\"a\\\\b\"", "ä €|\"ä €\""})
    void textIsQuoted(String text, String json) {
        assertThat(Json.text(text)).isEqualTo(json);
    }

    @Test
    void controlCharactersAreEscaped() {
        assertThat(Json.text("a\n\u2028")).isEqualTo("\"a\\u000a\\u2028\"");
    }

    @Test
    void anObjectKeepsItsOrder() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("b", 1L);
        members.put("a", "x");
        assertThat(Json.object(members)).isEqualTo("{\"b\":1,\"a\":\"x\"}");
    }

    @Test
    void countersKnowTheMostThatRanAtOnce() {
        Counters counters = new Counters();
        counters.begun("x");
        counters.begun("x");
        counters.ended();
        counters.begun("y");
        counters.add("bytes", 5);

        assertThat(counters.snapshot())
                .containsOnly(
                        Map.entry("x", 2L),
                        Map.entry("y", 1L),
                        Map.entry("bytes", 5L),
                        Map.entry("inFlight", 2L),
                        Map.entry("mostInFlight", 2L));
    }
}
