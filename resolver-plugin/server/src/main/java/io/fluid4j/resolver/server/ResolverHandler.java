/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import io.fluid4j.resolver.client.Json;
import io.fluid4j.resolver.client.RecordJson;
import io.fluid4j.resolver.dns.DnsMetrics;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Placement;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP face. With a token everything below {@code /v1} asks for it; without one only this machine gets here, and a
 * browser only by an address or {@code localhost}, so that no other site's page acts through it.
 */
final class ResolverHandler extends Handler.Abstract {

    /** More than 50,000 deployments of one router. */
    private static final int MAX_BODY_BYTES = 8 << 20;

    /** Routers that an instance should dial in quiet times: one may go. */
    private static final int DIALLED = 2;

    private static final int MAX_DIALLED = 64;

    private static final String JSON = "application/json";
    private static final String FUNCTIONS = "/v1/functions";
    private static final String REGISTRATIONS = "/v1/registrations/";

    private final RecordStore store;
    private final Resolver resolver;
    private final Locality here;
    private final Placement placement;
    private final @Nullable Secret token;
    private final WatchStreams watches;
    private final ResolverMetrics metrics;

    ResolverHandler(
            RecordStore store,
            Resolver resolver,
            Locality here,
            @Nullable DnsMetrics dns,
            @Nullable Secret token,
            Scheduler scheduler) {
        this.store = store;
        this.resolver = resolver;
        this.here = here;
        this.placement = new Placement(resolver, DIALLED, System::nanoTime);
        this.token = token;
        this.watches = new WatchStreams(store, scheduler);
        this.metrics = new ResolverMetrics(resolver, dns, watches);
    }

    @Override
    protected void doStop() throws Exception {
        watches.close();
        super.doStop();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = Request.getPathInContext(request);
        boolean reads = request.getMethod().equals("GET");
        if (path.equals("/livez") && reads) {
            text(200, "ok\n", response, callback);
        } else if (path.equals("/readyz") && reads) {
            boolean ready = !resolver.revision().equals(Revision.NONE);
            text(ready ? 200 : 503, ready ? "ok\n" : "has heard nothing of its store yet\n", response, callback);
        } else if (path.equals("/metrics") && reads) {
            content(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text(), response, callback);
        } else if (path.startsWith("/v1/")) {
            guarded(path, reads, request, response, callback);
        } else {
            error(404, "nothing here", response, callback);
        }
        return true;
    }

