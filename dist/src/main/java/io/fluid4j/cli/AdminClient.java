/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Asks a router's admin API, or a resolver, and turns every refusal into a {@link CommandFailure}. */
final class AdminClient {

    static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final String what;
    private final URI base;
    private final @Nullable String token;

    AdminClient(String what, URI base, @Nullable String token) {
        this.what = what;
        this.base = base;
        this.token = token;
    }

    /** Asks for JSON. */
    JsonNode get(String path, Map<String, String> query) throws IOException, InterruptedException {
        return json(send(request(path, query).timeout(TIMEOUT).GET().build()), path);
    }

    /** Asks for something to be done; waits for at most that long. */
    JsonNode post(String path, Map<String, String> query, Duration limit) throws IOException, InterruptedException {
        HttpRequest request = request(path, query)
                .timeout(limit)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        return json(send(request), path);
    }

    /** Asks for a stream, without an end in time. */
    InputStream open(String path, Map<String, String> query, String accept) throws IOException, InterruptedException {
        return send(request(path, query).header("Accept", accept).GET().build()).body();
    }

    private HttpRequest.Builder request(String path, Map<String, String> query) {
        StringJoiner parameters = new StringJoiner("&", "?", "").setEmptyValue("");
        query.forEach((name, value) -> parameters.add(encode(name) + "=" + encode(value)));
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path + parameters));
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response;
        try {
            response = http.send(request, BodyHandlers.ofInputStream());
        } catch (HttpTimeoutException e) {
            throw new CommandFailure("the " + what + " at " + base + " did not answer in time", e);
        } catch (IOException e) {
            throw new CommandFailure("no " + what + " can be reached at " + base + " (" + e + ")", e);
        }
        if (response.statusCode() / 100 == 2) {
            return response;
        }
        String body;
        try (InputStream in = response.body()) {
            body = new String(in.readNBytes(2_048), UTF_8).strip();
        }
        String path = request.uri().getPath();
        throw new CommandFailure(
                switch (response.statusCode()) {
                    case 401, 403 -> "the " + what + " at " + base + " wants another token (--token-file)";
                    case 404 -> "the " + what + " at " + base + " does not know " + path + said(body);
                    default ->
                        "the " + what + " at " + base + " answered " + response.statusCode() + " to " + path
                                + said(body);
                });
    }

    private static String said(String body) {
        return body.isEmpty() || body.startsWith("<") ? "" : ": " + body;
    }

    private JsonNode json(HttpResponse<InputStream> response, String path) throws IOException {
        try (InputStream in = response.body()) {
            return JSON.readTree(in);
        } catch (JsonProcessingException e) {
            throw new CommandFailure("the " + what + " at " + base + " answered " + path + " with something else", e);
        }
    }

    static String encode(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }
}
