/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import io.fluid4j.it.Battery.Run;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Writes what the battery found through the tunnel as a table: a line for each behaviour, a column for each
 * environment. It goes to {@code target/MATRIX.md}; with {@code -Dfluid.it.matrix=true}, and only when every environment
 * has run, to {@code docs/MATRIX.md} as well, and its sums into the README.
 */
final class MatrixExtension implements BeforeAllCallback, AfterTestExecutionCallback {

    /** Where the README shows the sums. */
    private static final Pattern SUMMARY =
            Pattern.compile("(<!-- matrix -->\n).*?(<!-- end of matrix -->)", Pattern.DOTALL);

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(MatrixExtension.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        results(context);
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        Run run = ((Battery) context.getRequiredTestInstance()).run;
        if (run.way() != Way.TUNNEL) {
            return;
        }
        Throwable failure = context.getExecutionException().orElse(null);
        Method method = context.getRequiredTestMethod();
        String part = context.getRequiredTestClass().getSimpleName().replaceAll("^Battery|IT$", "");
        results(context)
                .add(
                        part,
                        words(method.getName()),
                        run.environment(),
                        failure == null
                                ? Result.HELD
                                : failure instanceof TestAbortedException ? Result.SKIPPED : Result.BROKEN);
    }

    private static Results results(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent("results", key -> new Results(), Results.class);
    }

    /** {@code everyFlushReaches} is "every flush reaches". */
    private static String words(String name) {
        return name.replaceAll("([A-Z0-9]+)", " $1").toLowerCase(java.util.Locale.ROOT);
    }

    /** From the best to the worst: of several arguments of one test the worst counts. */
    private enum Result {
        HELD("✓"),
        SKIPPED("–"),
        BROKEN("✗");

        private final String sign;

        Result(String sign) {
            this.sign = sign;
        }
    }

    /** Of a test run. Thread-safe. */
    private static final class Results implements AutoCloseable {
        private final Map<String, Map<String, Map<Environment, Result>>> parts = new TreeMap<>();

        synchronized void add(String part, String behaviour, Environment environment, Result result) {
            parts.computeIfAbsent(part, key -> new TreeMap<>())
                    .computeIfAbsent(behaviour, key -> new EnumMap<>(Environment.class))
                    .merge(environment, result, (a, b) -> a.compareTo(b) > 0 ? a : b);
        }

        @Override
        public synchronized void close() {
            TreeSet<Environment> environments = parts.values().stream()
                    .flatMap(part -> part.values().stream())
                    .flatMap(row -> row.keySet().stream())
                    .collect(Collectors.toCollection(TreeSet::new));
            if (environments.isEmpty()) {
                return;
            }
            String table = table(environments);
            Build.write(Build.target().resolve("MATRIX.md"), table);
            if (Boolean.getBoolean("fluid.it.matrix") && environments.size() == Environment.values().length) {
                Build.write(Build.repository().resolve("docs/MATRIX.md"), table);
                Path readme = Build.repository().resolve("README.md");
                Build.write(
                        readme, SUMMARY.matcher(Build.read(readme)).replaceFirst("$1" + summary(environments) + "$2"));
            }
        }

        /** How many behaviours of each part held, of those that apply there. */
        private String summary(TreeSet<Environment> environments) {
            StringBuilder text = new StringBuilder("| |");
            environments.forEach(
                    environment -> text.append(' ').append(environment.id()).append(" |"));
            text.append("\n| --- |")
                    .append(" --- |".repeat(environments.size()))
                    .append('\n');
            parts.forEach((part, rows) -> {
                text.append("| ").append(words(part).strip()).append(" |");
                environments.forEach(environment -> {
                    long held = count(rows, environment, Result.HELD);
                    long broken = count(rows, environment, Result.BROKEN);
                    text.append(' ').append(held);
                    if (broken > 0) {
                        text.append(" of ").append(held + broken);
                    }
                    text.append(" |");
                });
                text.append('\n');
            });
            return text.toString();
        }

        private static long count(Map<String, Map<Environment, Result>> rows, Environment environment, Result wanted) {
            return rows.values().stream()
                    .filter(row -> row.get(environment) == wanted)
                    .count();
        }

        private String table(TreeSet<Environment> environments) {
            StringBuilder text = new StringBuilder("# What an application sees through the tunnel\n\n"
                    + "Written by the battery of `integration-tests` from its last whole run, on the distributions as"
                    + " their makers ship them:\n");
            environments.stream().map(Environment::distribution).distinct().forEach(distribution -> text.append("- ")
                    .append(distribution.tomcat() ? "Tomcat " : "Jetty ")
                    .append(distribution.version())
                    .append('\n'));
            text.append("\n✓ held, ✗ broken, – does not apply there. Each behaviour is a test of that name, and runs by"
                    + " the server's own port as well.\n");
            parts.forEach((part, rows) -> {
                text.append("\n## ").append(part).append("\n\n| behaviour |");
                environments.forEach(
                        environment -> text.append(' ').append(environment.id()).append(" |"));
                text.append("\n| --- |")
                        .append(" --- |".repeat(environments.size()))
                        .append('\n');
                rows.forEach((behaviour, row) -> {
                    text.append("| ").append(behaviour).append(" |");
                    environments.forEach(environment -> text.append(' ')
                            .append(row.getOrDefault(environment, Result.SKIPPED).sign)
                            .append(" |"));
                    text.append('\n');
                });
            });
            return text.toString();
        }
    }
}
