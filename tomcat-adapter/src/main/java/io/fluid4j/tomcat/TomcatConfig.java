/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigException;
import io.fluid4j.spi.config.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of the plugin inside a Tomcat: attributes of the Connector element win over system properties, the
 * environment and {@code $CATALINA_BASE/conf/fluid.properties}.
 */
final class TomcatConfig {
    private static final String PREFIX = "fluid.";

    private TomcatConfig() {}

    /**
     * Reads and checks everything.
     *
     * @param attributes keys ({@code fluid.function}) and their texts
     * @throws ConfigException when anything is wrong; it lists everything
     */
    static Config read(Map<String, String> attributes) {
        return Config.builder().role(Role.INSTANCE).explicit(attributes).build();
    }

    /** Whether anybody has configured Fluid4J at all: a jar alone does not make a server an instance. */
    static boolean present() {
        return defaultFile() != null
                || System.getProperties().stringPropertyNames().stream()
                        .anyMatch(name -> name.startsWith(PREFIX) && !name.startsWith("fluid.test."))
                || System.getenv(CommonKeys.CONFIG.environmentName()) != null
                || System.getenv("FLUID_FUNCTION") != null;
    }

    /** Where the file is looked for. */
    static String expectedFile() {
        return Path.of(System.getProperty("catalina.base", "."), "conf", "fluid.properties")
                .toString();
    }

    private static @Nullable Path defaultFile() {
        Path path = Path.of(expectedFile());
        return Files.exists(path) ? path : null;
    }

    /**
     * The key an attribute of a Connector element stands for. Both {@code fluid.router.urls} and, as attributes of
     * Tomcat are written, {@code routerUrls} are understood.
     *
     * @param attribute the attribute's name
     * @return the key; when none fits the attribute's name with the prefix, which the configuration then refuses
     */
    static String keyOf(String attribute) {
        String wanted = plain(attribute.startsWith(PREFIX) ? attribute : PREFIX + attribute);
        for (String name : Config.knownNames()) {
            if (plain(name).equals(wanted)) {
                return name;
            }
        }
        return attribute.startsWith(PREFIX) ? attribute : PREFIX + attribute;
    }

    private static String plain(String name) {
        return name.replace(".", "").replace("-", "").toLowerCase(Locale.ROOT);
    }
}
