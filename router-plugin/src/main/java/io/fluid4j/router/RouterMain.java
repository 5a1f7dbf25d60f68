/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ConfigException;
import io.fluid4j.spi.config.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** {@code fluid router}: one router in the foreground. */
public final class RouterMain {

    private static final int WRONG_USAGE = 2;

    private RouterMain() {}

    /**
     * Runs until SIGTERM. Exit codes: 0 after a drain, 1 when it cannot start, 2 for wrong usage.
     *
     * @param arguments {@code [--config FILE]}
     */
    public static void main(String[] arguments) throws InterruptedException {
        int code = run(arguments);
        if (code != 0) {
            System.exit(code);
        }
    }

    private static int run(String[] arguments) throws InterruptedException {
        Path file = null;
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--config") && i + 1 < arguments.length) {
                file = Path.of(arguments[++i]);
            } else if (arguments[i].startsWith("--config=")) {
                file = Path.of(arguments[i].substring("--config=".length()));
            } else {
                System.err.println("usage: fluid router [--config FILE]");
                return WRONG_USAGE;
            }
        }
        Router router;
        try {
            var builder = Config.builder()
                    .role(Role.ROUTER)
                    .systemProperties(System.getProperties())
                    .environment(System.getenv());
            Config config = (file == null ? builder : builder.file(file)).build();
            router = Router.create(config).start();
        } catch (ConfigException | IllegalArgumentException | IOException e) {
            System.err.println(e.getMessage());
            return 1;
        }
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            router.close();
                            stopped.countDown();
                        },
                        "fluid-router-stop"));
        stopped.await();
        return 0;
    }
}
