/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import io.fluid4j.router.Router;
import io.fluid4j.spi.config.Role;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fluid router}. */
@Command(
        name = "router",
        description = "Runs a router in the foreground. SIGTERM drains it; a second one ends it at once.",
        mixinStandardHelpOptions = true)
final class RouterCommand implements Callable<Integer> {

    @Mixin
    final ConfigOption config = new ConfigOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Router router = Router.create(config.builder(Role.ROUTER).build()).start();
        TerminationSignals.install(router::drainAndClose);
        // Until a signal ends the process.
        new CountDownLatch(1).await();
        return Main.OK;
    }
}
