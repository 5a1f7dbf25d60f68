/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A router that starts and stops Tomcats itself, as {@code local-process}, and what its clients notice of it. */
@Timeout(400)
class ProvisioningIT {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final int MOST = 3;
    private static final int CLIENTS = 24;
    private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern PROCESS = Pattern.compile("is process ([0-9,]+)");

    private RouterServer router;

    @AfterEach
    void stop() {
        if (router != null) {
            router.close();
        }
    }

    /** What a client got. */
    private record Answer(int status, String requestId, long nanos) {}

    private static final class Load implements AutoCloseable {
        final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean ends = new AtomicBoolean();
        private final List<Thread> clients = new ArrayList<>();

        Load(int port, int count, Queue<Answer> all) {
            for (int i = 0; i < count; i++) {
                Thread client = new Thread(() -> run(port, all), "client " + i);
                clients.add(client);
                client.start();
            }
        }

        private void run(int port, Queue<Answer> all) {
            try (RawClient client = RawClient.connect(port).patience(PATIENCE)) {
                while (!ends.get()) {
                    long began = System.nanoTime();
                    client.send("GET /io?millis=200 HTTP/1.1\r\nHost: localhost\r\n\r\n");
                    RawClient.Response response = client.readResponse("GET");
                    Answer answer = new Answer(
                            response.status(), response.first("Fluid-Request-Id"), System.nanoTime() - began);
                    answers.add(answer);
                    all.add(answer);
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e.toString());
            }
        }

        @Override
        public void close() {
            ends.set(true);
            try {
                for (Thread client : clients) {
                    client.join();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
            assertThat(failures).isEmpty();
        }
    }

    private List<String> instances() throws IOException {
        List<String> ids = new ArrayList<>();
        Matcher found = ID.matcher(router.admin("/api/instances"));
        while (found.find()) {
            ids.add(found.group(1));
        }
        return ids;
    }

    private void awaitInstances(int count) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .failFast("the router has ended", () -> !router.process().alive())
                .until(() -> instances().size() == count);
    }

    private List<Long> processes() {
        List<Long> all = new ArrayList<>();
        for (String line : router.process().lines()) {
            Matcher process = PROCESS.matcher(line);
            if (process.find()) {
                all.add(Long.parseLong(process.group(1).replace(",", "")));
            }
        }
        return all;
    }

    private long metric(String line) throws IOException {
        return router.admin("/metrics")
                .lines()
                .filter(one -> one.startsWith(line))
                .mapToLong(one -> (long) Double.parseDouble(one.substring(one.lastIndexOf(' '))))
                .sum();
    }

    /** From one instance to three and back to one: no request fails, and those that waited for a start say so. */
    @Test
    void loadStepsUpAndDownAndNobodyFails() throws Exception {
        Path template = TomcatServer.base(Distribution.TOMCAT_11, "provision-template");
        Delivery.copySample(template.resolve("webapps/ROOT.war"));
        Delivery.installInTomcat(
                template,
                "fluid.tunnel.secret=" + Delivery.SECRET + "\nfluid.function=shop\nfluid.max-concurrency=8\n");
        router = RouterServer.start(
                "provision-router", "-Xmx128m", """
                    fluid.route.all.function=shop
                    fluid.router.max-wait=60s
                    fluid.drain-timeout=20s
                    fluid.provision.shop.provider=local-process
                    fluid.provision.shop.template=%s
                    fluid.provision.shop.home=%s
                    fluid.provision.shop.java-options=-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1
                    fluid.provision.shop.min=1
                    fluid.provision.shop.max=%d
                    fluid.provision.shop.idle-time=5s
                    fluid.provision.shop.start-timeout=110s
                    """.formatted(template, Distribution.TOMCAT_11.home(), MOST));
        awaitInstances(1);
        List<String> first = instances();

        Queue<Answer> all = new ConcurrentLinkedQueue<>();
        Load little = new Load(router.httpPort(), 1, all);
        try (little) {
            await().atMost(PATIENCE).until(() -> little.answers.size() > 5);
            assertThat(instances()).as("one client needs one instance").isEqualTo(first);
            try (Load much = new Load(router.httpPort(), CLIENTS, all)) {
                awaitInstances(MOST);
                int before = much.answers.size();
                await().atMost(PATIENCE).until(() -> much.answers.size() > before + 200);
            }
            // The one client goes on while instances are taken away.
            awaitInstances(1);
            int before = little.answers.size();
            await().atMost(PATIENCE).until(() -> little.answers.size() > before + 5);
        }

        assertThat(all).allMatch(answer -> answer.status() == 200);
        assertThat(metric("fluid_provision_instances_total{event=\"started\"")).isEqualTo(MOST);
        assertThat(metric("fluid_provision_instances_total{event=\"failed\"")).isZero();
        await().atMost(PATIENCE).until(() -> metric("fluid_provision_instances_total{event=\"stopped\"") == MOST - 1);
        assertThat(metric("fluid_desired_instances")).isEqualTo(1);
        long cold = metric("fluid_router_cold_start_requests_total{function=\"shop\"");
        assertThat(cold).isPositive().isLessThan(all.size());
        Figures.add(
                "provisioning, 1 -> " + MOST + " -> 1 Tomcats",
                all.size() + " requests, none failed, " + cold + " met a cold start");
        assertThat(stories(all)).anyMatch(story -> story.contains("\"coldStart\":true"));
        assertThat(stories(all)).anyMatch(story -> story.contains("\"was\":\"new\""));

        List<Long> started = processes();
        assertThat(started).hasSize(MOST);
        router.close();
        await().atMost(PATIENCE).until(() -> started.stream()
                .noneMatch(pid ->
                        ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent()));
        Path instances = Build.target().resolve("it/provision-router/data/provision/shop/instances");
        assertThat(Files.exists(instances)).as("copies are gone").isFalse();
    }

    /** What is told of those that took longest, which are those that waited. */
    private List<String> stories(Queue<Answer> all) throws IOException {
        List<Answer> slowest = all.stream()
                .sorted((a, b) -> Long.compare(b.nanos(), a.nanos()))
                .limit(60)
                .toList();
        List<String> stories = new ArrayList<>();
        for (Answer answer : slowest) {
            stories.add(router.admin("/api/requests/" + answer.requestId()));
        }
        return stories;
    }
}
