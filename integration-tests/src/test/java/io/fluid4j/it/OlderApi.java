/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** A jar of our API as an earlier version could have had it, compiled from the sources in the resources. */
final class OlderApi {

    private static final List<String> CLASSES = List.of("Fluid", "FluidContext");

    private OlderApi() {}

    static Path jar() throws IOException {
        Path folder = Build.work("older-api");
        for (String name : CLASSES) {
            Files.copy(
                    Build.target().resolve("test-classes/olderApi/" + name + ".java.txt"),
                    folder.resolve(name + ".java"));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (var manager = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            said,
                            manager,
                            null,
                            List.of("--release", "17", "-proc:none", "-d", folder.toString()),
                            null,
                            manager.getJavaFileObjects(CLASSES.stream()
                                    .map(name -> folder.resolve(name + ".java"))
                                    .toArray(Path[]::new)))
                    .call();
            if (!compiled) {
                throw new IllegalStateException("the older API does not compile:\n" + said);
            }
        }
        Path jar = folder.resolve("fluid4j-api-0.0.1.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (String name : CLASSES) {
                zip.putNextEntry(new ZipEntry("io/fluid4j/" + name + ".class"));
                Files.copy(folder.resolve("io/fluid4j/" + name + ".class"), zip);
            }
        }
        return jar;
    }
}
