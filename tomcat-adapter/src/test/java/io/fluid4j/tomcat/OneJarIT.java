/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What lies in Tomcat's lib is seen by every web application. */
final class OneJarIT {

    @Test
    void everythingForeignIsRelocated() throws IOException {
        try (JarFile jar = new JarFile(System.getProperty("fluid.test.jar"))) {
            List<String> names = jar.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(ZipEntry::getName)
                    .toList();
            assertThat(names)
                    .filteredOn(name -> name.endsWith(".class"))
                    .allMatch(name -> name.startsWith("io/fluid4j/") || name.startsWith("oshi/"))
                    .noneMatch(name -> name.contains("module-info") || name.contains("com/sun/jna"));
            assertThat(names)
                    .contains(
                            "META-INF/LICENSE", "META-INF/NOTICE", "io/fluid4j/tomcat/shaded/jetty/io/EndPoint.class");
            assertThat(names)
                    .filteredOn(name -> name.startsWith("META-INF/services/"))
                    .contains("META-INF/services/jakarta.servlet.ServletContainerInitializer")
                    .noneMatch(name -> name.contains("/org.slf4j") || name.contains("/org.eclipse"));
            assertThat(jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
                    .isEqualTo("io.fluid4j.tomcat");
        }
    }
}
