/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.router.fleet.Fleet;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpField;
import org.jspecify.annotations.Nullable;

/** What every exchange shares: configuration, instances, counters. For any thread. */
final class RouterContext {

    /** About the longest wait between two tries of an instance to dial, unless that is configured. */
    private static final long STARTING_NANOS = 10_000_000_000L;

    /** The response field with the request's id. */
    static final String REQUEST_ID = "Fluid-Request-Id";
    /** The field in which clients name their requests. */
    static final String X_REQUEST_ID = "X-Request-Id";
    /** In accounts only: the client was gone before there was a status (the number nginx uses). */
    static final int STATUS_CLIENT_GONE = 499;

    /** A router that does not answer for so long is as good as gone; a connection takes milliseconds. */
    static final long MAX_DIAL_NANOS = 1_000_000_000L;

    /** What an exchange asks of the clock and the configuration. */
    record Times(long requestTimeoutNanos, long idleTimeoutNanos, long maxWaitNanos) {}

    /** How often and how far a request goes elsewhere. */
    record Retries(int maxAttempts, long maxReplayBytes, int maxWaiting) {}

    private final NanoClock clock;
    private final long startedNanos;
    private final RouterLimits limits;
    private final Guard guard;
    private final InstanceTable instances;
    private final RouterMetrics metrics;
    private final ExchangeListener listener;
    private final LiveExchanges live = new LiveExchanges();
    private final ResponseHeadDecoder responseHeads = new ResponseHeadDecoder();
    private final ErrorResponses errors = new ErrorResponses();
    private final Supplier<HttpField> date;

    private volatile RouteTable routes = RouteTable.EMPTY;
    private volatile TrustedProxies proxies = TrustedProxies.NONE;
    private volatile Times times;
    private volatile Retries retries;
    private volatile long maxDialNanos = MAX_DIAL_NANOS;
    private volatile RouteTable.@Nullable Route onlyRoute;
    private volatile @Nullable Fleet fleet;
    private volatile boolean leaving;

    RouterContext(
            NanoClock clock,
            RouterLimits limits,
            Times times,
            Retries retries,
            InstanceTable instances,
            RouterMetrics metrics,
            Supplier<HttpField> date,
            ExchangeListener listener) {
        this.clock = clock;
        this.startedNanos = clock.nanos();
        this.limits = limits;
        this.guard = new Guard(limits);
        this.times = times;
        this.retries = retries;
        this.instances = instances;
        this.metrics = metrics;
        this.date = date;
        this.listener = listener;
    }

    /** Takes what may change while the router runs. */
    void configure(RouteTable newRoutes, TrustedProxies newProxies, Times newTimes, Retries newRetries) {
        routes = newRoutes;
        proxies = newProxies;
        times = newTimes;
        retries = newRetries;
    }

    /** The other routers; null when this one does not forward. */
    @Nullable
    Fleet fleet() {
        return fleet;
    }

    void fleet(Fleet others) {
        fleet = others;
    }

    /** From now on each HTTP/1 client is told with its next answer to ask on another connection, and so elsewhere. */
    void leave() {
        leaving = true;
    }

    /** True when the router serves on for a while only. */
    boolean leaving() {
        return leaving;
    }

    NanoClock clock() {
        return clock;
    }

    /** True for as long as instances that knew this router before its restart need to come back. */
    boolean starting() {
        return clock.nanos() - startedNanos < STARTING_NANOS;
    }

    RouterLimits limits() {
        return limits;
    }

    Guard guard() {
        return guard;
    }

    InstanceTable instances() {
        return instances;
    }

    RouterMetrics metrics() {
        return metrics;
    }

    /** Who hears what becomes of exchanges. */
    ExchangeListener listener() {
        return listener;
    }

    LiveExchanges live() {
        return live;
    }

    ResponseHeadDecoder responseHeads() {
        return responseHeads;
    }

    ErrorResponses errors() {
        return errors;
    }

    TrustedProxies proxies() {
        return proxies;
    }

    RouteTable routes() {
        return routes;
    }

    long requestTimeoutNanos() {
        return times.requestTimeoutNanos;
    }

    long idleTimeoutNanos() {
        return times.idleTimeoutNanos;
    }

    long maxWaitNanos() {
        return times.maxWaitNanos;
    }

    /** How long a request waits for a tunnel to another router. */
    long maxDialNanos() {
        return maxDialNanos;
    }

    /** Another patience than {@link #MAX_DIAL_NANOS}. */
    void maxDialNanos(long nanos) {
        maxDialNanos = nanos;
    }

    int maxAttempts() {
        return retries.maxAttempts;
    }

    long maxReplayBytes() {
        return retries.maxReplayBytes;
    }

    int maxWaiting() {
        return retries.maxWaiting;
    }

    /** The Date field of this second. */
    HttpField date() {
        return date.get();
    }

    /** Where a request goes; null when there is no route. */
    RouteTable.@Nullable Route route(String host, String path) {
        RouteTable table = routes;
        if (!table.isEmpty()) {
            return table.find(host, path);
        }
        String only = onlyFunction();
        if (only == null) {
            return null;
        }
        RouteTable.Route known = onlyRoute;
        if (known == null || !known.function().equals(only)) {
            known = RouteTable.Route.toOnly(only);
            onlyRoute = known;
        }
        return known;
    }

    /** Without routes: the one function that is connected here, else the one of the fleet. */
    private @Nullable String onlyFunction() {
        FunctionGroup here = instances.only();
        if (here != null) {
            return here.name();
        }
        Fleet others = fleet;
        return others == null || !instances.isEmpty() ? null : others.onlyFunction();
    }

    void onNack(Instance instance, Nack nack) {
        NackReason reason = nack.reason();
        metrics.nacked(reason);
        // A path that is not deployed there says nothing about the instance's state.
        if (reason == NackReason.NOT_DEPLOYED) {
            instance.nackedWithoutPause();
        } else {
            instance.nacked(nack.healthSequence(), RouterMetrics.word(reason));
        }
    }

    /** A slot has become free: whoever's turn it is may have it. */
    void onSlotFree(FunctionGroup group) {
        instances.serveWaiting(group);
    }
}
