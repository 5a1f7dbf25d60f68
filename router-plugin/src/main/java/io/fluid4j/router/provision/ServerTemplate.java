/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ProvisionKeys;
import io.fluid4j.spi.provision.ProvisionContext;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * The base folder that instances are copied from, and the command that starts one. The command is made of the
 * configuration and of names in these folders, never of anything else. Immutable.
 */
final class ServerTemplate {

    /** Which server a base folder is of. */
    enum Kind {
        TOMCAT,
        JETTY
    }

    /** Made by each server for itself. */
    private static final Set<String> OWN_FOLDERS = Set.of("logs", "temp", "work");
    /** What the script of Tomcat opens for it. */
    private static final List<String> TOMCAT_OPENS = List.of(
            "java.base/java.lang",
            "java.base/java.lang.reflect",
            "java.base/java.io",
            "java.base/java.util",
            "java.base/java.util.concurrent",
            "java.rmi/sun.rmi.transport");

    private final Kind kind;
    private final Path folder;
    private final Path home;
    private final Path javaHome;
    private final List<String> javaOptions;
    private final boolean namesRouters;

    private ServerTemplate(
            Kind kind, Path folder, Path home, Path javaHome, List<String> javaOptions, boolean namesRouters) {
        this.kind = kind;
        this.folder = folder;
        this.home = home;
        this.javaHome = javaHome;
        this.javaOptions = javaOptions;
        this.namesRouters = namesRouters;
    }

    /**
     * The template of a pool.
     *
     * @throws IllegalArgumentException naming the key that has to be set or changed
     * @throws IOException when its configuration cannot be read
     */
    static ServerTemplate of(ProvisionContext context) throws IOException {
        Config config = context.config();
        String name = context.name();
        Path folder = config.find(ProvisionKeys.TEMPLATE.named(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        ProvisionKeys.TEMPLATE.named(name).name() + " is not set"))
                .toAbsolutePath()
                .normalize();
        if (context.folder().startsWith(folder)) {
            throw new IllegalArgumentException("fluid.data-dir is inside of " + folder + ", which is copied");
        }
        Kind kind;
        if (Files.isRegularFile(folder.resolve("conf/server.xml"))) {
            kind = Kind.TOMCAT;
        } else if (Files.isDirectory(folder.resolve("start.d")) || Files.isRegularFile(folder.resolve("start.ini"))) {
            kind = Kind.JETTY;
        } else {
            throw new IllegalArgumentException(
                    ProvisionKeys.TEMPLATE.named(name).name() + ": " + folder
                            + " is no base folder of a Tomcat (conf/server.xml) or Jetty (start.d or start.ini)");
        }
        Path home = config.find(ProvisionKeys.HOME.named(name))
                .orElse(folder)
                .toAbsolutePath()
                .normalize();
        Path program = home.resolve(kind == Kind.TOMCAT ? "bin/bootstrap.jar" : "start.jar");
        if (!Files.isRegularFile(program)) {
            throw new IllegalArgumentException(ProvisionKeys.HOME.named(name).name() + ": there is no " + program);
        }
        Path javaHome = config.find(ProvisionKeys.JAVA_HOME.named(name))
                .orElse(Path.of(System.getProperty("java.home")))
                .toAbsolutePath();
        if (!Files.isExecutable(javaHome.resolve("bin/java"))) {
            throw new IllegalArgumentException(
                    ProvisionKeys.JAVA_HOME.named(name).name() + ": there is no bin/java in " + javaHome);
        }
        List<String> options = config.find(ProvisionKeys.JAVA_OPTIONS.named(name))
                .map(text -> List.of(text.strip().split(" +")))
                .orElse(List.of());
        Properties instance =
                properties(folder.resolve(kind == Kind.TOMCAT ? "conf" : "etc").resolve("fluid.properties"));
        return new ServerTemplate(kind, folder, home, javaHome, options, instance.containsKey("fluid.router.urls"));
    }

    private static Properties properties(Path file) throws IOException {
        Properties properties = new Properties();
        if (Files.isRegularFile(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                properties.load(in);
            }
        }
        return properties;
    }

    Kind kind() {
        return kind;
    }

    Path javaHome() {
        return javaHome;
    }

    List<String> javaOptions() {
        return javaOptions;
    }

