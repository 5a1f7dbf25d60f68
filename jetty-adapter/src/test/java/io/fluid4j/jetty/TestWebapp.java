/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Builds the test application for one environment of a distribution: compiled against that environment's servlet API,
 * for ee8 with the packages of its time.
 */
final class TestWebapp {

    private TestWebapp() {}

    /** Compiles into {@code webapps/ENVIRONMENT} of a base. */
    static void deploy(Path home, String environment, Path base, Path api) throws IOException {
        Path source = Path.of(System.getProperty("jetty.webapp"));
        Path webapp = base.resolve("webapps").resolve(environment);
        Path generated = base.resolve("generated").resolve(environment);
        copy(source.resolve("WEB-INF/web.xml"), webapp.resolve("WEB-INF/web.xml"));
        copy(source.resolve("static/hello.txt"), webapp.resolve("static/hello.txt"));
        Files.writeString(
                base.resolve("webapps").resolve(environment + ".properties"), "environment: " + environment + "\n");
        List<File> files = new ArrayList<>();
        try (Stream<Path> sources = Files.list(source.resolve("java/probe"))) {
            for (Path file : sources.collect(Collectors.toList())) {
                String text = Files.readString(file);
                if (environment.equals("ee8")) {
                    text = text.replace("jakarta.servlet", "javax.servlet");
                }
                Path target = generated.resolve(file.getFileName());
                Files.createDirectories(generated);
                Files.writeString(target, text);
                files.add(target.toFile());
            }
        }
        compile(files, webapp.resolve("WEB-INF/classes"), servletApi(home, environment) + File.pathSeparator + api);
    }

    private static void compile(List<File> files, Path output, String classPath) throws IOException {
        Files.createDirectories(output);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options =
                    List.of("--release", "17", "-nowarn", "-proc:none", "-cp", classPath, "-d", output.toString());
            boolean compiled = compiler.getTask(
                            null, manager, null, options, null, manager.getJavaFileObjectsFromFiles(files))
                    .call();
            if (!compiled) {
                throw new AssertionError("the test application does not compile");
            }
        }
    }

    private static Path servletApi(Path home, String environment) throws IOException {
        String prefix =
                switch (environment) {
                    case "ee8" -> "jetty-servlet-api-4.";
                    case "ee9" -> "jetty-jakarta-servlet-api-5.";
                    case "ee10" -> "jakarta.servlet-api-6.0.";
                    case "ee11" -> "jakarta.servlet-api-6.1.";
                    default -> throw new IllegalArgumentException(environment);
                };
        try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
            return jars.filter(jar -> jar.getFileName().toString().startsWith(prefix))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + prefix + "* in " + home));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.writeString(to, Files.readString(from));
    }
}
