/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigBuilder;
import io.fluid4j.spi.config.Role;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --config FILE}, wherever a configuration is read. */
final class ConfigOption {

    @Option(names = "--config", paramLabel = "FILE", description = "The configuration file.")
    @Nullable
    Path file;

    ConfigBuilder builder(Role role) {
        ConfigBuilder builder = Config.builder().role(role);
        return file == null ? builder : builder.file(file);
    }
}
