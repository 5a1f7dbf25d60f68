/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The servers as their makers ship them, unpacked by the build. */
enum Distribution {
    TOMCAT_10_1("apache-tomcat-10.1."),
    TOMCAT_11("apache-tomcat-11.0."),
    JETTY_12_0("jetty-home-12.0."),
    JETTY_12_1("jetty-home-12.1.");

    private final String prefix;

    Distribution(String prefix) {
        this.prefix = prefix;
    }

    boolean tomcat() {
        return this == TOMCAT_10_1 || this == TOMCAT_11;
    }

    Path home() {
        Path folder = Build.target().resolve("distributions");
        try (Stream<Path> all = Files.list(folder)) {
            List<Path> found = all.filter(path -> path.getFileName().toString().startsWith(prefix))
                    .toList();
            if (found.size() != 1) {
                throw new IllegalStateException("in " + folder + " there is not one " + prefix + "*: " + found);
            }
            return found.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException("the build has not unpacked the distributions", e);
        }
    }

    /** The version as the distribution's folder says it. */
    String version() {
        return home().getFileName().toString().replaceFirst("^[a-z-]+", "");
    }

    /** Jar of the javax servlet API that a Jetty ships. */
    Path javaxServletApi() {
        try (Stream<Path> all = Files.list(home().resolve("lib"))) {
            return all.filter(path -> path.getFileName().toString().startsWith("jetty-servlet-api-4."))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
