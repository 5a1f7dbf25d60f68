/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import io.fluid4j.cli.demo.DemoCommand;
import io.fluid4j.spi.config.ConfigException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code fluid}: chooses the command. */
@Command(
        name = "fluid",
        description = "Turns Jetty and Tomcat servers into Fluid-style instances, and fronts clusters of them.",
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false,
        usageHelpAutoWidth = true,
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:it worked", "1:the operation failed", "2:wrong usage"},
        subcommands = {
            RouterCommand.class,
            ResolverCommand.class,
            DemoCommand.class,
            InstancesCommand.class,
            FunctionsCommand.class,
            TopCommand.class,
            DrainCommand.class,
            UndrainCommand.class,
            ResolveCommand.class,
            ExplainCommand.class,
            UsageCommand.class,
            LogsCommand.class,
            ConfigCommand.class,
            CommandLine.HelpCommand.class,
        })
final class Main {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments the command and its arguments
     */
    public static void main(String[] arguments) {
        Charset terminal = Charset.defaultCharset();
        PrintWriter out = new PrintWriter(System.out, true, terminal);
        PrintWriter err = new PrintWriter(System.err, true, terminal);
        int code = run(out, err, arguments);
        System.exit(code);
    }

    /** Runs one command; everything it says goes to the two writers. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        CommandLine command = new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, result) -> {
                    line.getErr().println(line.getCommandSpec().qualifiedName() + ": " + describe(failure));
                    return FAILED;
                });
        command.setExecutionStrategy(parsed -> {
            if (parsed.subcommand() == null && !parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested()) {
                parsed.commandSpec().commandLine().usage(err);
                return WRONG_USAGE;
            }
            return new CommandLine.RunLast().execute(parsed);
        });
        return command.execute(arguments);
    }

    private static String describe(Exception failure) {
        boolean explained = failure instanceof CommandFailure || failure instanceof ConfigException;
        return explained ? String.valueOf(failure.getMessage()) : failure.toString();
    }
}
