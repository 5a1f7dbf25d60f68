/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import io.fluid4j.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the things are that a demo needs.
 *
 * @param libraries our own class path: a folder of jars
 * @param tomcatJar the one jar for Tomcat
 * @param jettyOverlay what is put over a Jetty base
 * @param application the sample application
 * @param tomcatHome an unpacked Tomcat
 * @param jettyHome an unpacked Jetty
 */
record DemoLayout(
        Path libraries, Path tomcatJar, Path jettyOverlay, Path application, Path tomcatHome, Path jettyHome) {

    /**
     * Looks for them.
     *
     * @param home the unpacked delivery
     * @param tomcat a Tomcat to use instead of the one the build has fetched
     * @param jetty a Jetty to use instead of the one the build has fetched
     */
    static DemoLayout find(Path home, @Nullable Path tomcat, @Nullable Path jetty) throws IOException {
        // Beside the delivery when that was unpacked by hand, in the build folder of a checkout.
        List<Path> servers =
                List.of(home.resolve("servers"), home.resolve("../../servers").normalize());
        return new DemoLayout(
                existing(home.resolve("lib")),
                single(List.of(home.resolve("tomcat")), "fluid4j-tomcat-*.jar"),
                existing(home.resolve("jetty")),
                existing(home.resolve("samples/streaming.war")),
                tomcat != null ? existing(tomcat) : single(servers, "apache-tomcat-*"),
                jetty != null ? existing(jetty) : single(servers, "jetty-home-*"));
    }

    private static Path existing(Path path) {
        if (!Files.exists(path)) {
            throw missing(path);
        }
        return path.toAbsolutePath();
    }

    private static Path single(List<Path> folders, String glob) throws IOException {
        for (Path folder : folders) {
            if (Files.isDirectory(folder)) {
                var matcher = folder.getFileSystem().getPathMatcher("glob:" + glob);
                try (Stream<Path> files = Files.list(folder)) {
                    var found = files.filter(file -> matcher.matches(file.getFileName()))
                            .sorted()
                            .findFirst();
                    if (found.isPresent()) {
                        return found.get().toAbsolutePath();
                    }
                }
            }
        }
        throw missing(folders.get(0).resolve(glob));
    }

    private static CommandFailure missing(Path path) {
        return new CommandFailure("the demo needs " + path + ", which is not there. From a source checkout ./fluid demo"
                + " builds and fetches everything; elsewhere say --tomcat DIR and --jetty DIR.");
    }
}
