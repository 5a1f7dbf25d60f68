/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The contract on a real distribution, with nothing but the jar and a fluid.properties added. */
abstract class ZeroEditContract extends TomcatContract {
    private final String line;
    private TomcatProcess process;

    ZeroEditContract(String line) {
        this.line = line;
    }

    @Override
    final void startServer(RouterPeer router) throws IOException {
        Path base = TomcatProcess.base(line, "zero-edit");
        writeProperties(base, router);
        process = TomcatProcess.start(line, base, Map.of());
    }

    static void writeProperties(Path base, RouterPeer router) throws IOException {
        Files.writeString(
                base.resolve("conf/fluid.properties"),
                """
                fluid.function = %s
                fluid.router.urls = %s
                fluid.tunnel.secret = %s
                """.formatted(RouterPeer.FUNCTION, router.url(), RouterPeer.SECRET)
                        + RouterPeer.PATIENT.entrySet().stream()
                                .map(entry -> entry.getKey() + " = " + entry.getValue() + "\n")
                                .collect(Collectors.joining()),
                StandardCharsets.UTF_8);
    }

    @Override
    final void stopServer() throws Exception {
        if (process != null) {
            process.close();
        }
    }

    @Override
    final String accessLog() throws IOException {
        try (Stream<Path> files = Files.list(process.base().resolve("logs"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("localhost_access_log"))
                    .map(ZeroEditContract::read)
                    .collect(Collectors.joining());
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
