/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import io.fluid4j.resolver.server.ResolverServer;
import io.fluid4j.spi.config.Role;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fluid resolver}. */
@Command(
        name = "resolver",
        description = "Runs a resolver in the foreground. SIGTERM ends it.",
        mixinStandardHelpOptions = true)
final class ResolverCommand implements Callable<Integer> {

    @Mixin
    final ConfigOption config = new ConfigOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        ResolverServer resolver =
                ResolverServer.create(config.builder(Role.RESOLVER).build()).start();
        TerminationSignals.install(resolver::close);
        // Until a signal ends the process.
        new CountDownLatch(1).await();
        return Main.OK;
    }
}
