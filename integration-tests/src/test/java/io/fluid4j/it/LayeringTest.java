/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Proves the drawing of the architecture: which module may see which, and what must stay out of the core.
 *
 * <p>A module is known by the jar (or classes folder) a class was read from, so a class in a wrong package counts
 * where it really ships.
 */
class LayeringTest {

    /** Module, to the modules it may see. Seeing is not transitive here: each arrow is written out. */
    private static final Map<String, Set<String>> MAY_SEE = Map.of(
            "api", Set.of(),
            "core-spi", Set.of("api"),
            "core-tunnel", Set.of("api", "core-spi"),
            "core-instance", Set.of("api", "core-spi", "core-tunnel"),
            "jetty-adapter", Set.of("api", "core-spi", "core-tunnel", "core-instance"),
            "tomcat-adapter", Set.of("api", "core-spi", "core-tunnel", "core-instance"),
            "router-plugin", Set.of("api", "core-spi", "core-tunnel"),
            "resolver-client", Set.of("api", "core-spi"),
            "resolver-server", Set.of("api", "core-spi", "resolver-client"),
            "testkit", Set.of("api", "core-spi", "core-tunnel"));

    private static final String[] CONTAINERS = {
        "org.eclipse.jetty.server..",
        "org.eclipse.jetty.ee..",
        "org.eclipse.jetty.ee8..",
        "org.eclipse.jetty.ee9..",
        "org.eclipse.jetty.ee10..",
        "org.eclipse.jetty.ee11..",
        "org.apache.catalina..",
        "org.apache.coyote..",
        "org.apache.tomcat..",
        "jakarta.servlet..",
        "javax.servlet.."
    };

    private static JavaClasses all;

    @BeforeAll
    static void importAllModules() {
        all = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.fluid4j");
    }

    @Test
    void everyModuleIsSeen() {
        Set<String> seen = all.stream().map(LayeringTest::moduleOf).collect(Collectors.toCollection(TreeSet::new));
        assertThat(seen).containsExactlyInAnyOrderElementsOf(MAY_SEE.keySet());
    }

    @Test
    void modulesFollowTheArrows() {
        classes()
                .should(new ArchCondition<>("only see the modules their arrows allow") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        String from = moduleOf(type);
                        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                            JavaClass target = dependency.getTargetClass();
                            if (!isOurs(target)) {
                                continue;
                            }
                            String to = moduleOf(target);
                            if (!to.equals(from) && !MAY_SEE.get(from).contains(to)) {
                                events.add(SimpleConditionEvent.violated(
                                        dependency, from + " -> " + to + ": " + dependency.getDescription()));
                            }
                        }
                    }
                })
                .check(all);
    }

    @Test
    void internalPackagesDoNotCrossModules() {
        classes()
                .should(new ArchCondition<>("not see internal packages of another module") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                            JavaClass target = dependency.getTargetClass();
                            if (isOurs(target)
                                    && isInternal(target)
                                    && !moduleOf(target).equals(moduleOf(type))) {
                                events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                            }
                        }
                    }
                })
                .check(all);
    }

    @Test
    void noPackageIsInTwoModules() {
        Map<String, Set<String>> modulesByPackage = new TreeMap<>();
        for (JavaClass type : all) {
            modulesByPackage
                    .computeIfAbsent(type.getPackageName(), name -> new TreeSet<>())
                    .add(moduleOf(type));
        }
        assertThat(modulesByPackage)
                .allSatisfy((name, modules) -> assertThat(modules).as(name).hasSize(1));
    }

    @Test
    void apiSpiAndFrameNeedOnlyTheJdk() {
        classes()
                .that()
                .resideInAnyPackage(
                        "io.fluid4j", "io.fluid4j.spi..", "io.fluid4j.frame..", "io.fluid4j.resolver.client..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..",
                        "javax.crypto..",
                        "javax.management..",
                        "javax.net..",
                        "javax.security..",
                        "org.jspecify.annotations..",
                        "io.fluid4j",
                        "io.fluid4j.spi..",
                        "io.fluid4j.frame..",
                        "io.fluid4j.resolver.client.."))
                .check(all);
    }

    @Test
    void coreKnowsNoContainer() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.fluid4j.spi..", "io.fluid4j.frame..", "io.fluid4j.tunnel..", "io.fluid4j.instance..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CONTAINERS)
                .check(all);
    }

    @Test
    void coreLogsThroughSystemLogger() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.fluid4j",
                        "io.fluid4j.spi..",
                        "io.fluid4j.frame..",
                        "io.fluid4j.tunnel..",
                        "io.fluid4j.instance..",
                        "io.fluid4j.resolver.client..")
                // They take up what applications write with it.
                .and()
                .haveNameNotMatching(".*\\.(RequestLogHandler|ApplicationLogs)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..", "org.slf4j..")
                .check(all);
    }

    /** Nothing but this one class breaks where its API is not. */
    @Test
    void openTelemetryIsSeenInOnePlace() {
        noClasses()
                .that()
                .haveNameNotMatching("io\\.fluid4j\\.trace\\.OpenTelemetryTracing(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry..")
                .check(all);
        noClasses()
                .that()
                .haveNameNotMatching("io\\.fluid4j\\.trace\\.(Tracing|OpenTelemetryTracing(\\$.*)?)")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("io\\.fluid4j\\.trace\\.OpenTelemetryTracing")
                .check(all);
    }

    @Test
    void wireCodeReadsNoWallClock() {
        noClasses()
                .that()
                .resideInAnyPackage("io.fluid4j.frame..", "io.fluid4j.tunnel..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .check(all);
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().equals("io.fluid4j")
                || type.getPackageName().startsWith("io.fluid4j.");
    }

    private static boolean isInternal(JavaClass type) {
        return Arrays.asList(type.getPackageName().split("\\.")).contains("internal");
    }

    /** The folder or jar a class ships in: {@code …/api/target/classes/…} or {@code …/fluid4j-api-0.1.0.jar!/…}. */
    private static String moduleOf(JavaClass type) {
        JavaClass outer = type.getBaseComponentType();
        String uri = outer.getSource()
                .orElseThrow(() -> new AssertionError("no source for " + type.getName()))
                .getUri()
                .toString();
        return MAY_SEE.keySet().stream()
                .filter(module -> uri.contains("/fluid4j-" + module + "-") || uri.contains(folderOf(module)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("class of an unknown module: " + uri));
    }

    private static String folderOf(String module) {
        return "/" + module.replace("resolver-", "resolver-plugin/") + "/target/classes/";
    }
}
