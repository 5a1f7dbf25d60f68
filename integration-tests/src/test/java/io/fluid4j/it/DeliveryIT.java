/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** What is in the zip that users get. */
class DeliveryIT {

    @Test
    void listOfThirdPartiesNamesAllThatIsBundledAndNothingOfOurs() throws IOException {
        String list = Files.readString(Delivery.home().resolve("licences/THIRD-PARTY.txt"));
        assertThat(list).doesNotContain("io.fluid4j");
        try (Stream<Path> files = Files.walk(Delivery.home())) {
            List<String> bundled = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar") && !name.startsWith("fluid4j-"))
                    .distinct()
                    .toList();
            assertThat(bundled).isNotEmpty().allSatisfy(jar -> assertThat(list)
                    .contains(":" + jar.replaceFirst("-(\\d[^/]*)\\.jar$", ":$1") + " "));
        }
    }

    /** A time of the build in one entry, and no two builds would be the same. */
    @Test
    void entriesBearOneFixedTime() throws IOException {
        try (ZipFile zip = new ZipFile(Delivery.zip().toFile())) {
            assertThat(zip.stream().map(ZipEntry::getTimeLocal).distinct()).hasSize(1);
        }
    }
}
