/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConfigReferenceTest {

    @TempDir
    Path folder;

    @Test
    void theDocumentIsUpToDate() throws IOException {
        Path document = Path.of(System.getProperty("basedir", "")).resolve("../docs/CONFIG.md");
        if (Boolean.getBoolean("fluid.test.write")) {
            ConfigReference.main(new String[] {"reference", document.toString()});
        }
        assertThat(Files.readString(document, UTF_8))
                .as("docs/CONFIG.md; its head says how it is written anew")
                .isEqualTo(ConfigReference.reference());
    }

    @Test
    void everyKeyIsInTheReference() {
        String reference = ConfigReference.reference();
        for (ConfigKey<?> key : KeyCatalog.of(List.of()).keys()) {
            assertThat(reference).contains("| `" + key.name() + "` |");
        }
    }

    /** With every comment of a key taken away the file must be read, and say nothing new. */
    @ParameterizedTest
    @EnumSource(Role.class)
    void aTemplateHoldsTheDefaults(Role role) throws IOException {
        ConfigReference.main(new String[] {"templates", folder.toString()});
        Path file = folder.resolve(role.word() + ".properties");
        String text = Files.readString(file, UTF_8);
        assertThat(text.lines()).allSatisfy(line -> assertThat(line).matches("(#.*)?"));
        String uncommented = text.replace(".NAME.", ".shop.").replaceAll("(?m)^#(fluid[^=]*=.+)$", "$1");
        assertThat(uncommented).isNotEqualTo(text);
        Files.writeString(file, uncommented, UTF_8);

        Config config = Config.builder()
                .role(role)
                .systemProperties(new Properties())
                .environment(Map.of())
                .file(file)
                .lenient()
                .build();

        assertThat(config.problems()).noneMatch(problem -> problem.contains(file.toString()));
        assertThat(config.entries())
                .filteredOn(entry -> entry.origin().source() == Origin.Source.FILE)
                .isNotEmpty()
                .allSatisfy(
                        entry -> assertThat(entry.value()).isEqualTo(entry.key().defaultText()));
    }
}
