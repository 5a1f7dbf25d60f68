/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** PROTOCOL.md section 10. */
class HeaderTableTest {

    @Test
    void isTheTableOfTheDocument() throws IOException {
        Map<Integer, String> documented = new TreeMap<>();
        Pattern cell = Pattern.compile("\\| (\\d+) \\| ([A-Za-z][A-Za-z-]+) (?=\\|)");
        boolean section = false;
        for (String line : Files.readAllLines(Path.of("..", "docs", "PROTOCOL.md"), UTF_8)) {
            section = line.startsWith("## ") ? line.startsWith("## 10.") : section;
            Matcher matcher = cell.matcher(line);
            int from = 0;
            while (section && matcher.find(from)) {
                documented.put(Integer.valueOf(matcher.group(1)), matcher.group(2));
                from = matcher.end();
            }
        }
        Map<Integer, String> table = new TreeMap<>();
        for (int index = 1; index < HeaderTable.SIZE; index++) {
            table.put(index, HeaderTable.name(index));
        }
        assertThat(table).isEqualTo(documented);
    }

    @Test
    void everyNameIsFoundInAnyCase() {
        for (int index = 1; index < HeaderTable.SIZE; index++) {
            String name = HeaderTable.name(index);
            for (String spelled :
                    new String[] {name, name.toLowerCase(Locale.ROOT), name.toUpperCase(Locale.ROOT), new String(name)
                    }) {
                byte[] octets = ("xx" + spelled + "y").getBytes(ISO_8859_1);
                assertThat(HeaderTable.indexOf(spelled)).as(spelled).isEqualTo(index);
                assertThat(HeaderTable.indexOf(octets, 2, spelled.length()))
                        .as(spelled)
                        .isEqualTo(index);
            }
        }
    }

    @Test
    void nothingElseIsFound() {
        for (int index = 1; index < HeaderTable.SIZE; index++) {
            String name = HeaderTable.name(index);
            for (int i = 0; i < name.length(); i++) {
                // Each character replaced by what a careless fold would take for it.
                char right = name.charAt(i);
                for (char other :
                        new char[] {(char) (right ^ 0x100), '\0', '\r', (char) (right ^ 1), (char) (right | 0x80)}) {
                    String wrong = name.substring(0, i) + other + name.substring(i + 1);
                    boolean sameName = Character.toLowerCase(other) == Character.toLowerCase(right);
                    assertThat(HeaderTable.indexOf(wrong)).as(wrong).isEqualTo(sameName ? index : 0);
                }
            }
            assertThat(HeaderTable.indexOf(name + "x")).isZero();
            assertThat(HeaderTable.indexOf(name.substring(1))).isZero();
        }
        assertThat(HeaderTable.indexOf("")).isZero();
        assertThat(HeaderTable.indexOf(new byte[0], 0, 0)).isZero();
        assertThat(HeaderTable.indexOf("\u212aeep")).isZero();
    }

    @Test
    void anIndexOutsideTheTableHasNoName() {
        for (int index : new int[] {-1, 0, HeaderTable.SIZE, 255}) {
            assertThatThrownBy(() -> HeaderTable.name(index)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
