/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import io.fluid4j.router.explain.Choice;
import io.fluid4j.router.fleet.Hop;
import io.fluid4j.router.log.LoggedLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answer of {@code /api/requests/ID}: all that is known of a request. */
final class Explanation {

    private Explanation() {}

    /**
     * For JSON.
     *
     * @param story what was written down at its end
     * @param lines what it logged
     * @param costs whether instances are selected by their cost
     */
    static Map<String, Object> of(RequestStory story, List<LoggedLine> lines, boolean costs) {
        Map<String, Object> map = AccessLog.asMap(story);
        map.put("waitedMs", story.waitedNanos() / 1e6);
        map.put("coldStart", story.coldStart());
        map.put("choices", Choice.story(story.choice(), costs));
        map.put("nacks", nacks(story));
        List<Map<String, Object>> hops = Hop.story(story.hop());
        if (!hops.isEmpty()) {
            map.put("resolver", hops);
        }
        used(map, story.usage());
        afterResponse(map, story);
        List<Map<String, Object>> log = new ArrayList<>();
        for (LoggedLine line : lines) {
            Map<String, Object> shown = line.asMap();
            shown.keySet().removeAll(List.of("request", "function", "deployment"));
            log.add(shown);
        }
        map.put("log", log);
        return map;
    }

    private static List<Map<String, Object>> nacks(RequestStory story) {
        List<Map<String, Object>> nacks = new ArrayList<>();
        for (ExchangeOutcome.Refusal refusal : story.refusals()) {
            Map<String, Object> nack = new LinkedHashMap<>();
            nack.put("instance", refusal.instanceId());
            nack.put("reason", refusal.reason());
            nack.put("afterMs", refusal.afterNanos() / 1e6);
            nacks.add(nack);
        }
        return nacks;
    }

    private static void used(Map<String, Object> map, @Nullable Usage usage) {
        if (usage != null) {
            map.put("activeCpuMs", (usage.activeCpuNanos() + usage.apportionedCpuNanos()) / 1e6);
            map.put("apportionedCpuMs", usage.apportionedCpuNanos() / 1e6);
            map.put("wallMs", usage.wallNanos() / 1e6);
            if (usage.allocatedBytes() != Usage.UNKNOWN) {
                map.put("allocatedBytes", usage.allocatedBytes());
            }
        }
    }

    /** Work behind the response (waitUntil), or of a request whose client has gone. */
    private static void afterResponse(Map<String, Object> map, RequestStory story) {
        Usage all = story.after().usage;
        if (all != null) {
            Map<String, Object> after = new LinkedHashMap<>();
            after.put("toldAfterMs", story.after().afterNanos / 1e6);
            used(after, all);
            map.put("withWorkAfterResponse", after);
        }
    }
}
