/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.select;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.router.select.SelectionSimulation.Behaviour;
import io.fluid4j.router.select.SelectionSimulation.LeastConnections;
import io.fluid4j.router.select.SelectionSimulation.Result;
import io.fluid4j.router.select.SelectionSimulation.Scenario;
import io.fluid4j.spi.selection.InstanceSelector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Plays named scenarios with every policy; the report of it is docs/SELECTION.md, and has to be that of this code. */
class SelectionReportTest {

    private static final Path REPORT = Path.of("../docs/SELECTION.md");
    private static final double USUAL_LOAD = 0.6;
    /** Less of a difference than this is chance. */
    private static final double EQUAL = 0.001;

    private static final String FULL =
            "Where all are alike and nobody is free there is nothing to choose: what differs is chance.";

    /** Why the default is no better than that policy in that scenario, where it is so. */
    private static final Map<String, String> REASONS = Map.of(
            "spike, round-robin", FULL,
            "spike, least-connections", FULL);

    private static final List<Scenario> SCENARIOS = List.of(
            new Scenario(
                    "one slow instance",
                    "One of four takes ten times as long for everything.",
                    30,
                    second -> USUAL_LOAD,
                    (instance, second) -> instance == 0 ? 10 : 1,
                    0),
            new Scenario(
                    "black hole",
                    "From second 5 on one of four takes requests and never answers; they end after 2 s.",
                    30,
                    second -> USUAL_LOAD,
                    (instance, second) -> instance == 0 && second >= 5 ? Behaviour.SILENT : 1,
                    0),
            new Scenario(
                    "spike",
                    "From second 10 to 13 one and a half times what all can do together is asked for.",
                    30,
                    second -> second >= 10 && second < 13 ? 1.5 : USUAL_LOAD,
                    (instance, second) -> 1,
                    0),
            new Scenario(
                    "sudden recovery",
                    "From second 5 to 15 one of four takes 30 times as long; then it is well at once.",
                    30,
                    second -> USUAL_LOAD,
                    (instance, second) -> instance == 0 && second >= 5 && second < 15 ? 30 : 1,
                    0),
            new Scenario(
                    "fast failures",
                    "From second 5 to 20 one of four fails every request after 1 ms.",
                    30,
                    second -> USUAL_LOAD,
                    (instance, second) -> instance == 0 && second >= 5 && second < 20 ? Behaviour.FAILS : 1,
                    0),
            new Scenario(
                    "stale health",
                    "One after another takes eight times as long for 1.5 s of every 12 s; HEALTH comes 2 s late.",
                    36,
                    second -> USUAL_LOAD,
                    (instance, second) -> second % 12 >= instance * 3 && second % 12 < instance * 3 + 1.5 ? 8 : 1,
                    2_000));

    private static List<InstanceSelector> policies() {
        Random chance = new Random(7);
        return List.of(
                new LeastLoadedSelector(() -> chance),
                new TwoChoicesSelector(() -> chance),
                new RoundRobinSelector(() -> chance),
                new LeastConnections(chance));
    }

    private static Map<String, Result> play(Scenario scenario) {
        Map<String, Result> results = new LinkedHashMap<>();
        for (InstanceSelector policy : policies()) {
            results.put(policy.name(), SelectionSimulation.play(scenario, policy));
        }
        return results;
    }

    @Test
    void reportIsThatOfThisCodeAndTheDefaultIsBestOrItSaysWhyNot() throws IOException {
        StringBuilder report = new StringBuilder(head());
        List<String> unexplained = new ArrayList<>();
        for (Scenario scenario : SCENARIOS) {
            report.append(section(scenario, play(scenario), unexplained));
        }
        if (Boolean.getBoolean("fluid.test.write")) {
            Files.writeString(REPORT, report);
        }
        assertThat(unexplained).isEmpty();
        assertThat(Files.readString(REPORT))
                .as("docs/SELECTION.md is stale; write it with -Dfluid.test.write=true")
                .isEqualTo(report.toString());
    }

    private static String head() {
        return """
                # How well instances are chosen

                <!-- Generated; a test fails when this file is stale. Write it anew with
                     mvn -pl router-plugin -am test -Dtest=SelectionReportTest -Dsurefire.failIfNoSpecifiedTests=false -Dfluid.test.write=true -->

                A router and %d instances in virtual time: each has %d threads, takes %d requests at once and needs %.0f ms for one on average; usually %.0f %% of what they can do together is asked for.
                All policies are protected alike by nacks, pauses and the limits of instances; what is compared is the choice alone. A request *suffers* when it fails or takes more than %d ms.
                `least-loaded` is the default, `least-connections` is what other proxies have and no part of Fluid4J. *Last share* is what the first instance, the one with the trouble, got in the last third; a fair share is 25 %%.
                """.formatted(
                        SelectionSimulation.INSTANCES,
                        SelectionSimulation.THREADS,
                        SelectionSimulation.LIMIT,
                        SelectionSimulation.MEAN_MILLIS,
                        USUAL_LOAD * 100,
                        SelectionSimulation.SUFFERING_MILLIS);
    }

    private static String section(Scenario scenario, Map<String, Result> results, List<String> unexplained) {
        StringBuilder section = new StringBuilder("\n## " + scenario.name() + "\n\n" + scenario.story()
                + "\n\n| policy | suffered | p50 | p99 | last share |\n| --- | --- | --- | --- | --- |\n");
        results.forEach((policy, result) -> section.append(String.format(
                Locale.ROOT,
                "| `%s` | %.2f %% | %.1f ms | %.1f ms | %.0f %% |\n",
                policy,
                result.suffered() * 100,
                result.p50Millis(),
                result.p99Millis(),
                result.lastShare() * 100)));
        section.append('\n');
        for (String other : List.of("round-robin", "least-connections")) {
            String verdict = verdict(results.get("least-loaded"), results.get(other));
            String reason = REASONS.getOrDefault(scenario.name() + ", " + other, "");
            section.append("The default is " + verdict + " than `" + other + "`."
                    + (reason.isEmpty() ? "" : " " + reason) + "\n");
            if (!verdict.equals("better") && reason.isEmpty()) {
                unexplained.add(scenario.name() + ": " + verdict + " than " + other + " " + results);
            }
        }
        return section.toString();
    }

    /** By who suffers, and where that is equal by the p99. */
    private static String verdict(Result ours, Result other) {
        double difference = ours.suffered() - other.suffered();
        if (Math.abs(difference) < EQUAL) {
            double ratio = ours.p99Millis() / other.p99Millis();
            return ratio < 0.98 ? "better" : ratio > 1.02 ? "worse" : "no better and no worse";
        }
        return difference < 0 ? "better" : "worse";
    }
}
