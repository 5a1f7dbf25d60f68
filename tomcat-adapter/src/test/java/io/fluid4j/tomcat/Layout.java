/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Lays out the test's web application and server bases in the file system. */
final class Layout {
    private static final String CLASSES = "io/fluid4j/tomcat/webapp";

    private Layout() {}

    /** An exploded web application from the classes of the package {@code webapp}. */
    static Path webApp(Path folder) throws IOException {
        Path testClasses = testClasses();
        copy(testClasses.resolve(CLASSES), folder.resolve("WEB-INF/classes").resolve(CLASSES));
        Path resources = testClasses.resolve("webapp");
        Files.copy(
                resources.resolve("web.xml"), folder.resolve("WEB-INF/web.xml"), StandardCopyOption.REPLACE_EXISTING);
        for (String file : List.of("teapot.txt", "static.txt")) {
            Files.copy(resources.resolve(file), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        return folder;
    }

    /** A {@code $CATALINA_BASE} with the distribution's configuration, on free ports, and our web application. */
    static Path catalinaBase(Path home, Path base) throws IOException {
        for (String folder : List.of("conf", "lib", "logs", "temp", "work", "webapps")) {
            Files.createDirectories(base.resolve(folder));
        }
        copy(home.resolve("conf"), base.resolve("conf"));
        String server = Files.readString(base.resolve("conf/server.xml"), UTF_8)
                .replace("port=\"8080\"", "port=\"0\" address=\"127.0.0.1\"")
                .replace("port=\"8005\"", "port=\"-1\"");
        Files.writeString(base.resolve("conf/server.xml"), server, UTF_8);
        webApp(base.resolve("webapps/ROOT"));
        return base;
    }

    static Path testClasses() {
        try {
            return Path.of(Layout.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> {
                Path target = to.resolve(from.relativize(file).toString());
                try {
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
