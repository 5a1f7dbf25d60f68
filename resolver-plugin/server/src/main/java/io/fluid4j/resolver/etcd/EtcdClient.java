/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import io.fluid4j.resolver.client.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * etcd's JSON gateway ({@code /v3/…}, etcd 3.4 and later). Keys and values are base64, 64-bit numbers are strings. One
 * member is used until it fails. For any thread.
 */
final class EtcdClient {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    private final List<URI> endpoints;
    private final HttpClient http;
    private final AtomicInteger current = new AtomicInteger();

    EtcdClient(List<URI> endpoints, Executor executor) {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no address of an etcd member");
        }
        this.endpoints = List.copyOf(endpoints);
        this.http = HttpClient.newBuilder()
                .executor(executor)
                .connectTimeout(CONNECT_TIMEOUT)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /** One call; fails with an {@link IOException} for everything but an answer. */
    CompletableFuture<Map<String, @Nullable Object>> call(String path, Map<String, ?> body) {
        int used = current.get();
        CompletableFuture<Map<String, @Nullable Object>> done = new CompletableFuture<>();
        var unused = http.sendAsync(request(path, body).timeout(CALL_TIMEOUT).build(), BodyHandlers.ofString())
                .whenComplete((response, failure) -> {
                    try {
                        if (failure != null) {
                            current.compareAndSet(used, used + 1);
                            throw new IOException("etcd cannot be reached: " + failure.getMessage(), failure);
                        }
                        if (response.statusCode() != 200) {
                            throw new IOException("etcd answered " + response.statusCode() + ": " + response.body());
                        }
                        done.complete(Json.parseObject(response.body()));
                    } catch (IOException | IllegalArgumentException e) {
                        done.completeExceptionally(e);
                    }
                });
        return done;
    }

    /** A call whose answer goes on: lines of JSON. Blocks until it begins. */
    InputStream stream(String path, Map<String, ?> body) throws IOException, InterruptedException {
        int used = current.get();
        CompletableFuture<HttpResponse<InputStream>> answer =
                http.sendAsync(request(path, body).build(), BodyHandlers.ofInputStream());
        try {
            HttpResponse<InputStream> response = answer.get(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() == 200) {
                return response.body();
            }
            response.body().close();
            throw new IOException("etcd answered " + response.statusCode());
        } catch (ExecutionException | TimeoutException e) {
            // A timeout of the request itself could end the body, too.
            answer.cancel(true);
            current.compareAndSet(used, used + 1);
            throw new IOException("etcd cannot be reached", e);
        }
    }

    private HttpRequest.Builder request(String path, Map<String, ?> body) {
        URI base = endpoints.get(Math.floorMod(current.get(), endpoints.size()));
        return HttpRequest.newBuilder(base.resolve("/v3/" + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(Json.text(body)));
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static String decode(@Nullable Object text) {
        return new String(Base64.getDecoder().decode(String.valueOf(text)), StandardCharsets.UTF_8);
    }

    /** The end of the range of all keys that begin so: the last octet counted on. */
    static String rangeEnd(String prefix) {
        int last = prefix.length() - 1;
        return prefix.substring(0, last) + (char) (prefix.charAt(last) + 1);
    }

    /** A 64-bit number, which is left out when it is 0. */
    static long number(Map<String, @Nullable Object> map, String name) {
        Object value = map.get(name);
        return value == null ? 0 : Long.parseLong(value.toString());
    }

    @SuppressWarnings("unchecked")
    static Map<String, @Nullable Object> object(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, @Nullable Object>) map : Map.of();
    }

    static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    /** The revision of the store when it answered. */
    static long revision(Map<String, @Nullable Object> answer) {
        return number(object(answer.get("header")), "revision");
    }
}
