/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.OptionalDouble;

/** Looks at what the router and the servers say of themselves. */
final class DemoAdmin {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private final URI admin;

    DemoAdmin(URI admin) {
        this.admin = admin;
    }

    HttpResponse<String> get(URI address) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(address).timeout(LIMIT).GET().build(), BodyHandlers.ofString());
    }

    boolean ready() throws IOException, InterruptedException {
        return get(admin.resolve("readyz")).statusCode() == 200;
    }

    /** The answer of the admin API; a missing node while there is none. */
    JsonNode json(String path) throws InterruptedException {
        return json(admin.resolve(path));
    }

    JsonNode json(URI address) throws InterruptedException {
        try {
            HttpResponse<String> response = get(address);
            return response.statusCode() == 200 ? JSON.readTree(response.body()) : MissingNode.getInstance();
        } catch (IOException notThereYet) {
            return MissingNode.getInstance();
        }
    }

    /** The sum of a metric over all its labels; empty when the router has no such metric. */
    OptionalDouble metric(String name) throws IOException, InterruptedException {
        double sum = 0;
        boolean found = false;
        for (String line : get(admin.resolve("metrics")).body().split("\n", -1)) {
            if (line.startsWith(name)
                    && line.length() > name.length()
                    && "{ ".indexOf(line.charAt(name.length())) >= 0) {
                String value = line.substring(Math.max(line.lastIndexOf('}'), name.length() - 1) + 1)
                        .strip();
                int space = value.indexOf(' ');
                sum += Double.parseDouble(space < 0 ? value : value.substring(0, space));
                found = true;
            }
        }
        return found ? OptionalDouble.of(sum) : OptionalDouble.empty();
    }
}