    private void guarded(String path, boolean reads, Request request, Response response, Callback callback)
            throws IOException {
        if (!authorised(request)) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            error(401, "the token is missing or wrong", response, callback);
        } else if (!sameSite(request)) {
            error(403, "ask by an address or localhost", response, callback);
        } else if (path.startsWith(REGISTRATIONS)) {
            register(path.substring(REGISTRATIONS.length()), request, response, callback);
        } else if (!reads) {
            error(405, "only GET here", response, callback);
        } else if (path.equals(FUNCTIONS)) {
            functions(response, callback);
        } else if (path.startsWith(FUNCTIONS + "/")) {
            function(path.substring(FUNCTIONS.length() + 1), request, response, callback);
        } else if (path.equals("/v1/routers")) {
            routers(response, callback);
        } else if (path.equals("/v1/watch")) {
            watch(request, response, callback);
        } else {
            error(404, "nothing here", response, callback);
        }
    }

    private void function(String name, Request request, Response response, Callback callback) {
        Fields asked = Request.extractQueryParameters(request);
        int dialled = dialled(asked.getValue("count"));
        if (dialled == 0) {
            error(400, "count (expected: 1 to " + MAX_DIALLED + ")", response, callback);
            return;
        }
        Resolution resolution = resolver.lookup(name);
        metrics.lookedUp(resolution != null);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", name);
        answer.put("revision", (resolution == null ? resolver.revision() : resolution.revision()).toString());
        answer.put("stale", resolver.stale());
        List<Object> routers = new ArrayList<>();
        if (resolution != null) {
            for (Route route : resolution.routes()) {
                routers.add(router(route));
            }
        }
        answer.put("routers", routers);
        String region = asked.getValue("region");
        String zone = asked.getValue("zone");
        List<Object> dial = new ArrayList<>();
        for (RouterAddress router : placement.of(
                name,
                new Locality(region == null ? here.region() : region, zone == null ? here.zone() : zone),
                dialled)) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("router", router.router());
            one.put("tunnel", router.tunnel());
            dial.add(one);
        }
        answer.put("dial", dial);
        json(resolution == null ? 404 : 200, answer, response, callback);
    }

    /** How many routers somebody dials; 0 when that is no number of routers. */
    private static int dialled(@Nullable String count) {
        try {
            int dialled = count == null ? DIALLED : Integer.parseInt(count);
            return dialled >= 1 && dialled <= MAX_DIALLED ? dialled : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static Map<String, Object> router(Route route) {
        Registration registration = route.registration();
        Map<String, Object> router = address(route);
        router.put("tunnels", registration.tunnels());
        router.put("capacity", registration.capacity());
        router.put("deployments", RecordJson.deployments(registration));
        return router;
    }

    private static Map<String, Object> address(Route route) {
        Registration registration = route.registration();
        Map<String, Object> router = new LinkedHashMap<>();
        router.put("router", registration.router().router());
        router.put("http", registration.router().http());
        router.put("tunnel", registration.router().tunnel());
        router.put("region", registration.router().region());
        router.put("zone", registration.router().zone());
        router.put("tier", route.tier());
        return router;
    }

    private void functions(Response response, Callback callback) {
        List<Object> functions = new ArrayList<>();
        for (Resolution resolution : resolver.all()) {
            Map<String, Object> function = new LinkedHashMap<>();
            function.put("name", resolution.function());
            function.put("revision", resolution.revision().toString());
            function.put("routers", resolution.routes().size());
            long tunnels = 0;
            long capacity = 0;
            for (Route route : resolution.routes()) {
                tunnels += route.registration().tunnels();
                capacity += route.registration().capacity();
            }
            function.put("tunnels", tunnels);
            function.put("capacity", capacity);
            functions.add(function);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("revision", resolver.revision().toString());
        answer.put("stale", resolver.stale());
        answer.put("functions", functions);
        json(200, answer, response, callback);
    }

    private void routers(Response response, Callback callback) {
        List<Object> routers = new ArrayList<>();
        for (Route route : resolver.routers()) {
            Map<String, Object> router = address(route);
            router.put("leaving", route.registration().capacity() == 0);
            routers.add(router);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("revision", resolver.revision().toString());
        answer.put("stale", resolver.stale());
        answer.put("routers", routers);
        json(200, answer, response, callback);
    }

    private void register(String router, Request request, Response response, Callback callback) throws IOException {
        CompletableFuture<Revision> written;
        try {
            written = switch (request.getMethod()) {
                case "PUT" -> {
                    Map<String, @Nullable Object> body = body(request);
                    yield store.register(
                            RecordJson.router(router, body), RecordJson.ttl(body), RecordJson.holdings(body));
                }
                case "PATCH" -> store.update(router, RecordJson.holdings(body(request)));
                case "DELETE" -> store.remove(router);
                default -> CompletableFuture.failedFuture(new UnsupportedOperationException(request.getMethod()));
            };
        } catch (IllegalArgumentException e) {
            written = CompletableFuture.failedFuture(e);
        }
        var unused = written.whenComplete((revision, failure) -> {
            metrics.written(failure == null);
            if (failure == null) {
                json(200, Map.of("revision", revision.toString()), response, callback);
            } else {
                fail(failure instanceof CompletionException ? failure.getCause() : failure, response, callback);
            }
        });
    }

    private static void fail(@Nullable Throwable failure, Response response, Callback callback) {
        String message = failure == null || failure.getMessage() == null ? "it failed" : failure.getMessage();
        if (failure instanceof UnknownRouterException) {
            error(404, message, response, callback);
        } else if (failure instanceof BodyTooLargeException) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close"); // who hears this can stop sending
            error(413, message, response, callback);
        } else if (failure instanceof IllegalArgumentException) {
            error(400, message, response, callback);
        } else if (failure instanceof UnsupportedOperationException) {
            error(405, "PUT, PATCH or DELETE", response, callback);
        } else {
            error(503, message, response, callback);
        }
    }

    private static final class BodyTooLargeException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        BodyTooLargeException() {
            super("the body is larger than " + MAX_BODY_BYTES + " octets");
        }
    }

    private static Map<String, @Nullable Object> body(Request request) throws IOException {
        if (request.getLength() > MAX_BODY_BYTES) {
            throw new BodyTooLargeException();
        }
        InputStream in = Content.Source.asInputStream(request); // closing it would spoil what comes after the refusal
        byte[] octets = in.readNBytes(MAX_BODY_BYTES + 1);
        if (octets.length > MAX_BODY_BYTES) {
            throw new BodyTooLargeException();
        }
        return octets.length == 0 ? Map.of() : Json.parseObject(new String(octets, StandardCharsets.UTF_8));
    }

    private void watch(Request request, Response response, Callback callback) {
        Fields parameters = Request.extractQueryParameters(request);
        String from = parameters.getValue("from");
        Revision revision = null;
        try {
            revision = from == null ? null : Revision.parse(from);
        } catch (IllegalArgumentException e) {
            error(400, String.valueOf(e.getMessage()), response, callback);
            return;
        }
        if (!watches.open(revision, parameters.getValue("function"), response, callback)) {
            error(503, "too many watches", response, callback);
        }
    }

    private boolean authorised(Request request) {
        Secret wanted = token;
        if (wanted == null) {
            return true;
        }
        String shown = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        return shown != null && shown.startsWith("Bearer ") && wanted.matches(shown.substring("Bearer ".length()));
    }

    private boolean sameSite(Request request) {
        String host = Request.getServerName(request);
        return token != null
                || (host != null
                        && (host.equalsIgnoreCase("localhost")
                                || host.startsWith("[")
                                || host.matches("[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*")));
    }

    private static void error(int status, String message, Response response, Callback callback) {
        json(status, Map.of("error", message), response, callback);
    }

    private static void json(int status, Map<String, ?> value, Response response, Callback callback) {
        content(status, JSON, Json.text(value), response, callback);
    }

    private static void text(int status, String text, Response response, Callback callback) {
        content(status, "text/plain;charset=utf-8", text, response, callback);
    }

    private static void content(int status, String type, String text, Response response, Callback callback) {
        byte[] octets = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, octets.length);
        response.write(true, ByteBuffer.wrap(octets), callback);
    }
}
