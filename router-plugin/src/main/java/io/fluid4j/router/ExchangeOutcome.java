/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import io.fluid4j.router.explain.Choice;
import io.fluid4j.router.fleet.Hop;
import io.fluid4j.router.fleet.PeerTunnel;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.trace.RequestSpan;
import java.util.List;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one exchange. The exchange fills it while it runs; an {@link ExchangeListener} reads it, inside the
 * exchange and during the call only.
 */
public final class ExchangeOutcome {

    /**
     * An instance, or another router, that has turned the request down.
     *
     * @param instanceId which one; {@code router:NAME} for a router
     * @param reason the nack's reason as a word, such as {@code cpu-throttled}
     * @param afterNanos when, nanoseconds since the request began
     */
    public record Refusal(String instanceId, String reason, long afterNanos) {}

    private final Request request;
    private final long beganNanos;

    private @Nullable RequestFacts facts;
    private RouteTable.@Nullable Route route;
    private @Nullable FunctionGroup group;
    private @Nullable Instance instance;
    private @Nullable PeerTunnel peer;
    private @Nullable Hop hop;
    private @Nullable List<Refusal> refusals;
    private @Nullable Usage usage;
    private long waitingSinceNanos;
    private long waitedNanos;
    private long firstByteNanos;
    private long endedNanos;
    private long bytesIn;
    private long bytesOut;
    private int status;
    private boolean coldStart;
    private Choice.Standing found = Choice.Standing.ACTIVE;
    private @Nullable Choice choice;
    private @Nullable RequestStory story;
    private @Nullable RequestSpan span;
    private ExchangeEnding ending = ExchangeEnding.COMPLETE;

    ExchangeOutcome(Request request, long beganNanos) {
        this.request = request;
        this.beganNanos = beganNanos;
    }

    // ---- for listeners ---------------------------------------------------------------------------------------

    /** The request id as everybody shows it, 32 hex digits; empty when the request was refused before it got one. */
    public String requestId() {
        RequestFacts known = facts;
        return known == null ? "" : known.requestIdText();
    }

    /** The function it was for; null when no route took it. */
    public @Nullable String function() {
        return group == null ? null : group.name();
    }

    /** The route that took it; null when none did. */
    public @Nullable String route() {
        return route == null ? null : route.name();
    }

    /** The deployment of the instance that was asked last and did not refuse; null when there is none. */
    public @Nullable String deployment() {
        return instance == null ? null : instance.deployment();
    }

    /** The instance that was asked last and did not refuse; null when there is none. */
    public @Nullable String instanceId() {
        return instance == null ? null : instance.instanceId();
    }

    /** The router that was asked last instead of an instance, and did not refuse; null when there is none. */
    public @Nullable String router() {
        return peer == null ? null : peer.router().router();
    }

    /** The router that has forwarded the request here; null when it has come from a client. */
    public @Nullable String fromRouter() {
        return request instanceof PeerRequest from ? from.from() : null;
    }

    /** The status the client got, 499 when it went before there was one. */
    public int status() {
        return status;
    }

    /** How it ended. */
    public ExchangeEnding ending() {
        return ending;
    }

    /** Who turned it down, in time's order; immutable. */
    public List<Refusal> refusals() {
        List<Refusal> known = refusals;
        return known == null ? List.of() : List.copyOf(known);
    }

    /** How many instances turned it down. */
    public int refusalCount() {
        return refusals == null ? 0 : refusals.size();
    }

    /** How long it waited because no instance was free, nanoseconds. */
    public long waitedNanos() {
        return waitedNanos;
    }

    /** Whether it waited for an instance while one was being started. */
    public boolean metColdStart() {
        return coldStart;
    }

    /** From the request to the start of the response, nanoseconds; -1 when the router answered itself. */
    public long firstByteNanos() {
        return firstByteNanos == 0 ? -1 : firstByteNanos - beganNanos;
    }

    /** From the request to its end, nanoseconds. */
    public long durationNanos() {
        return endedNanos - beganNanos;
    }

    /** Octets of the request body that were read. */
    public long bytesIn() {
        return bytesIn;
    }

    /** Octets of the response body that the client has taken. */
    public long bytesOut() {
        return bytesOut;
    }

    /** What the instance said last that it used; null when it has said nothing (yet). */
    public @Nullable Usage usage() {
        return usage;
    }

    // ---- for the router --------------------------------------------------------------------------------------

    /** The last instance it was handed to, and those before; null when nobody keeps stories, or there was none. */
    @Nullable
    Choice choice() {
        return choice;
    }

    /** How the instance stood that it is being handed to. */
    Choice.Standing found() {
        return found;
    }

    void found(Choice.Standing as) {
        found = as;
    }

    void chose(Choice last) {
        choice = last;
    }

    /** Why it went to another router, the last time; null when it did not, or nobody keeps stories. */
    @Nullable
    Hop hop() {
        return hop;
    }

    void hopped(Hop last) {
        hop = last;
    }

    @Nullable
    PeerTunnel peer() {
        return peer;
    }

    /** What was written down at its end; null before, or when nobody keeps stories. */
    @Nullable
    RequestStory story() {
        return story;
    }

    void writtenDown(RequestStory as) {
        story = as;
    }

    /** The span of the request; null when nobody takes spans. */
    @Nullable
    RequestSpan span() {
        return span;
    }

    void traced(@Nullable RequestSpan by) {
        span = by;
    }

    @Nullable
    Instance instance() {
        return instance;
    }

    Request request() {
        return request;
    }

    @Nullable
    RequestFacts knownFacts() {
        return facts;
    }

    @Nullable
    FunctionGroup knownGroup() {
        return group;
    }

    RequestFacts facts() {
        RequestFacts known = facts;
        if (known == null) {
            throw new IllegalStateException("not guarded yet");
        }
        return known;
    }

    RouteTable.Route to() {
        RouteTable.Route known = route;
        if (known == null) {
            throw new IllegalStateException("not routed yet");
        }
        return known;
    }

    FunctionGroup group() {
        FunctionGroup known = group;
        if (known == null) {
            throw new IllegalStateException("not routed yet");
        }
        return known;
    }

    long beganNanos() {
        return beganNanos;
    }

    void guarded(RequestFacts found) {
        facts = found;
    }

    void routed(RouteTable.Route to, FunctionGroup function) {
        route = to;
        group = function;
    }

    void waits(long nowNanos) {
        waitingSinceNanos = nowNanos;
    }

    void waited(long nowNanos) {
        if (waitingSinceNanos != 0) {
            waitedNanos += nowNanos - waitingSinceNanos;
            coldStart |= group != null && group.startedSince(waitingSinceNanos);
            waitingSinceNanos = 0;
        }
    }

    /** Handed to an instance or a router; null: it was refused there, or never arrived. */
    void asked(@Nullable Target by) {
        instance = by instanceof Instance one ? one : null;
        peer = by instanceof PeerTunnel one ? one : null;
    }

    void refused(List<Refusal> soFar) {
        refusals = soFar;
    }

    void responds(int with, long nowNanos) {
        status = with;
        firstByteNanos = nowNanos;
    }

    void status(int value) {
        status = value;
    }

    void ending(ExchangeEnding how) {
        ending = how;
    }

    void used(Usage total) {
        usage = total;
    }

    void ended(long nowNanos, long octetsIn, long octetsOut) {
        waited(nowNanos);
        endedNanos = nowNanos;
        bytesIn = octetsIn;
        bytesOut = octetsOut;
    }
}
