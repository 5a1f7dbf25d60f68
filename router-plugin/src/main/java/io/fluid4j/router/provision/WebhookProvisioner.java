/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.ProvisionContext;
import io.fluid4j.spi.provision.ScaleOrder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Posts each order to a URL until it is taken. The order has a key, so that a receiver which gets it twice does it once,
 * and the number of instances that should be there, for a receiver that only knows numbers. Redirects are not followed:
 * the signature is for one receiver.
 */
final class WebhookProvisioner implements InstanceProvisioner {

    private static final int ATTEMPTS = 5;
    private static final long FIRST_WAIT_MILLIS = 500;
    /** Orders whose outcome is remembered. */
    private static final int REMEMBERED = 1_000;

    private final ProvisionContext context;
    private final URI url;
    private final @Nullable Secret secret;
    private final Duration timeout;
    private final Clock clock;
    private final ObjectMapper json = new ObjectMapper();
    private final ScheduledExecutorService thread;
    private final HttpClient client;
    private final Map<String, CompletableFuture<Void>> taken = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, CompletableFuture<Void>> eldest) {
            return size() > REMEMBERED;
        }
    };
    private boolean closed;

    WebhookProvisioner(ProvisionContext context, URI url, @Nullable Secret secret, Duration timeout, Clock clock) {
        this.context = context;
        this.url = url;
        this.secret = secret;
        this.timeout = timeout;
        this.clock = clock;
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread made = new Thread(task, "fluid-webhook-" + context.name());
            made.setDaemon(true);
            return made;
        });
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .executor(thread)
                .build();
    }

    @Override
    public CompletionStage<Void> start(ScaleOrder order) {
        return order("start", order);
    }

    @Override
    public CompletionStage<Void> stop(ScaleOrder order) {
        return order("stop", order);
    }

    /** Whoever starts them can stop them. */
    @Override
    public boolean owns(String instanceId) {
        return true;
    }

    @Override
    public boolean passesIds() {
        return false;
    }

    private CompletionStage<Void> order(String action, ScaleOrder order) {
        String key = action + "-" + order.instanceId();
        CompletableFuture<Void> done = new CompletableFuture<>();
        synchronized (taken) {
            if (closed) {
                return CompletableFuture.failedFuture(new IOException("the pool is closed"));
            }
            CompletableFuture<Void> before = taken.putIfAbsent(key, done);
            if (before != null) {
                return before.minimalCompletionStage();
            }
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("key", key);
        body.put("action", action);
        body.put("pool", context.name());
        body.put("function", context.function());
        body.put("instance", order.instanceId());
        body.put("desired", order.desired());
        body.put("reason", order.reason());
        try {
            post(key, json.writeValueAsBytes(body), 1, done);
        } catch (JsonProcessingException e) {
            done.completeExceptionally(e);
        }
        return done.minimalCompletionStage();
    }

    private void post(String key, byte[] body, int attempt, CompletableFuture<Void> done) {
        var unusedAnswer = client.sendAsync(request(key, body), HttpResponse.BodyHandlers.discarding())
                .whenComplete((response, failure) -> {
                    if (response != null && response.statusCode() / 100 == 2) {
                        done.complete(null);
                        return;
                    }
                    String why = response != null ? "it answered " + response.statusCode() : reason(failure);
                    boolean last = attempt >= ATTEMPTS || (response != null && isFinal(response.statusCode()));
                    if (last || thread.isShutdown()) {
                        done.completeExceptionally(new IOException(
                                url.getHost() + " has not taken it: " + why + " (attempt " + attempt + ")"));
                        return;
                    }
                    var unused = thread.schedule(
                            () -> post(key, body, attempt + 1, done),
                            FIRST_WAIT_MILLIS << (attempt - 1),
                            TimeUnit.MILLISECONDS);
                });
    }

    /** What it would answer the next time, too. */
    private static boolean isFinal(int status) {
        return status >= 300 && status < 500 && status != 408 && status != 425 && status != 429;
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return String.valueOf(cause);
    }

    private HttpRequest request(String key, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        Secret key256 = secret;
        if (key256 != null) {
            String time = Long.toString(clock.instant().getEpochSecond());
            request.header("Fluid-Timestamp", time);
            request.header("Fluid-Signature", "sha256=" + signature(key256, time, body));
        }
        return request.build();
    }

    /** HMAC-SHA256 of {@code time.body}: an order that was caught on its way is of no use later. */
    static String signature(Secret key, String time, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.bytes(), "HmacSHA256"));
            mac.update((time + ".").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has HmacSHA256", e);
        }
    }

    /** Instances go on: they do not depend on this process. */
    @Override
    public void close() {
        List<CompletableFuture<Void>> open;
        synchronized (taken) {
            closed = true;
            open = List.copyOf(taken.values());
        }
        thread.shutdownNow();
        open.forEach(order -> order.completeExceptionally(new IOException("the pool is closed")));
    }
}
