/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Nack;
import io.fluid4j.router.provision.PoolFigures;
import io.fluid4j.router.provision.Provisioning;
import io.fluid4j.router.usage.UsageEndpoint;
import io.fluid4j.spi.config.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/**
 * The operator's face: health, metrics, dashboard and admin API. Runs on threads of its own server and may block. Where
 * there is a token everything but the two health questions asks for it; where there is none the port is on loopback,
 * and requests that a web page of somebody else could have caused are refused.
 */
final class AdminHandler extends Handler.Abstract {

    private static final Logger LOG = System.getLogger(AdminHandler.class.getName());
    private static final String INSTANCES = "/api/instances/";
    private static final String REQUESTS = "/api/requests/";
    private static final String JSON = "application/json";
    private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(30);
    /** An answer of the instance that comes late is still waited for so long. */
    private static final long DRAIN_GRACE_MILLIS = 2_000;

    private static final String STRICT_POLICY =
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none';"
                    + " base-uri 'none'";

    /** What the handler asks the router to do. */
    interface Operations {
        /** True while clients should send requests here. */
        boolean ready();

        /** Asks an instance to drain; the future completes with its report. */
        CompletableFuture<Drained> drain(Instance instance, Duration timeout);

        /** Asks an instance to take requests again. */
        void undrain(Instance instance);

        /** Reads the configuration again; the keys that have changed. */
        List<String> reload();
    }

    private final RouterContext context;
    private final Accounting accounting;
    private final MetricsText metrics;
    private final Operations operations;
    private final Provisioning provisioning;
    private final @Nullable Secret token;
    private final ObjectMapper json = new ObjectMapper();

