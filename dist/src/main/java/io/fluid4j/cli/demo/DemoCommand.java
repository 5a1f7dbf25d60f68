/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluid4j.cli.CommandFailure;
import io.fluid4j.cli.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fluid demo}. */
@Command(
        name = "demo",
        description = "Starts a router, a real Tomcat and a real Jetty on this machine and drives streaming traffic"
                + " through them.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class DemoCommand implements Callable<Integer> {

    /** Names the unpacked delivery; set by the launcher script. */
    public static final String HOME = "io.fluid4j.home";

    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    @Option(names = "--check", description = "Unattended: exit 0 when every check held, 1 otherwise.")
    boolean check;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "15",
            description = "How long traffic is driven (default: ${DEFAULT-VALUE}).")
    int seconds = 15;

    @Option(names = "--tomcat", paramLabel = "DIR", description = "An unpacked Tomcat to use.")
    @Nullable
    Path tomcat;

    @Option(names = "--jetty", paramLabel = "DIR", description = "An unpacked Jetty to use.")
    @Nullable
    Path jetty;

    @Spec
    @Nullable
    CommandSpec spec;

    /** Called by the command line. */
    public DemoCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (spec == null) {
            throw new IllegalStateException("a command runs by its command line only");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        String home = System.getProperty(HOME);
        if (home == null) {
            throw new CommandFailure("start the demo by the fluid script: it says where everything is");
        }
        DemoFleet fleet = new DemoFleet(DemoLayout.find(Path.of(home), tomcat, jetty));
        // Ctrl-C and SIGTERM come this way too, so that no process is left behind.
        Thread last = new Thread(fleet::close, "demo-end");
        Runtime.getRuntime().addShutdownHook(last);
        try {
            err.println("starting a resolver, a router, a Tomcat and a Jetty ...");
            fleet.start();
            return run(fleet, out, err);
        } finally {
            fleet.close();
        }
    }

    private int run(DemoFleet fleet, PrintWriter out, PrintWriter err) throws IOException, InterruptedException {
        DemoAdmin admin = new DemoAdmin(fleet.admin());
        awaitBoth(fleet, admin);
        err.println("the application through the router  " + fleet.front());
        err.println("the router's admin port             " + fleet.admin());
        err.println("the resolver                        " + fleet.resolver());
        err.println("directly, to compare                Tomcat " + fleet.tomcat() + "   Jetty " + fleet.jetty());
        DemoFigures figures = new DemoFigures();
        try (DemoTraffic traffic = new DemoTraffic(fleet.front(), figures)) {
            traffic.start();
            showProgress(fleet, figures, err);
        }
        err.println();
        fleet.requireAlive();
        out.print(new DemoReport(admin, figures).text());
        out.flush();
        boolean held = new DemoChecks(fleet, admin, figures, out).run();
        if (!check) {
            err.println("Everything stays up until Ctrl-C. Look at " + fleet.front());
            new CountDownLatch(1).await();
        }
        return held ? 0 : 1;
    }

    /** Until the router says that both instances take requests. */
    private static void awaitBoth(DemoFleet fleet, DemoAdmin admin) throws InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            fleet.requireAlive();
            JsonNode instances = admin.json("api/instances");
            int taking = 0;
            for (JsonNode instance : instances) {
                String state = instance.path("state").asText();
                taking += state.equals("active") || state.equals("idle") ? 1 : 0;
            }
            if (taking == 2) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new CommandFailure("the two instances are not there after " + START_LIMIT.toSeconds()
                        + " s; the router knows " + instances + fleet.logs());
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private void showProgress(DemoFleet fleet, DemoFigures figures, PrintWriter err) throws InterruptedException {
        boolean terminal = Terminal.err();
        long start = System.nanoTime();
        long end = start + TimeUnit.SECONDS.toNanos(seconds);
        int looks = 0;
        while (System.nanoTime() - end < 0) {
            TimeUnit.NANOSECONDS.sleep(LOOK_EVERY.toNanos());
            fleet.requireAlive();
            String line = "%3d s  %6d requests  %3d streams open, %5d ended  first byte %5.1f ms  %d failures"
                    .formatted(
                            TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
                            figures.requests.sum(),
                            figures.openStreams.get(),
                            figures.streams.sum(),
                            figures.firstByteMillis(0.5),
                            figures.failures().size());
            if (terminal) {
                err.print("\r" + line);
            } else if (looks++ % 6 == 0) {
                err.println(line);
            }
            err.flush();
        }
    }
}