    /** The feature number of the Java that runs the instances; 0 when it does not say. */
    int javaFeature() throws IOException {
        String version = properties(javaHome.resolve("release"))
                .getProperty("JAVA_VERSION", "0")
                .replace("\"", "");
        String feature = version.split("[.+-]", 2)[0];
        return feature.matches("[0-9]{1,4}") ? Integer.parseInt(feature) : 0;
    }

    /**
     * Makes the base folder of one instance.
     *
     * @param base is made
     */
    void copyTo(Path base) throws IOException {
        Files.createDirectories(base);
        Set<FileVisitOption> through = Set.of(FileVisitOption.FOLLOW_LINKS);
        Files.walkFileTree(folder, through, Integer.MAX_VALUE, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path from, BasicFileAttributes attributes) throws IOException {
                Path inside = folder.relativize(from);
                if (inside.getNameCount() == 1 && OWN_FOLDERS.contains(inside.toString())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(base.resolve(inside.toString()));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path from, BasicFileAttributes attributes) throws IOException {
                Files.copy(from, base.resolve(folder.relativize(from).toString()), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });
        for (String own : OWN_FOLDERS) {
            Files.createDirectories(base.resolve(own));
        }
        if (kind == Kind.TOMCAT) {
            ServerXml.takeFreePorts(base.resolve("conf/server.xml"));
        }
    }

    /**
     * The jars of the server in the order in which it looks at them. On the class path of the JVM itself, classes of
     * theirs can be shared; Tomcat's own loader, which would look there next, finds them loaded.
     */
    List<Path> serverJars() throws IOException {
        List<Path> jars = new ArrayList<>(bootJars());
        for (Path lib : List.of(folder.resolve("lib"), home.resolve("lib"))) {
            jars.addAll(jarsIn(lib));
        }
        return jars.stream().distinct().toList();
    }

    private List<Path> bootJars() {
        return List.of(home.resolve("bin/bootstrap.jar"), home.resolve("bin/tomcat-juli.jar"));
    }

    private static Set<Path> jarsIn(Path lib) throws IOException {
        Set<Path> sorted = new TreeSet<>();
        if (Files.isDirectory(lib)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(lib, "*.jar")) {
                all.forEach(sorted::add);
            }
        }
        return sorted;
    }

    /**
     * What starts an instance.
     *
     * @param base its folder
     * @param context of the pool
     * @param router what it dials, unless its own configuration says
     * @param instanceId its id
     * @param archive options of the shared archive
     * @param shared whether the server's jars are on the class path, so that their classes can be shared
     */
    List<String> command(
            Path base, ProvisionContext context, String router, String instanceId, List<String> archive, boolean shared)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(javaHome.resolve("bin/java").toString());
        command.addAll(javaOptions);
        command.addAll(archive);
        command.add("-Dfluid.instance.id=" + instanceId);
        command.add("-Dfluid.function=" + context.function());
        if (!router.isEmpty()) {
            command.add("-Dfluid.router.urls=" + router);
        }
        command.add("-Djava.io.tmpdir=" + base.resolve("temp"));
        if (kind == Kind.TOMCAT) {
            tomcat(command, base, shared);
        } else {
            command.addAll(List.of("-jar", home.resolve("start.jar").toString()));
            command.addAll(List.of("jetty.base=" + base, "jetty.http.port=0", "jetty.ssl.port=0"));
        }
        return command;
    }

    private void tomcat(List<String> command, Path base, boolean shared) throws IOException {
        command.add("-Dcatalina.home=" + home);
        command.add("-Dcatalina.base=" + base);
        command.add("-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager");
        command.add("-Djava.util.logging.config.file=" + base.resolve("conf/logging.properties"));
        TOMCAT_OPENS.forEach(opened -> command.add("--add-opens=" + opened + "=ALL-UNNAMED"));
        List<String> path = new ArrayList<>();
        for (Path jar : shared ? serverJars() : bootJars()) {
            path.add(jar.toString());
        }
        command.addAll(List.of("-cp", String.join(System.getProperty("path.separator"), path)));
        command.addAll(List.of("org.apache.catalina.startup.Bootstrap", "start"));
    }

    /** What an instance dials: the routers that its own configuration names, else this one. */
    String routerFor(ProvisionContext context) {
        return namesRouters ? "" : context.router().toString();
    }
}
