/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Writes the reference of all keys, and a template of a file for each role, from the keys themselves. */
public final class ConfigReference {

    private static final int LINE = 110;

    private ConfigReference() {}

    /**
     * Writes files.
     *
     * @param arguments {@code reference FILE}, or {@code templates FOLDER}
     * @throws IOException when they cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            throw new IllegalArgumentException("usage: reference FILE | templates FOLDER");
        }
        Path target = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "reference" -> Files.writeString(target, reference(), UTF_8);
            case "templates" -> {
                Files.createDirectories(target);
                for (Role role : Role.values()) {
                    Files.writeString(target.resolve(role.word() + ".properties"), template(role), UTF_8);
                }
            }
            default -> throw new IllegalArgumentException("unknown: " + arguments[0]);
        }
    }

    /**
     * The reference of all keys.
     *
     * @return Markdown
     */
    public static String reference() {
        StringBuilder text = new StringBuilder("""
            # Configuration

            <!-- Generated from the keys in core-spi; a test fails when this file is stale. Write it anew with
                 mvn -pl core-spi -am test -Dtest=ConfigReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dfluid.test.write=true -->

            One typed layer serves every role. A value is taken from the first of these that has one:

            1. explicit: code, or an attribute of an XML file (`server.xml`, a Jetty module's ini)
            2. a system property: `-Dfluid.router.urls=…`
            3. the environment: `FLUID_ROUTER_URLS` (upper case, dots and dashes become underscores; dashes may also be left out)
            4. the file that `fluid.config` or `FLUID_CONFIG` names, else the first of `$CATALINA_BASE/conf/fluid.properties`, `$JETTY_BASE/etc/fluid.properties`, `./fluid.properties`
            5. the default

            - **Durations** are a number and a unit: `250ms`, `30s`, `5m`, `1h`, `1d`, or `0`. **Sizes** are bytes, or `64k`, `16m`, `1g` (powers of 1024). **Ratios** are `0.25` or `25%`.
            - The file is a properties file in UTF-8. `${env:NAME}` and `${env:NAME:-otherwise}` in it are replaced by the environment.
            - **Every secret has a `-file` form** that names a file which holds it. When both are set, the one from the stronger source wins; both in one source is an error. Secrets are never printed.
            - **An unknown key** in the file or among the system properties, or a value that is not valid, stops the start. Every problem is listed at once, with the key, the value, where it came from, what is expected and the nearest known key. An unknown variable `FLUID_…` of the environment only warns, because Kubernetes makes such names for its services. Keys of another role are accepted.
            - **Reloadable** keys (↻) take effect without a restart; a reload with a problem changes nothing. All others keep their value until the next start.
            - `fluid config --explain --role instance|router|resolver` prints every key with its value and origin.
            - Upper-case segments, as in `fluid.route.NAME.path`, stand for names of your own.

            """);
        section(text, "Every role", CommonKeys.family().keys());
        section(text, "Instance", InstanceKeys.family().keys());
        section(text, "Router", RouterKeys.family().keys());
        section(text, "Router: instances of its own", ProvisionKeys.family().keys());
        section(text, "Resolver", ResolverKeys.family().keys());
        text.append("Plugins declare keys of their own through `io.fluid4j.spi.config.ConfigProvider`.\n");
        return text.toString();
    }

    private static void section(StringBuilder text, String title, List<ConfigKey<?>> keys) {
        text.append("## ").append(title).append("\n\n");
        text.append("| key | type and range | default | roles | since | |\n| --- | --- | --- | --- | --- | --- |\n");
        for (ConfigKey<?> key : keys) {
            text.append("| `")
                    .append(key.name())
                    .append("` | ")
                    .append(key.type().name())
                    .append(": ")
                    .append(key.type().range().replace("|", "\\|"))
                    .append(" | ")
                    .append(shownDefault(key))
                    .append(" | ")
                    .append(roles(key))
                    .append(" | ")
                    .append(key.since())
                    .append(" | ")
                    .append(key.reloadable() ? "↻ " : "")
                    .append(key.secret() ? "*secret* " : "")
                    .append(key.reserved() ? "*no effect in this version* " : "")
                    .append(key.doc().replace("|", "\\|"))
                    .append(" |\n");
        }
        text.append('\n');
    }

    private static String shownDefault(ConfigKey<?> key) {
        if (key.required()) {
            return "**required**";
        }
        if (key.defaultText().isEmpty()) {
            return "–";
        }
        return key.defaultValue().isPresent() ? "`" + key.defaultText() + "`" : key.defaultText();
    }

    private static String roles(ConfigKey<?> key) {
        return key.roles().stream()
                .sorted(Comparator.naturalOrder())
                .map(Role::word)
                .collect(joining(", "));
    }

    /**
     * A configuration file for a role: every key, commented out at its default.
     *
     * @param role the role
     * @return a properties file
     */
    public static String template(Role role) {
        StringBuilder text = new StringBuilder();
        comment(
                text,
                "Configuration of " + (role == Role.INSTANCE ? "an " : "a ") + role.word()
                        + ". Every key is here, commented out at its default. System properties (-DKEY=VALUE) and the"
                        + " environment (FLUID_…) win over this file.");
        List<ConfigKey<?>> keys = new ArrayList<>();
        keys.addAll(
                switch (role) {
                    case INSTANCE -> InstanceKeys.family().keys();
                    case ROUTER -> RouterKeys.family().keys();
                    case RESOLVER -> ResolverKeys.family().keys();
                });
        keys.addAll(CommonKeys.family().keys());
        keys.addAll(ProvisionKeys.family().keys());
        for (ConfigKey<?> key : keys) {
            if (!key.roles().contains(role) || key == CommonKeys.CONFIG) {
                continue;
            }
            text.append('\n');
            comment(text, key.doc().replace("`", ""));
            String unit = key.type().unit().isEmpty() ? "" : " (" + key.type().unit() + ")";
            String notes = (key.required() ? " Required." : "")
                    + (key.reloadable() ? " Reloadable." : "")
                    + (key.reserved() ? " No effect in this version." : "");
            comment(text, capital(key.type().name()) + ": " + key.type().range().replace("`", "") + unit + "." + notes);
            boolean literal = key.defaultValue().isPresent();
            if (!literal && !key.defaultText().isEmpty()) {
                comment(text, "Default: " + key.defaultText().replace("`", "") + ".");
            }
            text.append('#')
                    .append(key.name())
                    .append('=')
                    .append(literal ? key.defaultText() : "")
                    .append('\n');
        }
        return text.toString();
    }

    private static String capital(String word) {
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    private static void comment(StringBuilder text, String words) {
        int column = LINE;
        for (String word : words.split(" ", -1)) {
            if (column + 1 + word.length() > LINE) {
                text.append(column == LINE ? "" : "\n").append("#");
                column = 1;
            }
            text.append(' ').append(word);
            column += 1 + word.length();
        }
        text.append('\n');
    }
}
