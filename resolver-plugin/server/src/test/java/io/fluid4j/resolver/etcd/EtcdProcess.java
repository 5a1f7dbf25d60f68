/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.resolver.client.Json;
import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A real etcd of one member on loopback, that can be stopped, paused, compacted and robbed of its data. */
final class EtcdProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path directory;
    private final int clientPort;
    private final int peerPort;
    private Process process;

    private EtcdProcess(Path directory) throws IOException {
        this.directory = directory;
        try (ServerSocket client = listen();
                ServerSocket peer = listen()) {
            this.clientPort = client.getLocalPort();
            this.peerPort = peer.getLocalPort();
        }
    }

    /**
     * Listens at a port of loopback that can be given up and taken again: below those that the system hands out, where
     * any connection might take it meanwhile, be it one that was meant to reach it.
     */
    static ServerSocket listen() throws IOException {
        for (int attempt = 0; ; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try {
                return new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            } catch (BindException e) {
                if (attempt == 100) {
                    throw e;
                }
            }
        }
    }

    static EtcdProcess start() throws IOException {
        boolean installed = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "etcd")));
        Assumptions.assumeTrue(installed, "etcd is not installed");
        EtcdProcess etcd = new EtcdProcess(Files.createTempDirectory("fluid-etcd"));
        etcd.run();
        return etcd;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + clientPort);
    }

    void run() throws IOException {
        String peer = "http://127.0.0.1:" + peerPort;
        process = new ProcessBuilder(
                        "etcd",
                        "--data-dir",
                        directory.resolve("data").toString(),
                        "--listen-client-urls",
                        uri().toString(),
                        "--advertise-client-urls",
                        uri().toString(),
                        "--listen-peer-urls",
                        peer,
                        "--initial-advertise-peer-urls",
                        peer,
                        "--initial-cluster",
                        "default=" + peer)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> revision() >= 0);
    }

    void stop() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    void loseData() throws IOException {
        delete(directory.resolve("data"));
    }

    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Forgets everything before the present. */
    void compact() throws IOException, InterruptedException {
        call("kv/compaction", Map.of("revision", Long.toString(revision()), "physical", true));
    }

    long revision() throws IOException, InterruptedException {
        return EtcdClient.revision(call("kv/range", Map.of("key", EtcdClient.encode("nothing"))));
    }

    private Map<String, Object> call(String path, Map<String, ?> body) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(uri().resolve("/v3/" + path))
                        .timeout(Duration.ofSeconds(20))
                        .POST(HttpRequest.BodyPublishers.ofString(Json.text(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.parseObject(response.body());
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        delete(directory);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.delete(path);
            }
        }
    }
}
