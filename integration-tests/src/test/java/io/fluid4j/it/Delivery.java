/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The zip that users get, unpacked once for a test run, and what they do with it. */
final class Delivery {

    /** Of all tunnels of the tests. */
    static final String SECRET = "a secret for loopback only";

    private static Path unpacked;

    private Delivery() {}

    /** The folder with {@code bin}, {@code lib}, {@code tomcat}, {@code jetty} in it. */
    static synchronized Path home() {
        if (unpacked == null) {
            Path folder = Build.work("delivery");
            unzip(zip(), folder);
            unpacked = one(folder, "fluid4j-", "");
        }
        return unpacked;
    }

    static Path zip() {
        return one(Build.repository().resolve("dist/target"), "fluid4j-", ".zip");
    }

    /** Makes a Tomcat's base folder one of an instance: a jar and a file. */
    static void installInTomcat(Path base, String properties) {
        try {
            Path jar = one(home().resolve("tomcat"), "fluid4j-", ".jar");
            Files.copy(jar, base.resolve("lib").resolve(jar.getFileName()));
            Build.write(base.resolve("conf/fluid.properties"), properties);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a Jetty's base folder one of an instance, but for {@code --add-modules=fluid}: a folder and a file. */
    static void installInJetty(Path base, String properties) {
        Build.copyTree(home().resolve("jetty"), base);
        Build.write(base.resolve("etc/fluid.properties"), properties);
    }

    /** The sample application that comes with the delivery. */
    static void copySample(Path to) {
        try {
            Files.createDirectories(to.getParent());
            Files.copy(home().resolve("samples/streaming.war"), to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path apiJar() {
        return one(home().resolve("lib"), "fluid4j-api-", ".jar");
    }

    private static Path one(Path folder, String prefix, String suffix) {
        try (Stream<Path> all = Files.list(folder)) {
            List<Path> found = all.filter(path -> path.getFileName().toString().startsWith(prefix)
                            && path.getFileName().toString().endsWith(suffix))
                    .toList();
            if (found.size() != 1) {
                throw new IllegalStateException(
                        "in " + folder + " there is not one " + prefix + "*" + suffix + ": " + found);
            }
            return found.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException("the build has not packed the delivery", e);
        }
    }

    private static void unzip(Path zip, Path folder) {
        try (InputStream file = Files.newInputStream(zip);
                ZipInputStream in = new ZipInputStream(file)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                Path to = folder.resolve(entry.getName()).normalize();
                if (!to.startsWith(folder)) {
                    throw new IOException("entry outside of the folder: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(to);
                } else {
                    Files.createDirectories(to.getParent());
                    Files.copy(in, to);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
