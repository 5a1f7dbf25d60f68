/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import io.fluid4j.spi.config.Role;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fluid resolver}. */
@Command(
        name = "resolver",
        description = "Runs a resolver in the foreground. This version has none.",
        mixinStandardHelpOptions = true)
final class ResolverCommand implements Callable<Integer> {

    @Mixin
    final ConfigOption config = new ConfigOption();

    @Override
    public Integer call() {
        config.builder(Role.RESOLVER).build();
        throw new CommandFailure("this version has no resolver process; name the routers in fluid.router.urls");
    }
}
