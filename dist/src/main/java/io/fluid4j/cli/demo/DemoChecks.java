/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What must hold after the traffic. Every check says what it saw. */
final class DemoChecks {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DemoFleet fleet;
    private final DemoAdmin admin;
    private final DemoFigures figures;
    private final PrintWriter out;
    private boolean held = true;

    DemoChecks(DemoFleet fleet, DemoAdmin admin, DemoFigures figures, PrintWriter out) {
        this.fleet = fleet;
        this.admin = admin;
        this.figures = figures;
        this.out = out;
    }

    boolean run() throws IOException, InterruptedException {
        check(
                "the router is ready",
                admin.ready(),
                admin.get(fleet.admin().resolve("readyz")).statusCode() + "");
        JsonNode instances = admin.json("api/instances");
        Set<String> kinds = StreamSupport.stream(instances.spliterator(), false)
                .map(instance -> instance.path("container").asText().replaceAll("/.*", ""))
                .collect(Collectors.toSet());
        check("a Tomcat and a Jetty are connected", kinds.equals(Set.of("tomcat", "jetty")), kinds.toString());
        check(
                "both have answered",
                figures.byServer().size() == 2,
                figures.byServer().toString());
        check(
                "nothing has failed",
                figures.failures().isEmpty(),
                figures.failures().stream().limit(5).collect(Collectors.joining("; ")));
        check("streams have been read to their end", figures.streams.sum() > 0, figures.streams.sum() + " streams");
        double middle = figures.gapMillis(0.5);
        check(
                "tokens arrive one by one",
                middle > DemoTraffic.INTERVAL_MILLIS * 0.5 && middle < DemoTraffic.INTERVAL_MILLIS * 2,
                "half of them within %.0f ms, made every %d ms".formatted(middle, DemoTraffic.INTERVAL_MILLIS));
        double first = figures.firstByteMillis(0.5);
        check("the first byte comes at once", first < 500, "%.1f ms in the middle".formatted(first));
        double counted = admin.metric("fluid_router_requests_total").orElse(Double.NaN);
        check(
                "the router has counted every request",
                counted >= figures.requests.sum(),
                "%.0f counted, %d sent".formatted(counted, figures.requests.sum()));
        checkAccounts();
        checkCancel();
        return held;
    }

    /** What was used is in the ledger, and what applications logged is at the router. */
    private void checkAccounts() throws InterruptedException {
        long sent = figures.requests.sum();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (inLedger() < sent && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        check(
                "the usage ledger has every request",
                inLedger() >= sent,
                inLedger() + " in the ledger, " + sent + " sent");
        Set<String> writers = StreamSupport.stream(
                        admin.json("api/logs?lines=5000").spliterator(), false)
                .filter(line -> line.hasNonNull("request"))
                .map(line -> line.path("instance").asText())
                .collect(Collectors.toSet());
        check(
                "log lines of both servers are at the router",
                writers.size() == 2,
                "of " + writers.size() + " instances");
    }

    private long inLedger() throws InterruptedException {
        return StreamSupport.stream(admin.json("api/usage").path("rows").spliterator(), false)
                .mapToLong(row -> row.path("requests").asLong())
                .sum();
    }

    /** A client that goes away must reach the application. */
    private void checkCancel() throws IOException, InterruptedException {
        long before = cut();
        HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        URI endless = fleet.front().resolve("answer?tokens=100000");
        try (InputStream body = http.send(HttpRequest.newBuilder(endless).build(), BodyHandlers.ofInputStream())
                .body()) {
            if (body.read() < 0) {
                check("a stream begins", false, "it is empty");
            }
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (cut() == before && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        check("a client that goes away reaches the application", cut() == before + 1, before + " -> " + cut());
    }

    private long cut() throws InterruptedException {
        return admin.json(fleet.tomcat().resolve("status")).path("answersCut").asLong()
                + admin.json(fleet.jetty().resolve("status")).path("answersCut").asLong();
    }

    private void check(String what, boolean holds, String saw) {
        held &= holds;
        out.printf("%-4s %s%s%n", holds ? "ok" : "FAIL", what, saw.isEmpty() ? "" : " (" + saw + ")");
        out.flush();
    }
}
