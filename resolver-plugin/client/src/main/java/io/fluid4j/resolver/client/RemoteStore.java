/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The store of a resolver process, over its HTTP face. Several addresses are resolvers of one store (the same etcd); one
 * is used until it fails. Safe for any thread.
 */
public final class RemoteStore implements RecordStore {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_ERROR_TEXT = 300;

    private final List<URI> urls;
    private final @Nullable Secret token;
    private final ScheduledExecutorService executor;
    private final HttpClient http;
    private final AtomicInteger current = new AtomicInteger();
    private final Set<RemoteWatch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * A client of resolvers. Connects when it is used.
     *
     * @param urls {@code http://host:9054} or {@code https://…}, at least one
     * @param token shown with every request; null: none
     */
    public RemoteStore(List<URI> urls, @Nullable Secret token) {
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("no address of a resolver");
        }
        this.urls = List.copyOf(urls);
        this.token = token;
        this.executor = Executors.newScheduledThreadPool(2, threads());
        this.http = HttpClient.newBuilder()
                .executor(executor)
                .connectTimeout(CONNECT_TIMEOUT)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    @Override
    public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
        try {
            Registration.checkTtl(ttl);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        return send(router.router(), "PUT", RecordJson.registration(router, ttl, holdings));
    }

    @Override
    public CompletableFuture<Revision> update(String router, List<Holding> changes) {
        return send(router, "PATCH", RecordJson.changes(changes));
    }

    @Override
    public CompletableFuture<Revision> remove(String router) {
        return send(router, "DELETE", null);
    }

    @Override
    public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
        return begin(new RemoteWatch(this, executor, from, "", watcher));
    }

    @Override
    public Watch watch(@Nullable Revision from, String function, RecordWatcher watcher) {
        return begin(new RemoteWatch(this, executor, from, function, watcher));
    }

    @Override
    public CompletableFuture<DialOrder> dial(String function, Locality here, int count) {
        String path = "/v1/functions/" + encoded(function) + "?region=" + encoded(here.region()) + "&zone="
                + encoded(here.zone()) + "&count=" + count;
        CompletableFuture<DialOrder> done = new CompletableFuture<>();
        attempt(
                () -> request(path).timeout(REQUEST_TIMEOUT).build(),
                urls.size(),
                done,
                response -> done.complete(dialOrder(response)));
        return done;
    }

    private static DialOrder dialOrder(HttpResponse<String> response) {
        // A function nobody holds (404) is placed, too.
        if (response.statusCode() != 200 && response.statusCode() != 404) {
            throw new IllegalArgumentException("the resolver answered " + response.statusCode());
        }
        return RecordJson.dialOrder(response.body());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private Watch begin(RemoteWatch watch) {
        watches.add(watch);
        watch.start();
        return watch;
    }

    @Override
    public void close() {
        closed = true;
        watches.forEach(RemoteWatch::close);
        executor.shutdownNow();
    }

    HttpClient http() {
        return http;
    }

    void forget(RemoteWatch watch) {
        watches.remove(watch);
    }

    /** A request to the resolver that is used now. */
    HttpRequest.Builder request(String path) {
        URI base = urls.get(Math.floorMod(current.get(), urls.size()));
        String text = base.toString();
        HttpRequest.Builder request = HttpRequest.newBuilder(
                URI.create((text.endsWith("/") ? text.substring(0, text.length() - 1) : text) + path));
        if (token != null) {
            request.header("Authorization", "Bearer " + token.reveal());
        }
        return request;
    }

    int used() {
        return current.get();
    }

    /** The resolver that was used has failed: the next one's turn, unless somebody else has seen to that. */
    void failed(int used) {
        current.compareAndSet(used, used + 1);
    }

    private CompletableFuture<Revision> send(String router, String method, @Nullable String body) {
        CompletableFuture<Revision> done = new CompletableFuture<>();
        attempt(
                () -> request("/v1/registrations/" + router)
                        .timeout(REQUEST_TIMEOUT)
                        .header("Content-Type", "application/json")
                        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                urls.size(),
                done,
                response -> answer(router, response, done));
        return done;
    }

    private <T> void attempt(
            Supplier<HttpRequest> request,
            int attempts,
            CompletableFuture<T> done,
            Consumer<HttpResponse<String>> answered) {
        if (closed) {
            done.completeExceptionally(new IOException("the store is closed"));
            return;
        }
        int used = current.get();
        var unused = http.sendAsync(request.get(), BodyHandlers.ofString()).whenComplete((response, failure) -> {
            boolean broken = failure != null || response.statusCode() >= 500;
            if (broken) {
                failed(used);
            }
            if (broken && attempts > 1) {
                attempt(request, attempts - 1, done, answered);
            } else if (failure != null) {
                done.completeExceptionally(cause(failure));
            } else {
                try {
                    answered.accept(response);
                } catch (IllegalArgumentException e) {
                    done.completeExceptionally(new IOException("not the answer of a resolver", e));
                }
            }
        });
    }

    private static IOException cause(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause instanceof IOException io ? io : new IOException("the resolver cannot be reached", cause);
    }

    private static void answer(String router, HttpResponse<String> response, CompletableFuture<Revision> done) {
        String body = response.body();
        if (response.statusCode() == 200) {
            try {
                Map<String, @Nullable Object> answer = Json.parseObject(body);
                done.complete(Revision.parse(String.valueOf(answer.get("revision"))));
            } catch (IllegalArgumentException e) {
                done.completeExceptionally(new IOException("not the answer of a resolver", e));
            }
            return;
        }
        String text = body.length() > MAX_ERROR_TEXT ? body.substring(0, MAX_ERROR_TEXT) : body;
        done.completeExceptionally(
                switch (response.statusCode()) {
                    case 404 -> new UnknownRouterException(router);
                    case 400 -> new IllegalArgumentException(text);
                    default -> new IOException("the resolver answered " + response.statusCode() + ": " + text);
                });
    }

    private static ThreadFactory threads() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "fluid-resolver-client-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
