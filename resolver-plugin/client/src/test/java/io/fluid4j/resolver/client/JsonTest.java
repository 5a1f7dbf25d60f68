/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    @Test
    void whatIsReadIsWrittenTheSame() {
        String text =
                "{\"a\":[1,-2,3.5,true,false,null,{}],\"b\\\"\\\\\":\"\\u000a\\ud83d\\ude00é\",\"c\":[],\"d\":12345678901}";
        assertThat(Json.text(Json.parse(text))).isEqualTo(text);
        assertThat(Json.parse(" [ \"\\n\\t\\/\\b\\f\\r\\u00e9\" , 1e3 ]\n"))
                .isEqualTo(java.util.List.of("\n\t/\b\f\ré", 1000.0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "}",
                "[1,]",
                "[1 2]",
                "{\"a\"}",
                "{\"a\":}",
                "{a:1}",
                "{\"a\":1,}",
                "\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\n\"",
                "tru",
                "nul",
                "1 1",
                "-",
                "+1",
                ".5",
                "1e",
                "--1",
                "99999999999999999999",
                "'a'",
                "[1]]"
            })
    void whatIsNotJsonIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Json.parse(text)).withMessageContaining("not JSON");
    }

    @Test
    void depthHasALimit() {
        assertThatIllegalArgumentException().isThrownBy(() -> Json.parse("[".repeat(100_000)));
        assertThat(Json.parse("[".repeat(30) + "]".repeat(30))).isNotNull();
    }

    @Test
    void damagedTextIsReadOrRefusedAndNothingElse() {
        String good = "{\"a\":[1,2.5,\"x\\u00e9\\n\",true,null],\"b\":{\"c\":\"d\"}}";
        Random random = new Random(5);
        int refused = 0;
        for (int i = 0; i < 100_000; i++) {
            StringBuilder bad = new StringBuilder(good);
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                bad.setCharAt(random.nextInt(bad.length()), (char) random.nextInt(128));
            }
            bad.setLength(random.nextInt(bad.length() + 1));
            try {
                Json.parse(bad.toString());
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }
}
