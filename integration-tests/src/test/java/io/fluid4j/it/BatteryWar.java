/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Packs the application of {@code com.example.battery}, for jakarta as it was compiled, for javax from its sources. */
final class BatteryWar {

    private static final String PACKAGE = "com/example/battery";

    /** name, class, path. */
    private static final String[][] SERVLETS = {
        {"rendezvous", "RendezvousServlet", "/rendezvous/*"},
        {"info", "InfoServlet", "/info/*"},
        {"echo", "EchoServlet", "/echo"},
        {"nonBlockingEcho", "NonBlockingEchoServlet", "/nonBlockingEcho"},
        {"download", "DownloadServlet", "/download"},
        {"upload", "UploadServlet", "/upload"},
        {"form", "FormServlet", "/form"},
        {"trailers", "TrailerServlet", "/trailers"},
        {"hints", "HintsServlet", "/hints"},
        {"refusing", "RefusingServlet", "/refusing"},
        {"error", "ErrorServlet", "/error/*"},
        {"errorPage", "ErrorPageServlet", "/errorPage"},
        {"session", "SessionServlet", "/session"},
        {"async", "AsyncServlet", "/async/*"},
        {"flush", "FlushServlet", "/flush/*"},
        {"response", "ResponseServlet", "/response/*"},
        {"cancel", "CancelServlet", "/cancel/*"},
        {"fluid", "FluidServlet", "/fluid"},
        {"work", "WorkServlet", "/work/*"},
        {"meter", "MeterServlet", "/meter/*"},
    };

    /** Which copy of our API the application brings with it. */
    enum Api {
        /** It relies on the server's. */
        NONE,
        /** The one of this version. */
        OWN,
        /** One of an earlier version, which knew less. */
        OLDER
    }

    private BatteryWar() {}

    /** For {@code jakarta.servlet}, from the classes of this module's tests. */
    static Path jakarta(Path file, Api api) {
        return pack(file, Build.target().resolve("test-classes"), "https://jakarta.ee/xml/ns/jakartaee", "5.0", api);
    }

    /** For {@code javax.servlet}, compiled from the sources with their imports replaced. */
    static Path javax(Path file, Path servletApi, Path work, Api api) {
        Path classes = compileForJavax(servletApi, work);
        return pack(file, classes, "http://xmlns.jcp.org/xml/ns/javaee", "4.0", api);
    }

    private static Path compileForJavax(Path servletApi, Path work) {
        Path sources = Build.module().resolve("src/test/java").resolve(PACKAGE);
        Path replaced = work.resolve("javax-sources");
        Path classes = work.resolve("javax-classes");
        try (Stream<Path> all = Files.list(sources)) {
            Files.createDirectories(replaced);
            Files.createDirectories(classes);
            List<String> files = new ArrayList<>();
            for (Path source : all.filter(p -> !p.endsWith("package-info.java")).toList()) {
                Path file = replaced.resolve(source.getFileName().toString());
                Files.writeString(file, Files.readString(source).replace("jakarta.servlet", "javax.servlet"));
                files.add(file.toString());
            }
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            List<String> options = List.of(
                    "--release",
                    "17",
                    "-proc:none",
                    "-cp",
                    servletApi + File.pathSeparator + Delivery.apiJar(),
                    "-d",
                    classes.toString());
            StringWriter said = new StringWriter();
            boolean compiled;
            try (var manager = compiler.getStandardFileManager(null, null, null)) {
                compiled = compiler.getTask(
                                said, manager, null, options, null, manager.getJavaFileObjectsFromStrings(files))
                        .call();
            }
            if (!compiled) {
                throw new IllegalStateException("the application does not compile for javax:\n" + said);
            }
            return classes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The jars go to {@code WEB-INF/lib}. */
    private static Path pack(Path file, Path classes, String namespace, String version, Api api) {
        Path resources = Build.target().resolve("test-classes/battery");
        try {
            Files.createDirectories(file.getParent());
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file));
                    Stream<Path> classFiles = Files.list(classes.resolve(PACKAGE));
                    Stream<Path> pages = Files.list(resources.resolve("static"))) {
                String webXml = Files.readString(resources.resolve("web.xml"))
                        .replace("@namespace@", namespace)
                        .replace("@version@", version)
                        .replace("@servlets@", servlets());
                zip.putNextEntry(new ZipEntry("WEB-INF/web.xml"));
                zip.write(webXml.getBytes(StandardCharsets.UTF_8));
                for (Path classFile : classFiles.toList()) {
                    add(zip, "WEB-INF/classes/" + PACKAGE + "/" + classFile.getFileName(), classFile);
                }
                for (Path page : pages.toList()) {
                    add(zip, "static/" + page.getFileName(), page);
                }
                for (Path jar : apiJars(api)) {
                    add(zip, "WEB-INF/lib/" + jar.getFileName(), jar);
                }
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> apiJars(Api api) throws IOException {
        return switch (api) {
            case NONE -> List.of();
            case OWN -> List.of(Delivery.apiJar());
            case OLDER -> List.of(OlderApi.jar());
        };
    }

    private static void add(ZipOutputStream zip, String name, Path file) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTime(Files.getLastModifiedTime(file).toMillis());
        zip.putNextEntry(entry);
        Files.copy(file, zip);
        zip.closeEntry();
    }

    private static String servlets() {
        return Stream.of(SERVLETS)
                .map(row -> "  <servlet>\n    <servlet-name>" + row[0] + "</servlet-name>\n    <servlet-class>"
                        + PACKAGE.replace('/', '.') + "." + row[1] + "</servlet-class>\n"
                        + "    <load-on-startup>1</load-on-startup>\n"
                        + "    <async-supported>true</async-supported>\n"
                        + (row[0].equals("form") ? "    <multipart-config/>\n" : "")
                        + "  </servlet>\n  <servlet-mapping>\n    <servlet-name>" + row[0]
                        + "</servlet-name>\n    <url-pattern>" + row[2] + "</url-pattern>\n  </servlet-mapping>\n")
                .collect(Collectors.joining());
    }
}