    AdminHandler(
            RouterContext context,
            Accounting accounting,
            MetricsText metrics,
            Operations operations,
            Provisioning provisioning,
            @Nullable Secret token) {
        this.context = context;
        this.accounting = accounting;
        this.metrics = metrics;
        this.operations = operations;
        this.provisioning = provisioning;
        this.token = token;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = request.getHttpURI().getCanonicalPath();
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        if (path == null) {
            text(400, "bad path", response, callback);
        } else if (path.equals("/livez")) {
            text(200, "ok\n", response, callback);
        } else if (path.equals("/readyz")) {
            boolean ready = operations.ready();
            text(ready ? 200 : 503, ready ? "ok\n" : "not ready\n", response, callback);
        } else if (!authorised(request)) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"fluid\"");
            text(401, "a token is needed\n", response, callback);
        } else if (!sameSite(request)) {
            text(403, "not from another site\n", response, callback);
        } else if (HttpMethod.GET.is(request.getMethod()) || HttpMethod.HEAD.is(request.getMethod())) {
            get(path, request, response, callback);
        } else if (HttpMethod.POST.is(request.getMethod())) {
            post(path, request, response, callback);
        } else {
            text(405, "GET and POST only\n", response, callback);
        }
        return true;
    }

    private void get(String path, Request request, Response response, Callback callback) throws IOException {
        switch (path) {
            case "/" -> resource("dashboard.html", "text/html;charset=utf-8", response, callback);
            case "/dashboard.css" -> resource("dashboard.css", "text/css;charset=utf-8", response, callback);
            case "/dashboard.js" -> resource("dashboard.js", "text/javascript;charset=utf-8", response, callback);
            case "/metrics" -> metrics(request, response, callback);
            case "/api/instances" -> json(200, instances(), response, callback);
            case "/api/functions" -> json(200, functions(), response, callback);
            case "/api/logs" -> accounting.logEndpoint().answer(query(request), response, callback);
            case "/api/usage", "/api/usage.csv" -> usage(path.endsWith(".csv"), request, response, callback);
            default -> {
                Map<String, Object> story =
                        path.startsWith(REQUESTS) ? accounting.explain(path.substring(REQUESTS.length())) : null;
                if (story != null) {
                    json(200, story, response, callback);
                } else {
                    text(404, "nothing here\n", response, callback);
                }
            }
        }
    }

    private void post(String path, Request request, Response response, Callback callback) throws IOException {
        if (path.equals("/api/reload")) {
            reload(response, callback);
            return;
        }
        int slash = path.lastIndexOf('/');
        boolean drain = path.endsWith("/drain");
        if (!path.startsWith(INSTANCES) || slash <= INSTANCES.length() || !(drain || path.endsWith("/undrain"))) {
            text(404, "nothing here\n", response, callback);
            return;
        }
        Instance instance = context.instances().find(path.substring(INSTANCES.length(), slash));
        if (instance == null) {
            text(404, "no instance of that id is connected\n", response, callback);
        } else if (drain) {
            drain(instance, request, response, callback);
        } else {
            operations.undrain(instance);
            json(200, Map.of("id", instance.instanceId(), "state", instance.state()), response, callback);
        }
    }

    private void drain(Instance instance, Request request, Response response, Callback callback) throws IOException {
        Fields query = Request.extractQueryParameters(request);
        Duration timeout = duration(query.getValue("timeout"));
        if (timeout == null) {
            text(400, "timeout: expected such as 30s, 500ms or 2m\n", response, callback);
            return;
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", instance.instanceId());
        try {
            Drained result = operations
                    .drain(instance, timeout)
                    .get(timeout.toMillis() + DRAIN_GRACE_MILLIS, TimeUnit.MILLISECONDS);
            answer.put("drained", result.cut() == 0);
            answer.put("finished", result.finished());
            answer.put("cut", result.cut());
            answer.put("afterMs", result.afterMillis());
            json(200, answer, response, callback);
        } catch (TimeoutException | ExecutionException e) {
            answer.put("drained", false);
            answer.put("error", e instanceof TimeoutException ? "no report in time" : "the instance was lost");
            json(504, answer, response, callback);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            text(503, "the router stops\n", response, callback);
        }
    }

    private void reload(Response response, Callback callback) throws IOException {
        try {
            json(200, Map.of("changed", operations.reload()), response, callback);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the configuration was not read again", e);
            json(400, Map.of("error", String.valueOf(e.getMessage())), response, callback);
        }
    }

    private void metrics(Request request, Response response, Callback callback) throws IOException {
        String accept = request.getHeaders().get(HttpHeader.ACCEPT);
        ByteArrayOutputStream out = new ByteArrayOutputStream(16_384);
        metrics.write(accept, out);
        content(200, metrics.contentType(accept), out.toByteArray(), response, callback);
    }

    private void usage(boolean csv, Request request, Response response, Callback callback) {
        UsageEndpoint.Answer answer = accounting.usage().answer(query(request), csv);
        content(answer.status(), answer.contentType(), answer.body(), response, callback);
    }

    private static Map<String, String> query(Request request) {
        Map<String, String> query = new HashMap<>();
        for (Fields.Field field : Request.extractQueryParameters(request)) {
            query.put(field.getName(), field.getValue());
        }
        return query;
    }

    private List<Map<String, Object>> instances() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Instance instance : context.instances().all()) {
            all.add(instance(instance));
        }
        return all;
    }

    private static Map<String, Object> instance(Instance instance) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", instance.instanceId());
        map.put("function", instance.function());
        map.put("deployment", instance.deployment());
        map.put("region", instance.region());
        map.put("zone", instance.zone());
        map.put("container", instance.hello().container());
        map.put("state", instance.state());
        map.put("reasons", reasons(instance));
        map.put("inFlight", instance.inFlight());
        map.put("limit", instance.limit());
        map.put("headroom", instance.headroom());
        map.put("requests", instance.requests());
        map.put("nacks", instance.nacks());
        map.put("tunnels", instance.sessions().size());
        map.put("connectedAt", instance.connectedAt().toString());
        map.put("software", instance.hello().software());
        map.put("signals", signals(instance.health()));
        return map;
    }

    private static List<String> reasons(Instance instance) {
        List<String> reasons = new ArrayList<>();
        String pause = instance.pauseReason();
        if (!pause.isEmpty()) {
            reasons.add(pause);
        }
        Health health = instance.health();
        if (health != null) {
            for (Health.Signal signal : health.signals()) {
                if (signal.status() == Health.Status.BREACHED) {
                    reasons.add(signal.name());
                }
            }
        }
        return reasons;
    }

    private static List<Map<String, Object>> signals(@Nullable Health health) {
        List<Map<String, Object>> all = new ArrayList<>();
        if (health != null) {
            for (Health.Signal signal : health.signals()) {
                Map<String, Object> map = new LinkedHashMap<>();
                map.put("name", signal.name());
                map.put("status", RouterMetrics.word(signal.status()));
                map.put("headroom", signal.headroomThousandths() / 1000.0);
                if (signal.valueThousandths() != Nack.NO_VALUE) {
                    map.put("value", signal.valueThousandths() / 1000.0);
                }
                all.add(map);
            }
        }
        return all;
    }

    private List<Map<String, Object>> functions() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (FunctionGroup group : context.instances().groups()) {
            int inFlight = 0;
            for (Instance instance : group.instances()) {
                inFlight += instance.inFlight();
            }
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", group.name());
            map.put("deployments", group.deployments());
            map.put("instances", group.instances().size());
            map.put("inFlight", inFlight);
            map.put("waiting", group.waiting().size());
            PoolFigures pool = provisioning.figures(group.name());
            if (pool != null) {
                map.put("provision", pool(pool));
            }
            map.put("coldStarts", group.metrics().coldStarts().getCount());
            all.add(map);
        }
        return all;
    }

    private static Map<String, Object> pool(PoolFigures pool) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("pool", pool.name());
        map.put("desired", pool.desired());
        map.put("starting", pool.starting());
        map.put("asked", pool.asked());
        map.put("started", pool.started());
        map.put("failed", pool.failed());
        map.put("stopped", pool.stopped());
        if (pool.started() > 0) {
            map.put("startMs", Math.round(pool.startSeconds() * 1e3 / pool.started()));
        }
        return map;
    }

    private boolean authorised(Request request) {
        Secret wanted = token;
        if (wanted == null) {
            return true;
        }
        String shown = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        return shown != null && shown.startsWith("Bearer ") && wanted.matches(shown.substring(7));
    }

    /** Without a token the browser's user is all there is: other sites must not act, or read, through it. */
    private boolean sameSite(Request request) {
        String host = Guard.host(String.valueOf(request.getHeaders().get(HttpHeader.HOST)));
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !origin.endsWith("//" + request.getHeaders().get(HttpHeader.HOST))) {
            return false;
        }
        // A name that is not ours in Host is a name server of somebody else that points here.
        return token != null || host.equalsIgnoreCase("localhost") || TrustedProxies.parse(host) != null;
    }

    private static @Nullable Duration duration(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return DEFAULT_DRAIN;
        }
        int digits = 0;
        while (digits < text.length() && digits < 9 && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        if (digits == 0) {
            return null;
        }
        long number = Long.parseLong(text.substring(0, digits));
        return switch (text.substring(digits).toLowerCase(Locale.ROOT)) {
            case "ms" -> Duration.ofMillis(number);
            case "", "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> null;
        };
    }

    private void resource(String name, String type, Response response, Callback callback) throws IOException {
        try (InputStream in = AdminHandler.class.getResourceAsStream(name)) {
            if (in == null) {
                text(404, "nothing here\n", response, callback);
                return;
            }
            response.getHeaders().put("Content-Security-Policy", STRICT_POLICY);
            response.getHeaders().put("Referrer-Policy", "no-referrer");
            content(200, type, in.readAllBytes(), response, callback);
        }
    }

    private void json(int status, Object value, Response response, Callback callback) throws IOException {
        content(status, JSON, json.writeValueAsBytes(value), response, callback);
    }

    private static void text(int status, String text, Response response, Callback callback) {
        content(status, "text/plain;charset=utf-8", text.getBytes(StandardCharsets.UTF_8), response, callback);
    }

    private static void content(int status, String type, byte[] octets, Response response, Callback callback) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, octets.length);
        response.write(true, ByteBuffer.wrap(octets), callback);
    }
}
