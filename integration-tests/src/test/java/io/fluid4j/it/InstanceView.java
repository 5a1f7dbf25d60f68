/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * An instance as the admin API of a router shows it.
 *
 * @param reasons why it takes nothing
 * @param requests that were sent there
 */
record InstanceView(
        String function,
        String deployment,
        String state,
        List<String> reasons,
        int inFlight,
        int limit,
        long requests,
        long nacks) {

    /** In place of one that is not connected. */
    static final InstanceView GONE = new InstanceView("", "", "gone", List.of(), 0, 0, 0, 0);

    private static final ObjectMapper JSON = new ObjectMapper();

    static List<InstanceView> of(RouterServer router) throws IOException {
        List<InstanceView> all = new ArrayList<>();
        JsonNode answer = JSON.readTree(router.admin("/api/instances"));
        for (JsonNode one : answer.isArray() ? answer : answer.path("instances")) {
            List<String> reasons = new ArrayList<>();
            one.path("reasons").forEach(reason -> reasons.add(reason.asText()));
            all.add(new InstanceView(
                    one.path("function").asText(),
                    one.path("deployment").asText(),
                    one.path("state").asText(),
                    List.copyOf(reasons),
                    one.path("inFlight").asInt(),
                    one.path("limit").asInt(),
                    one.path("requests").asLong(),
                    one.path("nacks").asLong()));
        }
        return all;
    }

    /** The one of that deployment; {@link #GONE} when there is none. */
    static InstanceView of(RouterServer router, String deployment) throws IOException {
        return of(router).stream()
                .filter(one -> one.deployment.equals(deployment))
                .findFirst()
                .orElse(GONE);
    }
}
